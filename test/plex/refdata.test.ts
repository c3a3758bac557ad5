/** Reference data of Plex: lists, the places that orders name, and accounts created under ids of ours. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Claim } from '../../src/domain/delivery.js'
import type { OrderPlace } from '../../src/domain/refdata.js'
import type { Target } from '../../src/ports.js'
import { makeAccountTarget } from '../../src/plex/accounts.js'
import { makePlexRefdata } from '../../src/plex/refdata.js'
import { aClaim, aWanted } from '../support/factories.js'
import { valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, plex } = await openSimulated()

let source: ReturnType<typeof makePlexRefdata>
let target: Target

beforeEach(() => {
  const { http } = plex({ auth: 'oauth2' })
  source = makePlexRefdata(http, 'modifiedDate')
  target = makeAccountTarget(http)
})

const ID = '5a00aaaa-0000-4000-8000-000000000001'
const ORDER = '0de0aaaa-0000-4000-8000-000000000001'

describe('lists', () => {
  it('tell accounts and buildings in our words: what does not say whether it is active is in use', async () => {
    const { accounts } = sandbox.plex.state.data
    accounts.seed({ id: ID, accountNumber: '0100', name: 'Supplies', categoryType: 'Expense', active: false })
    accounts.seed({ id: '5a00aaaa-0000-4000-8000-000000000002' })
    accounts.seed({ id: '', accountNumber: '7' })
    const { rows, unreadable } = valueOf(await source.accounts())
    expect(rows).toEqual([
      { id: ID, number: '0100', name: 'Supplies', category: 'Expense', active: false },
      { id: '5a00aaaa-0000-4000-8000-000000000002', number: null, name: null, category: null, active: true },
    ])
    expect(unreadable).toEqual([expect.stringContaining('GL account')])
    expect(valueOf(await source.buildings()).rows[0]).toMatchObject({ code: 'MAIN', name: 'Main Plant', active: true })
  })
})

describe('places', () => {
  const addOrder = (fields: Record<string, unknown>) =>
    sandbox.plex.state.data.orders.seed({
      id: ORDER,
      building: 'MAIN',
      department: 'Quality',
      lineItemCount: 2,
      createdDate: '2026-03-01T00:00:00Z',
      modifiedDate: '2026-03-02T00:00:00.0000001Z',
      ...fields,
    })

  it('come from the orders of a window, with the stamps that move the watermark', async () => {
    addOrder({})
    addOrder({ id: '0de0aaaa-0000-4000-8000-000000000002', createdDate: '2025-01-01T00:00:00Z' })
    const orders: OrderPlace[] = []
    const listed = await source.orders({ by: 'created', from: '2026-01-01T00:00:00Z', to: null }, (batch) => {
      orders.push(...batch)
      return Promise.resolve()
    })
    expect(valueOf(listed)).toEqual({ rows: 1, outside: 0 })
    expect(orders).toEqual([
      {
        id: ORDER,
        building: 'MAIN',
        department: 'Quality',
        modifiedAt: '2026-03-02T00:00:00.0000001Z',
        createdAt: '2026-03-01T00:00:00Z',
        lineCount: 2,
      },
    ])
    expect(valueOf(await source.order(ORDER))).toMatchObject({ id: ORDER })
    expect(valueOf(await source.order(ID))).toBeNull()
  })

  it('and from lines, which leave to their order what they do not say', async () => {
    addOrder({})
    const { lines } = sandbox.plex.state.data
    lines.seed({ _poId: ORDER, id: 'l1', building: 'WEST', department: null })
    lines.seed({ _poId: ORDER, id: 'l2', building: '', department: 'Paint' })
    const order = valueOf(await source.order(ORDER))
    if (order === null) throw new Error('no order')
    expect(valueOf(await source.linePlaces(order))).toEqual([
      { building: 'WEST', department: 'Quality' },
      { building: 'MAIN', department: 'Paint' },
    ])
    expect(valueOf(await source.linePlaces({ ...order, id: ID }))).toEqual([])
  })
})

describe('creating an account', () => {
  const BODY = { id: ID, accountNumber: 'T&E', name: 'Travel', categoryType: 'Expense' }
  const creation = (): Claim =>
    aClaim({ wanted: aWanted({ payload: { system: 'plex', body: BODY, procurifyId: '12' }, targetKey: 'T&E' }) })

  it('answers with the code it is the other side of, and is found again by the id we chose', async () => {
    expect(valueOf(await target.lookFirst(creation()))).toEqual({ kind: 'absent', complete: false })
    expect(valueOf(await target.send(creation(), Infinity))).toMatchObject({
      targetId: '12',
      targetKey: 'T&E',
      http: { method: 'POST', status: 201 },
    })
    expect(valueOf(await target.lookFirst(creation()))).toMatchObject({
      kind: 'found',
      found: { targetId: '12', matches: true },
    })
    sandbox.plex.state.data.accounts.edit(ID, { name: 'Renamed since' })
    expect(valueOf(await target.lookUp(creation(), []))).toMatchObject({ kind: 'found', found: { matches: false } })
  })

  it('counts an absence only from a list that shows other accounts', async () => {
    expect(valueOf(await target.lookUp(creation(), []))).toEqual({ kind: 'absent', complete: false })
    sandbox.plex.state.data.accounts.add({
      id: '5a00aaaa-0000-4000-8000-000000000009',
      accountNumber: '9',
      name: 'Nine',
    })
    expect(valueOf(await target.lookUp(creation(), []))).toEqual({ kind: 'absent', complete: true })
  })
})
