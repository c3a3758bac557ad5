import { beforeEach, describe, expect, it } from 'vitest'
import { Bug } from '../../src/domain/errors.js'
import type { Claim } from '../../src/domain/delivery.js'
import type { Json } from '../../src/domain/record.js'
import type { Http } from '../../src/http.js'
import type { Target } from '../../src/ports.js'
import { makeVendorTarget, readVendors } from '../../src/procurify/vendors.js'
import { aClaim, aWanted } from '../support/factories.js'
import { failureOf, json, makeRig, startServer, valueOf, type TestClock } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, database, procurify } = await openSimulated()

let http: Http
let clock: TestClock
let target: Target

beforeEach(() => {
  ;({ http, clock } = procurify())
  target = makeVendorTarget(http, { pageSize: 50, clock })
})

const EXTERNAL_ID = 'plex:100001:s1'
const PAYLOAD = {
  name: 'Acme',
  type: 3,
  email: ['a@example.com'],
  overall_score: null,
  external_id: EXTERNAL_ID,
  url: null,
}

function addVendor(fields: Record<string, unknown>): string {
  const row = { name: 'Acme', active: true, type: 3, email: [], external_id: null, ...fields }
  return String(sandbox.procurify.state.data.vendors.add(row)['id'])
}
const creation = (payload: Json = PAYLOAD): Claim => aClaim({ wanted: aWanted({ payload, targetKey: 'Acme' }) })
const update = (targetId: string, payload: Json): Claim =>
  aClaim({ wanted: aWanted({ action: 'update', targetId, payload, targetKey: 'Acme' }) })
const listCalls = (): number =>
  sandbox.log.entries.filter(({ method, path }) => method === 'GET' && path === '/api/v3/vendors/').length

it('all vendors are read, page by page, OTHER and inactive ones included', async () => {
  for (let n = 0; n < 120; n += 1) addVendor({ name: `Vendor ${n}`, active: n !== 5 })
  const vendors = valueOf(await readVendors(http, 50))
  expect(new Set(vendors.map(({ id }) => id)).size).toBe(121)
  expect(vendors[0]).toMatchObject({ type: 1 })
  expect(vendors.find(({ name }) => name === 'Vendor 5')?.active).toBe(false)
  expect(listCalls()).toBe(3)
})

describe('the look before a creation', () => {
  it('finds nothing, in one call', async () => {
    addVendor({ external_id: `${EXTERNAL_ID}0` })
    expect(valueOf(await target.lookFirst(creation()))).toEqual({ kind: 'absent', complete: false })
    expect(listCalls()).toBe(1)
  })

  it('finds ours by its exact external id, and sees what it holds', async () => {
    const id = addVendor({ external_id: EXTERNAL_ID, email: ['A@example.com'], url: '' })
    const look = valueOf(await target.lookFirst(creation()))
    expect(look).toMatchObject({
      kind: 'found',
      found: { targetId: id, targetKey: 'Acme', matches: true, refuse: null },
    })
    sandbox.procurify.state.data.vendors.edit(id, { name: 'Renamed by hand' })
    expect(valueOf(await target.lookFirst(creation()))).toMatchObject({
      found: { targetKey: 'Renamed by hand', matches: false },
    })
  })

  it('takes none of several', async () => {
    const ids = [addVendor({ external_id: EXTERNAL_ID }), addVendor({ external_id: EXTERNAL_ID })]
    const look = valueOf(await target.lookFirst(creation()))
    expect(look.kind === 'found' && look.found.refuse?.code).toBe('vendor_ambiguous')
    expect(look.kind === 'found' && look.found.refuse?.message).toContain(ids.join(', '))
  })

  describe('when the filter is ignored', () => {
    beforeEach(() => {
      for (let n = 0; n < 120; n += 1) addVendor({ name: `Vendor ${n}`, external_id: n === 110 ? EXTERNAL_ID : null })
      sandbox.faults.add({ system: 'procurify', kind: 'ignore-filter', params: ['external_id'], times: -1 })
    })

    it('reads all pages, once for many creations', async () => {
      expect(valueOf(await target.lookFirst(creation())).kind).toBe('found')
      expect(listCalls()).toBe(1 + 3)
      await target.lookFirst(creation({ ...PAYLOAD, external_id: 'plex:100001:s2' }))
      expect(listCalls()).toBe(1 + 3 + 1)
    })

    it('knows what was created meanwhile', async () => {
      const other = creation({ ...PAYLOAD, external_id: 'plex:100001:s2' })
      expect(valueOf(await target.lookFirst(other)).kind).toBe('absent')
      valueOf(await target.send(other, Infinity))
      expect(valueOf(await target.lookFirst(other)).kind).toBe('found')
      expect(listCalls()).toBe(1 + 3 + 1)
    })

    it('reads them again after some minutes', async () => {
      await target.lookFirst(creation())
      await clock.sleep(6 * 60_000)
      await target.lookFirst(creation())
      expect(listCalls()).toBe(2 * (1 + 3))
    })
  })

  it('is not made for a payload without an external id: that is a bug of ours', async () => {
    await expect(target.lookFirst(creation({ name: 'x' }))).rejects.toThrow(Bug)
  })
})

describe('the look-up of a creation in doubt', () => {
  it('finds it, with the call that must have made it', async () => {
    const id = addVendor({ external_id: EXTERNAL_ID, email: ['a@example.com'] })
    const look = valueOf(await target.lookUp(creation(), []))
    expect(look).toEqual({
      kind: 'found',
      found: {
        ...{ targetId: id, targetKey: 'Acme', matches: true, refuse: null },
        http: { method: 'POST', path: '/api/v3/vendors/', status: null, request_id: null },
      },
    })
  })

  it('proves an absence by a vendor known to exist', async () => {
    const witness = addVendor({})
    expect(valueOf(await target.lookUp(creation(), ['999', witness]))).toEqual({ kind: 'absent', complete: true })
    expect(valueOf(await target.lookUp(creation(), ['999']))).toEqual({ kind: 'absent', complete: false })
  })

  it('compares external ids exactly', async () => {
    addVendor({ external_id: `${EXTERNAL_ID}0` })
    expect(valueOf(await target.lookUp(creation(), [])).kind).toBe('absent')
  })

  it('takes the OTHER vendor for proof only while none was ever linked', async () => {
    expect(valueOf(await target.lookUp(creation(), []))).toEqual({ kind: 'absent', complete: true })
    sandbox.faults.add({ system: 'procurify', kind: 'empty', times: -1 })
    await clock.sleep(2000)
    expect(valueOf(await target.lookUp(creation(), []))).toEqual({ kind: 'absent', complete: false })
  })

  it('shares one scan among records looked for together', async () => {
    await Promise.all([1, 2, 3].map(() => target.lookUp(creation(), [])))
    await target.lookUp(creation(), [])
    expect(listCalls()).toBe(1)
  })

  it('scans anew a moment later, and after a write', async () => {
    await target.lookUp(creation(), [])
    await clock.sleep(1500)
    await target.lookUp(creation(), [])
    expect(listCalls()).toBe(2)
    valueOf(await target.send(creation(), Infinity))
    expect(valueOf(await target.lookUp(creation(), [])).kind).toBe('found')
    expect(listCalls()).toBe(3)
  })

  it('keeps no failed scan', async () => {
    sandbox.faults.add({ system: 'procurify', kind: 'forbidden', method: 'GET' })
    expect(failureOf(await target.lookUp(creation(), [])).code).toBe('role_missing')
    expect(valueOf(await target.lookUp(creation(), [])).kind).toBe('absent')
  })
})

describe('the look-up of a change in doubt', () => {
  it('reads the vendor and compares what was sent', async () => {
    const id = addVendor({ url: 'https://new.example.com' })
    const sent = update(id, { url: 'https://new.example.com' })
    const note = { method: 'PATCH', path: `/api/v3/vendors/${id}/`, status: null, request_id: null }
    expect(valueOf(await target.lookUp(sent, []))).toMatchObject({
      kind: 'found',
      found: { targetId: id, matches: true, http: note },
    })
    expect(valueOf(await target.lookUp(update(id, { url: null }), []))).toMatchObject({ found: { matches: false } })
    expect(listCalls()).toBe(0)
  })

  it('knows that a vendor is gone', async () => {
    expect(valueOf(await target.lookUp(update('999', { url: null }), []))).toEqual({ kind: 'absent', complete: true })
  })
})

describe('sending', () => {
  it('creates a vendor and answers the id and name it got', async () => {
    const sent = valueOf(await target.send(creation(), Infinity))
    const [{ entry, effect } = { entry: null, effect: null }] = sandbox.log.effects('procurify')
    expect(sent).toMatchObject({
      targetId: effect?.id,
      targetKey: 'Acme',
      http: { method: 'POST', path: '/api/v3/vendors/', status: 201 },
    })
    expect(entry?.body).toEqual(PAYLOAD)
  })

  it('changes only what the payload names', async () => {
    const id = addVendor({ name: 'Acme', url: 'https://old.example.com', comments: 'by hand' })
    const sent = valueOf(await target.send(update(id, { url: 'https://new.example.com' }), Infinity))
    expect(sent).toMatchObject({
      targetId: id,
      targetKey: 'Acme',
      http: { method: 'PATCH', path: `/api/v3/vendors/${id}/`, status: 200 },
    })
    const { url, comments } = sandbox.procurify.state.data.vendors.get(id) ?? {}
    expect([url, comments]).toEqual(['https://new.example.com', 'by hand'])
  })

  it('adopts by writing the external id only', async () => {
    const id = addVendor({})
    const adopt = aClaim({ wanted: aWanted({ action: 'adopt', targetId: id, payload: { external_id: EXTERNAL_ID } }) })
    expect(valueOf(await target.send(adopt, Infinity)).targetId).toBe(id)
    expect(sandbox.procurify.state.data.vendors.get(id)?.['external_id']).toBe(EXTERNAL_ID)
  })

  it("sends nothing once the claim may be a rival's", async () => {
    expect(failureOf(await target.send(creation(), clock.now() - 1))).toMatchObject({
      kind: 'stop',
      code: 'out_of_time',
    })
    expect(sandbox.log.effects()).toEqual([])
  })

  it('passes on what Procurify refused', async () => {
    const failure = failureOf(await target.send(creation({ ...PAYLOAD, name: 'x'.repeat(151) }), Infinity))
    expect(failure).toMatchObject({ kind: 'permanent', code: 'refused_by_target', status: 400 })
    expect(failure.message).toContain('name')
  })

  it('leaves it in doubt when the answer does not say what was made', async () => {
    const server = await startServer()
    server.answer = (response) => json(response, { data: {} }, 201)
    const rig = makeRig(server, database)
    const blind = makeVendorTarget(rig.http, { pageSize: 50, clock: rig.clock })
    const failure = failureOf(await blind.send(creation(), Infinity))
    expect(failure).toMatchObject({ kind: 'unknown', code: 'broken_answer', status: 201 })
    expect(valueOf(await blind.send(update('7', { url: null }), Infinity))).toMatchObject({
      targetId: '7',
      targetKey: 'Acme',
    })
    await server.close()
  })
})
