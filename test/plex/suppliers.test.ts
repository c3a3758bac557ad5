import { beforeEach, describe, expect, it } from 'vitest'
import type { Detail } from '../../src/domain/decision.js'
import type { Touched } from '../../src/domain/record.js'
import type { SupplierDetail } from '../../src/domain/supplier.js'
import type { SourceWindow } from '../../src/domain/window.js'
import { makeSupplierSource, type SupplierSourceOptions } from '../../src/plex/suppliers.js'
import type { Source } from '../../src/ports.js'
import { aNote } from '../support/factories.js'
import { failureOf, json, startServer, valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, plex } = await openSimulated()

beforeEach(() => {})

function source(options: Partial<SupplierSourceOptions> = {}, baseUrl = sandbox.plex.url): Source<SupplierDetail> {
  const { http } = plex({ baseUrl })
  return makeSupplierSource(http, { dateFilter: 'modifiedDate', addresses: true, concurrency: 2, ...options })
}

const id = (n: number): string => `5a00000${n}-0000-4000-8000-000000000001`

function addSupplier(n: number, fields: Record<string, unknown> = {}): void {
  const modifiedDate = `2026-03-0${n}T10:00:00.1234567Z`
  const row = { id: id(n), code: `CODE-${n}`, name: `Supplier ${n}`, createdDate: '2026-01-01T00:00:00Z', modifiedDate }
  sandbox.plex.state.data.suppliers.seed({ ...row, ...fields })
}
const addAddress = (n: number, fields: Record<string, unknown>): unknown =>
  sandbox.plex.state.data.addresses.add({ _supplierId: id(n), ...fields })
const addContact = (n: number, email: unknown): unknown =>
  sandbox.plex.state.data.contacts.add({ supplierId: id(n), email })

async function listed(from: Source<SupplierDetail>, window: SourceWindow | null) {
  const rows: Touched[] = []
  const result = await from.list(window, (batch) => (rows.push(...batch), Promise.resolve()))
  return { rows, result }
}

/** Paths asked for, with their queries where there are any. */
const asked = (): string[] =>
  sandbox.log.entries.map(({ path, query }) => {
    const text = new URLSearchParams()
    for (const [name, values] of Object.entries(query)) values.forEach((value) => text.append(name, value))
    return text.size === 0 ? path : `${path}?${text.toString()}`
  })

describe('the list', () => {
  it('delivers each row with its own texts, and a hash of what we look at', async () => {
    addSupplier(1, { name: 'Ä "quoted"', language: 'English' })
    const { rows, result } = await listed(source(), null)
    expect(result).toEqual({ ok: true, value: { rows: 1, outside: 0 } })
    expect(rows[0]).toMatchObject({
      ...{ sourceId: id(1), sourceKey: 'CODE-1', rejection: null },
      ...{ modifiedAt: '2026-03-01T10:00:00.1234567Z', createdAt: '2026-01-01T00:00:00Z' },
      record: { id: id(1), name: 'Ä "quoted"', note: null },
    })
    sandbox.plex.state.data.suppliers.edit(id(1), { language: 'German' }, 'keep')
    expect((await listed(source(), null)).rows[0]?.hash).toBe(rows[0]?.hash)
    sandbox.plex.state.data.suppliers.edit(id(1), { name: 'Other' }, 'keep')
    expect((await listed(source(), null)).rows[0]?.hash).not.toBe(rows[0]?.hash)
  })

  it('asks for a window by both ends', async () => {
    for (const n of [1, 2, 3]) addSupplier(n)
    const window = { by: 'modified', from: '2026-03-01T10:00:00.1234568Z', to: '2026-03-02T10:00:00.1234567Z' } as const
    expect((await listed(source(), window)).rows.map((row) => row.sourceKey)).toEqual(['CODE-2'])
    expect(asked()).toEqual([
      '/mdm/v1/suppliers?modifiedDateBegin=2026-03-01T10%3A00%3A00.1234568Z&modifiedDateEnd=2026-03-02T10%3A00%3A00.1234567Z',
    ])
  })

  it('asks for a created window, and always writes times in full', async () => {
    await listed(source(), { by: 'created', from: '2026-03-01T10:00Z', to: null })
    expect(asked()).toEqual(['/mdm/v1/suppliers?createdDateBegin=2026-03-01T10%3A00%3A00.0000000Z'])
  })

  it('knows the other style of filter, which has no upper end: that is kept here', async () => {
    for (const n of [1, 2, 3]) addSupplier(n)
    sandbox.plex.state.options.dateFilter = 'modified_date'
    const older = source({ dateFilter: 'modified_date' })
    const window = { by: 'modified', from: '2026-03-02T00:00:00Z', to: '2026-03-02T23:00:00Z' } as const
    const { rows, result } = await listed(older, window)
    expect(rows.map((row) => row.sourceKey)).toEqual(['CODE-2'])
    expect(result).toEqual({ ok: true, value: { rows: 1, outside: 1 } })
    expect(asked()).toEqual(['/mdm/v1/suppliers?modified_date=2026-03-02T00%3A00%3A00.0000000Z'])
    expect([older.canSlice, source().canSlice]).toEqual([false, true])
  })

  it('drops and counts rows outside the window', async () => {
    for (const n of [1, 2, 3]) addSupplier(n)
    sandbox.faults.add({ system: 'plex', kind: 'ignore-filter' })
    const { rows, result } = await listed(source(), { by: 'modified', from: '2026-03-03T00:00:00Z', to: null })
    expect(rows.map((row) => row.sourceKey)).toEqual(['CODE-3'])
    expect(result).toEqual({ ok: true, value: { rows: 1, outside: 2 } })
  })

  it('delivers a row it cannot read with the reason, and the others as usual', async () => {
    addSupplier(1, { name: { first: 'x' } })
    addSupplier(2)
    sandbox.plex.state.data.suppliers.seed({ id: '00000000-0000-0000-0000-000000000000', name: 'no id' })
    const { rows } = await listed(source(), null)
    expect(rows.map(({ sourceId, rejection }) => [sourceId, rejection])).toEqual([
      [id(1), 'The supplier of Plex cannot be read: name is no text.'],
      [id(2), null],
      [expect.stringMatching(/^unreadable:[0-9a-f]{16}$/), 'The supplier of Plex cannot be read: id is missing.'],
    ])
  })

  it('passes on the date of the answer', async () => {
    addSupplier(1)
    sandbox.clock.set('2026-04-01T12:00:00Z')
    const dates: (number | null)[] = []
    await source().list(null, (_rows, answeredAtMs) => (dates.push(answeredAtMs), Promise.resolve()))
    expect(Math.abs((dates[0] ?? 0) - Date.parse('2026-04-01T12:00:00Z'))).toBeLessThan(60_000)
  })

  it('believes "not found" only of a route that has worked', async () => {
    sandbox.plex.state.options.emptyList = 404
    const from = source()
    const window = { by: 'created', from: '2030-01-01T00:00:00Z', to: null } as const
    expect(failureOf((await listed(from, window)).result).code).toBe('not_found')
    addSupplier(1)
    await listed(from, null)
    expect((await listed(from, window)).result).toEqual({ ok: true, value: { rows: 0, outside: 0 } })
  })
})

describe('reading in detail', () => {
  const noted = async (from = source()) =>
    (await listed(from, null)).rows.map((row) => aNote(row.sourceId, { record: row.record }))
  const record = (detail: Detail<SupplierDetail> | undefined): SupplierDetail => {
    if (detail?.kind !== 'record') throw new Error(`expected a record, not ${JSON.stringify(detail)}`)
    return detail.record
  }

  it('asks only for what the window did not show, and keeps the order of the notes', async () => {
    for (const n of [1, 2, 3]) addSupplier(n)
    const notes = await noted()
    sandbox.log.clear()
    const details = valueOf(await source().read([...notes.slice(0, 2), aNote(id(3), { record: null })]))
    expect(details.map((detail) => record(detail).supplier.code)).toEqual(['CODE-1', 'CODE-2', 'CODE-3'])
    expect(asked().filter((path) => !path.includes('addresses') && !path.includes('contacts'))).toEqual([
      `/mdm/v1/suppliers/${id(3)}`,
    ])
  })

  it('tells what is gone, what cannot be read, and the rest', async () => {
    addSupplier(1)
    addSupplier(2, { code: {} })
    const rejection = 'The supplier of Plex cannot be read: name is no text.'
    const notes = [
      aNote(id(9), { record: null }),
      aNote(id(2), { record: null }),
      aNote(id(3), { record: null, rejection }),
      aNote('unreadable:0123456789abcdef', { record: null }),
      aNote(id(1), { record: null }),
    ]
    const details = valueOf(await source().read(notes))
    expect(details.map(({ kind }) => kind)).toEqual(['gone', 'rejected', 'rejected', 'gone', 'record'])
    expect(details[2]).toMatchObject({ code: 'record_unreadable', message: rejection })
  })

  it('gives nothing when there is nothing to read', async () => {
    expect(await source().read([])).toEqual({ ok: true, value: [] })
    expect(asked()).toEqual([])
  })

  it('fails only the record whose call failed', async () => {
    addSupplier(1)
    addSupplier(2)
    sandbox.faults.add({
      system: 'plex',
      kind: 'status',
      status: 500,
      path: `/mdm/v1/suppliers/${id(1)}/addresses`,
      times: -1,
    })
    const [first, second] = valueOf(await source().read(await noted()))
    expect(first).toMatchObject({ kind: 'failed', failure: { code: 'server_error' } })
    expect(second?.kind).toBe('record')
  })

  it('fails as a whole when the login is refused for suppliers', async () => {
    sandbox.faults.add({ system: 'plex', kind: 'unauthorized', path: '^/mdm/v1/suppliers/[^/]+$', times: -1 })
    expect(failureOf(await source().read([aNote(id(1), { record: null })]))).toMatchObject({
      kind: 'auth',
      code: 'login_refused',
    })
  })

  it('reads no more suppliers at a time than it may', async () => {
    const server = await startServer()
    let inFlight = 0
    let most = 0
    server.answer = (response, { url }) => {
      if (!url.includes('addresses')) return json(response, [])
      inFlight += 1
      most = Math.max(most, inFlight)
      setTimeout(() => {
        inFlight -= 1
        json(response, [])
      }, 20)
    }
    const notes = Array.from({ length: 9 }, (_, n) => aNote(id(n), { record: { id: id(n) } }))
    valueOf(await source({ concurrency: 3 }, server.url).read(notes))
    expect(most).toBe(3)
    await server.close()
  })

  describe('the address', () => {
    const main = async (options: Partial<SupplierSourceOptions> = {}) => {
      const [detail] = valueOf(await source(options).read(await noted()))
      return record(detail).address
    }

    it('is the one marked as main', async () => {
      addSupplier(1)
      addAddress(1, { code: 'A', city: 'Troy', main: false })
      addAddress(1, { code: 'B', city: 'Flint', main: true, zip: '01234' })
      expect(await main()).toMatchObject({ city: 'Flint', zip: '01234', main: true, phone: null })
    })

    it('is the first by code when none is marked; those without a code come last', async () => {
      addSupplier(1)
      addAddress(1, { code: null, city: 'Zero' })
      addAddress(1, { code: 'B', city: 'Flint' })
      addAddress(1, { code: 'A', city: 'Troy' })
      expect(await main()).toMatchObject({ city: 'Troy' })
    })

    it('is null when there is none', async () => {
      addSupplier(1)
      expect(await main()).toBeNull()
    })

    it('is undecided when the role is missing, which is asked once a pass', async () => {
      for (const n of [1, 2, 3]) addSupplier(n)
      sandbox.faults.add({ system: 'plex', kind: 'forbidden', path: 'addresses$', times: -1 })
      const from = source({ concurrency: 1 })
      const details = [...valueOf(await from.read(await noted())), ...valueOf(await from.read(await noted()))]
      expect(details.map((detail) => record(detail).address)).toEqual(details.map(() => undefined))
      expect(asked().filter((path) => path.includes('addresses'))).toHaveLength(1)
    })

    it('is undecided for a supplier that answers 404, and still asked for with the next', async () => {
      addSupplier(1)
      addSupplier(2)
      addAddress(2, { city: 'Troy' })
      sandbox.plex.state.options.emptyList = 404
      addContact(1, 'a@example.com')
      const details = valueOf(await source({ concurrency: 1 }).read(await noted()))
      expect(details.map((detail) => record(detail).address?.city)).toEqual([undefined, 'Troy'])
    })

    it('is not taken for missing when the answer is no list', async () => {
      const server = await startServer()
      server.answer = (response, { url }) => json(response, url.includes('addresses') ? { page: 1 } : [])
      const notes = [aNote(id(1), { record: { id: id(1) } })]
      const details = valueOf(await source({}, server.url).read(notes))
      expect(details[0]).toMatchObject({ kind: 'failed', failure: { code: 'broken_answer' } })
      await server.close()
    })

    it('is not asked for when addresses are switched off', async () => {
      addSupplier(1)
      addAddress(1, { city: 'Troy' })
      expect(await main({ addresses: false })).toBeUndefined()
      expect(asked().some((path) => path.includes('addresses'))).toBe(false)
    })

    it('changes the hash of the record', async () => {
      addSupplier(1)
      const [before] = valueOf(await source().read(await noted()))
      addAddress(1, { city: 'Troy' })
      const [after] = valueOf(await source().read(await noted()))
      expect(before?.kind === 'record' && after?.kind === 'record' && before.hash !== after.hash).toBe(true)
    })
  })

  describe('the e-mail addresses', () => {
    const emails = async (from: Source<SupplierDetail>, ...numbers: number[]) => {
      const notes = numbers.map((n) => aNote(id(n), { record: { id: id(n) } }))
      return valueOf(await from.read(notes)).map((detail) => record(detail).emails)
    }
    const contactCalls = (): string[] => asked().filter((path) => path.includes('contacts'))

    beforeEach(() => {
      for (const n of [1, 2, 3]) addSupplier(n)
      addContact(1, 'a@example.com ')
      addContact(1, null)
      addContact(2, 'b@example.com')
      addContact(1, 'c@example.com')
    })

    it('of one supplier are asked for by its id', async () => {
      expect(await emails(source(), 1)).toEqual([['a@example.com', 'c@example.com']])
      expect(contactCalls()).toEqual([`/mdm/v1/contacts?supplierId=${id(1)}`])
    })

    it('that are not found for one supplier are undecided, and asked for with the next', async () => {
      sandbox.plex.state.options.emptyList = 404
      const from = source()
      expect(await emails(from, 3)).toEqual([undefined])
      expect(await emails(from, 2)).toEqual([['b@example.com']])
    })

    it('of one supplier say nothing of the next', async () => {
      const from = source()
      await emails(from, 1)
      expect(await emails(from, 2)).toEqual([['b@example.com']])
    })

    it('of several are read in one list, once a pass', async () => {
      const from = source()
      expect(await emails(from, 1, 2, 3)).toEqual([['a@example.com', 'c@example.com'], ['b@example.com'], []])
      expect(await emails(from, 2)).toEqual([['b@example.com']])
      expect(contactCalls()).toEqual(['/mdm/v1/contacts'])
    })

    it('are not mixed up when the filter is ignored', async () => {
      sandbox.faults.add({ system: 'plex', kind: 'ignore-filter', params: ['supplierId'], times: -1 })
      expect(await emails(source(), 2)).toEqual([['b@example.com']])
    })

    it.each(['forbidden', 'unauthorized'] as const)(
      'are undecided when contacts are %s, which is asked once',
      async (kind) => {
        sandbox.faults.add({ system: 'plex', kind, path: '/mdm/v1/contacts', times: -1 })
        const from = source()
        expect(await emails(from, 1, 2)).toEqual([undefined, undefined])
        expect(await emails(from, 1)).toEqual([undefined])
        expect(contactCalls()).toHaveLength(1)
      },
    )

    it('that cannot be read just now fail the records, so that nothing is decided without them', async () => {
      sandbox.faults.add({ system: 'plex', kind: 'status', status: 500, path: '/mdm/v1/contacts', times: -1 })
      const details = valueOf(await source().read([aNote(id(1), { record: { id: id(1) } })]))
      expect(details[0]).toMatchObject({ kind: 'failed', failure: { code: 'server_error' } })
    })
  })
})

describe('a probe', () => {
  it('answers the row as a window would, or null', async () => {
    addSupplier(1)
    const [row] = (await listed(source(), null)).rows
    expect(await source().probe(id(1))).toEqual({ ok: true, value: row })
    expect(await source().probe(id(2))).toEqual({ ok: true, value: null })
    sandbox.faults.add({ system: 'plex', kind: 'forbidden', path: '/mdm/v1/suppliers' })
    expect(failureOf(await source().probe(id(1))).code).toBe('role_missing')
  })
})
