import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runSandbox, startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { ODD_SUPPLIERS } from '../../src/sandbox/seed/odd-suppliers.js'
import { runCli } from '../support/cli.js'
import { plexGet, procurify, request, type Json } from './calls.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ suppliers: 60 })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.reset())

/** A control call to the Plex or the Procurify server. */
const steer = <Body = Json>(path: string, method = 'GET', body?: unknown, system: 'plex' | 'procurify' = 'plex') =>
  request<Body>(`${sandbox[system].url}/_sandbox/${path}`, { method, body })

describe('control over HTTP', () => {
  test('records: read, edit with a new stamp or the old one, replace, delete, add', async () => {
    const row = sandbox.plex.state.data.suppliers.find((supplier) => supplier['code'] === 'WURZ')
    const path = `records/suppliers/${String(row?.['id'])}`
    const before = String((await steer(path)).body['modifiedDate'])
    const edited = await steer(path, 'PATCH', { name: 'Renamed' })
    expect(edited.body['name']).toBe('Renamed')
    expect(String(edited.body['modifiedDate']) > before).toBe(true)
    const kept = await steer(`${path}?stamp=keep`, 'PATCH', { name: 'Again' })
    expect(kept.body['modifiedDate']).toBe(edited.body['modifiedDate'])
    const replaced = await steer(path, 'PUT', { code: 'WURZ', name: 'Only this' })
    expect(Object.keys(replaced.body).sort()).toEqual(['code', 'createdDate', 'id', 'modifiedDate', 'name'])
    expect((await plexGet(sandbox, '/mdm/v1/suppliers?code=WURZ')).body).toHaveLength(1)
    expect((await steer(path, 'DELETE')).status).toBe(204)
    expect((await steer(path)).status).toBe(404)
    const added = await steer<Json[]>('records/suppliers', 'POST', [{ id: 'new', code: 'NEW', modifiedDate: null }])
    expect(added.body[0]).toMatchObject({ code: 'NEW', modifiedDate: null })
  })

  test('records of Procurify get the next number', async () => {
    const added = await steer<Json[]>('records/vendors', 'POST', { name: 'By hand', active: true }, 'procurify')
    expect(added.body[0]).toMatchObject({ id: 41, name: 'By hand' })
  })

  test('whole collections can be replaced, edited and emptied; unknown ones are 404', async () => {
    expect((await steer('records/suppliers', 'PATCH', { note: 'all' })).body).toEqual({ changed: 60 })
    await steer('records/suppliers', 'PUT', [{ id: 'a' }, { id: 'b' }])
    expect(sandbox.plex.state.data.suppliers.size).toBe(2)
    await steer('records/suppliers', 'DELETE')
    expect((await plexGet(sandbox, '/mdm/v1/suppliers')).body).toEqual([])
    expect((await steer('records/nonsense')).status).toBe(404)
  })

  test('faults: switch on, list, switch off; mistakes are named', async () => {
    const { body } = await steer<{ ids: string[] }>('faults', 'POST', { kind: 'status', status: 418 })
    expect((await plexGet(sandbox, '/mdm/v1/suppliers')).status).toBe(418)
    expect((await steer<Json[]>('faults')).body[0]).toMatchObject({ system: 'plex', hits: 1 })
    await steer(`faults/${body.ids[0] ?? ''}`, 'DELETE')
    expect((await steer<Json[]>('faults')).body).toEqual([])
    expect((await steer('faults', 'POST', { kind: 'nonsense' })).status).toBe(400)
    expect((await steer('faults', 'POST', { kind: 'status', path: '(' })).status).toBe(400)
    expect((await steer('faults', 'POST', { kind: 'throttle', retryAfter: '5' })).status).toBe(400)
  })

  test('the example of the help works, as curl sends it; what is no JSON is refused', async () => {
    const [, rule = ''] = /faults -d '([^']+)'/.exec((await runCli(['sandbox', '--help'], {})).out) ?? []
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const post = (body: string) => fetch(`${sandbox.procurify.url}/_sandbox/faults`, { method: 'POST', headers, body })
    expect((await post(rule)).status).toBe(201)
    const throttled = await procurify(sandbox, '/api/v3/vendors/')
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '5'])
    expect((await post('kind=throttle')).status).toBe(400)
  })

  test('log: both systems in order, one of them, emptied; control calls are not in it', async () => {
    await plexGet(sandbox, '/mdm/v1/tenants')
    await procurify(sandbox, '/api/v3/users/me/')
    expect((await steer<Json[]>('log')).body.map((entry) => entry['system'])).toEqual(['plex', 'procurify'])
    expect((await steer<Json[]>('log?system=procurify')).body).toHaveLength(1)
    await steer('log', 'DELETE')
    expect((await steer<Json[]>('log')).body).toEqual([])
  })

  test('options, clock, state and reset', async () => {
    expect((await steer('options', 'PATCH', { tokenSeconds: 5 })).body).toMatchObject({ tokenSeconds: 5 })
    expect((await steer('options', 'PATCH', { tokenSecond: 5 })).status).toBe(400)
    await steer('clock', 'POST', { now: '2031-01-01T00:00:00Z' })
    await steer('clock', 'POST', { advanceMs: 3_600_000 })
    expect((await steer('clock')).body['now']).toMatch(/^2031-01-01T01:00/)
    expect((await steer('state')).body).toMatchObject({ system: 'plex', records: { suppliers: 60 } })
    await steer('records/suppliers', 'DELETE')
    await steer('faults', 'POST', { kind: 'status' })
    expect((await steer('reset', 'POST')).body).toMatchObject({
      records: { suppliers: 60 },
      options: { tokenSeconds: 600 },
    })
    expect([sandbox.faults.list(), sandbox.log.entries]).toEqual([[], []])
    expect(sandbox.clock.now()).toBeLessThan(Date.parse('2031-01-01'))
  })
})

describe('life of a sandbox', () => {
  test('the settings name every address and credential', () => {
    expect(sandbox.env).toMatchObject({
      PLEX_BASE_URL: `${sandbox.plex.url}/api`,
      PLEX_TOKEN_URL: `${sandbox.plex.url}/oauth2/token`,
      PLEX_PCN: '100001',
      PROCURIFY_BASE_URL: sandbox.procurify.url,
    })
  })

  test('a taken port rejects the start and leaves no server behind', async () => {
    const probe = await startSandbox({ seed: 'empty' })
    const plexPort = Number(new URL(probe.plex.url).port)
    await probe.close()
    const procurifyPort = Number(new URL(sandbox.procurify.url).port)
    const started = startSandbox({ plexPort, procurifyPort, seed: 'empty' })
    await expect(started).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(fetch(`http://127.0.0.1:${plexPort}/_sandbox/state`)).rejects.toThrow()
  })

  test('close ends requests that a fault keeps waiting', async () => {
    const other = await startSandbox({ seed: 'empty' })
    other.faults.add({ system: 'plex', kind: 'timeout-before' })
    const waiting = fetch(`${other.plex.url}/mdm/v1/suppliers`).catch(() => 'ended')
    await expect.poll(() => other.log.entries.length).toBe(1)
    await other.close()
    expect(await waiting).toBe('ended')
  })

  test('runSandbox serves until the signal, on the ports asked for', async () => {
    const stop = new AbortController()
    let url = ''
    const run = runSandbox({
      plexPort: 0,
      procurifyPort: 0,
      seed: 'empty',
      signal: stop.signal,
      onReady: (ready) => {
        url = ready.plex.url
      },
    })
    await expect.poll(() => url).not.toBe('')
    expect((await fetch(`${url}/_sandbox/state`)).status).toBe(200)
    stop.abort()
    await run
    await expect(fetch(`${url}/_sandbox/state`)).rejects.toThrow()
  })
})

describe('the seed', () => {
  test('is the same every time, and a larger one begins with the smaller one', async () => {
    const larger = await startSandbox({ suppliers: 400 })
    expect(larger.procurify.state.data.bills.size).toBeGreaterThan(100)
    const rows = (from: Sandbox): Json[] => from.plex.state.data.suppliers.all()
    expect(rows(larger).slice(0, 60)).toEqual(rows(sandbox))
    expect(larger.procurify.state.data.vendors.all()).toEqual(sandbox.procurify.state.data.vendors.all())
    await larger.close()
  })

  test('holds the odd ones as they are: null, empty, absent, 200 characters, bulk-tied', () => {
    const { suppliers } = sandbox.plex.state.data
    const byCode = (code: string): Json => suppliers.find((row) => row['code'] === code) ?? {}
    expect(byCode('NULLNAME')).toHaveProperty('name', null)
    expect(byCode('NONAME')).not.toHaveProperty('name')
    expect(byCode('ABSENTDATES')).not.toHaveProperty('modifiedDate')
    expect([...String(byCode('LONG-A')['name'])]).toHaveLength(200)
    expect(String(byCode('LONG-A')['name']).slice(0, 150)).toBe(String(byCode('LONG-B')['name']).slice(0, 150))
    expect(byCode('TRISTATE')['name']).toContain('\r\n')
    expect(suppliers.size).toBeGreaterThan(ODD_SUPPLIERS.length)
  })

  test('every seeded date is past, in at most seven digits', () => {
    const { suppliers, addresses, contacts } = sandbox.plex.state.data
    const dates = [...suppliers.all(), ...addresses.all(), ...contacts.all()].flatMap((row) =>
      [row['createdDate'], row['modifiedDate']].filter((date): date is string => typeof date === 'string'),
    )
    expect(dates.filter((date) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$/.test(date))).toEqual([])
    expect(dates.filter((date) => date > '2026-06-01')).toEqual([])
  })
})
