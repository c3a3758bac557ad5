/** Account codes, departments and locations of Procurify: read whole, looked for and written. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Claim } from '../../src/domain/delivery.js'
import type { Json } from '../../src/domain/record.js'
import type { Http } from '../../src/http.js'
import type { Target } from '../../src/ports.js'
import {
  makeAccountCodeTarget,
  makeDepartmentTarget,
  makeLocationTarget,
  makeProcurifyRefdata,
} from '../../src/procurify/refdata.js'
import { aClaim, aWanted } from '../support/factories.js'
import { valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, procurify } = await openSimulated()

let http: Http
let codes: Target
let departments: Target
let locations: Target

beforeEach(() => {
  const client = procurify()
  http = client.http
  const options = { pageSize: 50, clock: client.clock }
  codes = makeAccountCodeTarget(http, options)
  departments = makeDepartmentTarget(http, options)
  locations = makeLocationTarget(http, options)
})

const CODE = { code: '100', description: 'Supplies', account_type: 2, departments: [1] }
const DEPARTMENT = { branch: 1, name: 'Tool Room', external_id: 'plex:1:department:MAIN:Tool Room', active: true }

const addCode = (fields: Record<string, unknown> = {}): string =>
  String(
    sandbox.procurify.state.data['account-codes'].add({
      code: '100',
      description: 'Supplies',
      account_type: 2,
      active: true,
      parent: null,
      ...fields,
    })['id'],
  )
const addDepartment = (fields: Record<string, unknown> = {}): string =>
  String(
    sandbox.procurify.state.data.departments.add({
      branch: 1,
      name: 'Tool Room',
      external_id: null,
      active: true,
      ...fields,
    })['id'],
  )
const claim = (body: Json, targetId: string | null = null): Claim =>
  aClaim({
    wanted: aWanted({
      action: targetId === null ? 'create' : 'update',
      targetId,
      payload: { system: 'procurify', body },
      targetKey: 'key',
    }),
  })

describe('the lists', () => {
  it('are read to their end with what the alignment needs, inactive rows included', async () => {
    for (let n = 0; n < 60; n += 1) addCode({ code: String(n), active: n !== 3 })
    const source = makeProcurifyRefdata(http, 50)
    const { rows, unreadable } = valueOf(await source.accountCodes())
    expect(rows).toHaveLength(60)
    expect(rows[3]).toEqual({ id: '4', code: '3', description: 'Supplies', type: '2', parent: null, active: false })
    expect(unreadable).toEqual([])
    expect(valueOf(await source.departments()).rows[4]).toEqual({
      id: '5',
      name: 'Maintenance',
      locationId: '2',
      active: true,
      externalId: null,
    })
    expect(valueOf(await source.locations()).rows.map(({ name, active }) => [name, active])).toContainEqual([
      'Old Foundry',
      false,
    ])
  })

  it('say of each row that cannot be used why it was left out', async () => {
    addCode({ code: '' })
    addDepartment({ name: null })
    const source = makeProcurifyRefdata(http, 50)
    expect(valueOf(await source.accountCodes())).toMatchObject({
      rows: [],
      unreadable: [expect.stringContaining('account-codes')],
    })
    expect(valueOf(await source.departments()).unreadable).toHaveLength(1)
  })
})

describe('the look before a creation', () => {
  it('finds a code by itself alone, compared here: the filter may find more, or be ignored', async () => {
    addCode({ code: '1000' })
    const id = addCode({ code: ' 100 ', description: 'Other' })
    sandbox.faults.add({ system: 'procurify', kind: 'ignore-filter', params: ['code'], times: -1 })
    expect(valueOf(await codes.lookFirst(claim(CODE)))).toMatchObject({
      kind: 'found',
      found: { targetId: id, targetKey: '100', matches: false, refuse: null },
    })
    expect(valueOf(await codes.lookFirst(claim({ ...CODE, code: '0100' })))).toEqual({
      kind: 'absent',
      complete: false,
    })
  })

  it('takes none of several', async () => {
    addCode()
    addCode()
    expect(valueOf(await codes.lookFirst(claim(CODE)))).toMatchObject({ found: { refuse: { code: 'pair_ambiguous' } } })
  })

  it('finds a department by our id wherever it is, and by name at its location only', async () => {
    addDepartment({ branch: 2 })
    expect(valueOf(await departments.lookFirst(claim(DEPARTMENT)))).toMatchObject({ kind: 'absent' })
    const id = addDepartment({ name: 'tool  room' })
    expect(valueOf(await departments.lookFirst(claim(DEPARTMENT)))).toMatchObject({
      found: { targetId: id, matches: false },
    })
    sandbox.procurify.state.data.departments.edit(id, { name: 'Renamed since', external_id: DEPARTMENT.external_id })
    expect(valueOf(await departments.lookFirst(claim(DEPARTMENT)))).toMatchObject({ found: { targetId: id } })
  })
})

describe('the look-up of a write in doubt', () => {
  it('counts an absence only where the list shows something that is known, or anything while nothing is', async () => {
    expect(valueOf(await codes.lookUp(claim(CODE), []))).toEqual({ kind: 'absent', complete: false })
    const id = addCode({ code: '900' })
    const later = makeAccountCodeTarget(http, {
      pageSize: 50,
      clock: { now: () => 1e9, wallMs: () => 0, sleep: () => Promise.resolve() },
    })
    expect(valueOf(await later.lookUp(claim(CODE), []))).toEqual({ kind: 'absent', complete: true })
    expect(valueOf(await later.lookUp(claim(CODE), [id]))).toEqual({ kind: 'absent', complete: true })
    expect(valueOf(await later.lookUp(claim(CODE), ['77']))).toEqual({ kind: 'absent', complete: false })
  })

  it('of a rename looks at the very record, whatever its code is', async () => {
    const id = addCode({ description: 'Old' })
    expect(valueOf(await codes.lookUp(claim({ code: '100', description: 'New' }, id), [id]))).toMatchObject({
      found: { targetId: id, matches: false },
    })
    expect(valueOf(await codes.lookUp(claim({ code: '100', description: 'Old ' }, id), [id]))).toMatchObject({
      found: { matches: true },
    })
  })

  it('of a pairing only looks whether the record is still there', async () => {
    const pairing = aClaim({ wanted: aWanted({ action: 'adopt', targetId: '1', payload: null }) })
    expect(valueOf(await locations.lookUp(pairing, ['2']))).toMatchObject({ found: { targetId: '1', matches: true } })
  })

  it('reads the list again after a write, and once for many looks', async () => {
    await codes.lookUp(claim(CODE), [])
    await codes.lookUp(claim(CODE), [])
    const lists = () =>
      sandbox.log.entries.filter(({ method, path }) => method === 'GET' && path === '/api/v3/account-codes/').length
    expect(lists()).toBe(1)
    await codes.send(claim(CODE), Infinity)
    expect(valueOf(await codes.lookUp(claim(CODE), []))).toMatchObject({ kind: 'found' })
    expect(lists()).toBe(2)
  })
})

describe('a write', () => {
  it('creates with a POST and renames with a PUT, and answers with what Procurify made of it', async () => {
    const made = valueOf(await codes.send(claim(CODE), Infinity))
    expect(made).toMatchObject({ targetId: '1', targetKey: '100', http: { method: 'POST', status: 201 } })
    const changed = valueOf(
      await codes.send(claim({ code: '100', description: 'Renamed', account_type: 2, parent: null }, '1'), Infinity),
    )
    expect(changed).toMatchObject({ targetId: '1', http: { method: 'PUT', path: '/api/v3/account-codes/1/' } })
    expect(sandbox.procurify.state.data['account-codes'].all()).toMatchObject([{ code: '100', description: 'Renamed' }])
    expect(valueOf(await departments.send(claim(DEPARTMENT), Infinity))).toMatchObject({
      targetId: '9',
      targetKey: 'Tool Room',
    })
  })

  it('whose answer does not say what was made is in doubt', async () => {
    sandbox.faults.add({
      system: 'procurify',
      method: 'POST',
      path: '/api/',
      kind: 'status',
      status: 200,
      text: '{"data":{}}',
    })
    expect(await codes.send(claim(CODE), Infinity)).toMatchObject({ ok: false, kind: 'unknown' })
  })
})
