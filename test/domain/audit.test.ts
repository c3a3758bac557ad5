import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auditHash, hideContacts, walkChain, type AuditRow, type ChainFault } from '../../src/domain/audit.js'

/** What the first row of a journal follows (sql/0001_foundation.sql). */
const GENESIS_HASH = '0'.repeat(64)

function aRow(seq: number, prev_hash: string): AuditRow {
  const actor = { user: 'ops', host: 'h1', requester: null, version: '1.0.0', settings: 's' }
  const row: Omit<AuditRow, 'hash'> = {
    ...{
      seq,
      at: '2026-03-04T00:00:00Z',
      run_id: 'r1',
      connection: 'default',
      actor,
      stream: 'suppliers',
      source_id: `s${seq}`,
    },
    ...{ source_key: 'ACME', target_id: '7', action: 'update', outcome: 'done', attempt: 1, code: null, message: null },
    ...{ changes: [{ field: 'url', from: null, to: 'acme.example' }], source_hash: 'h', replay_of: null, prev_hash },
    http: { method: 'PATCH', path: '/api/v3/vendors/7/', status: 200, request_id: 'q1' },
  }
  return { ...row, hash: auditHash(row) }
}

function aChain(length: number): AuditRow[] {
  const rows: AuditRow[] = []
  for (let seq = 1; seq <= length; seq += 1) rows.push(aRow(seq, rows.at(-1)?.hash ?? GENESIS_HASH))
  return rows
}

function walk(rows: readonly AuditRow[], start = { seq: 0, hash: GENESIS_HASH }) {
  const chain = walkChain(start)
  const fault = rows.map((row) => chain.next(row)).find((one): one is ChainFault => one !== null) ?? null
  return { fault, end: chain.end() }
}

const CHAIN = aChain(5)
const at = (index: number): AuditRow => CHAIN[index] ?? aRow(0, '')

describe('auditHash', () => {
  it('is the same for a row however its members are ordered, as a database may', () => {
    const reordered = Object.fromEntries(Object.entries(at(2)).reverse()) as unknown as AuditRow
    expect(auditHash(reordered)).toBe(at(2).hash)
  })

  it.each(Object.keys(at(0)).filter((key) => key !== 'hash'))('covers %s', (key) => {
    expect(auditHash({ ...at(0), [key]: 'forged' })).not.toBe(at(0).hash)
  })

  it('covers what is inside of the actor, the changes and the call', () => {
    const { actor, http, changes } = at(0)
    const forged = [
      { ...at(0), actor: { ...actor, user: 'forged' } },
      { ...at(0), http: http === null ? null : { ...http, status: 500 } },
      { ...at(0), changes: changes.map((change) => ({ ...change, to: 'forged' })) },
    ]
    for (const row of forged) expect(auditHash(row)).not.toBe(at(0).hash)
  })
})

describe('walkChain', () => {
  it('reaches the head of an untouched chain', () => {
    expect(walk(CHAIN)).toEqual({ fault: null, end: { seq: 5, hash: at(4).hash } })
  })

  it('goes on from a row that was verified before', () => {
    expect(walk(CHAIN.slice(2), { seq: 2, hash: at(1).hash }).fault).toBeNull()
    expect(walk(CHAIN.slice(2), { seq: 2, hash: GENESIS_HASH }).fault).toEqual({ seq: 3, what: 'reordered' })
  })

  it('finds a row that was changed', () => {
    const forged = CHAIN.map((row) => (row.seq === 3 ? { ...row, outcome: 'rejected' as const } : row))
    expect(walk(forged).fault).toEqual({ seq: 3, what: 'changed' })
  })

  it('finds a row that was changed together with its hash, by the row after it', () => {
    const row = { ...at(2), outcome: 'rejected' as const }
    const forged = [...CHAIN.slice(0, 2), { ...row, hash: auditHash(row) }, ...CHAIN.slice(3)]
    expect(walk(forged).fault).toMatchObject({ seq: 4 })
  })

  it('finds a row that was removed', () => {
    expect(walk(CHAIN.filter(({ seq }) => seq !== 3)).fault).toEqual({ seq: 3, what: 'missing' })
    expect(walk(CHAIN.slice(1)).fault).toEqual({ seq: 1, what: 'missing' })
  })

  it('finds rows that changed places, and one that is there twice', () => {
    expect(walk([at(0), at(2), at(1), at(3)]).fault).not.toBeNull()
    const swapped = [at(0), { ...at(2), seq: 2 }, { ...at(1), seq: 3 }]
    expect(walk(swapped).fault).toEqual({ seq: 2, what: 'reordered' })
    expect(walk([at(0), at(0)]).fault).toEqual({ seq: 2, what: 'reordered' })
  })

  it('misses no change of a single row, wherever it is', () => {
    const fields = ['at', 'run_id', 'stream', 'source_id', 'target_id', 'message', 'prev_hash', 'hash']
    fc.assert(
      fc.property(fc.nat(4), fc.constantFrom(...fields), (index, field) => {
        const forged = CHAIN.map((row, place) => (place === index ? { ...row, [field]: 'forged' } : row))
        expect(walk(forged).fault).toMatchObject({ seq: index + 1 })
      }),
    )
  })
})

describe('hideContacts', () => {
  const change = (field: string, from: string | null, to: string | readonly string[] | null) => ({ field, from, to })

  it.each(['email', 'phoneOne', 'fax', 'contact', 'addressLineOne', 'city', 'postalCode', 'state_province', 'country'])(
    'shows that %s changed, not to what',
    (field) => {
      const [hidden] = hideContacts([change(field, null, 'Mill Road 1')], 'salt')
      expect(hidden).toMatchObject({ field, from: null })
      expect(hidden?.to).toMatch(/^hidden:[0-9a-f]{16}$/)
    },
  )

  it('leaves other fields as they are', () => {
    const changes = [change('name', 'Acme', 'Acme Steel'), change('url', null, 'acme.example')]
    expect(hideContacts(changes, 'salt')).toEqual(changes)
  })

  it('hides lists as well', () => {
    const [hidden] = hideContacts([change('email', null, ['a@acme.example'])], 'salt')
    expect(hidden?.to).toMatch(/^hidden:[0-9a-f]{16}$/)
  })

  it('shows what is empty as empty', () => {
    expect(hideContacts([change('email', null, [])], 'salt')).toEqual([change('email', null, [])])
  })

  it('gives equal values equal marks under one salt, and others under another', () => {
    const mark = (value: string, salt: string) => hideContacts([change('city', null, value)], salt)[0]?.to
    expect(mark('Troy', 'a')).toBe(mark('Troy', 'a'))
    expect(mark('Troy', 'a')).not.toBe(mark('Troy', 'b'))
    expect(mark('Troy', 'a')).not.toBe(mark('Roy', 'a'))
  })
})
