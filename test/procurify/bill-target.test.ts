/** Drafting a bill against the simulated Procurify: what is looked for before, what proves an absence, and what is refused. */
import { beforeEach, expect, it } from 'vitest'
import type { Claim } from '../../src/domain/delivery.js'
import type { BillState, InvoiceState } from '../../src/domain/invoice-state.js'
import type { Http } from '../../src/http.js'
import type { Target } from '../../src/ports.js'
import { makeBillTarget, readCurrencyIds } from '../../src/procurify/bill-target.js'
import { billRow } from '../../src/sandbox/procurify-bills.js'
import { aClaim, aWanted } from '../support/factories.js'
import { failureOf, valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, procurify } = await openSimulated()

let http: Http
let target: Target
let newest: { id: string; state: BillState }[]
let refused: string[]
let vendor: unknown
let stranger: unknown
let made: string[]

beforeEach(() => {
  sandbox.procurify.state.options.draftBills = true
  const { vendors } = sandbox.procurify.state.data
  ;[vendor, stranger] = ['Acme', 'Other'].map((name) => vendors.add({ name, active: true, type: 3, email: [] })['id'])
  const client = procurify()
  http = client.http
  newest = []
  refused = []
  made = []
  target = makeBillTarget(http, {
    ...{ pageSize: 50, zone: 'UTC', clock: client.clock, books: { newestBills: () => Promise.resolve(newest) } },
    onMade: (id) => made.push(id),
    onRefused: (answer) => Promise.resolve(void refused.push(answer)),
  })
})

const draftState = (): InvoiceState => ({
  facts: {
    ...{ number: 'INV-1', supplier: 's1', supplier_code: 'ACME', day: '2026-03-01', total: '100', currency: 'USD' },
    po: null,
  },
  ...{ match_key: 's1 inv-1', vendor: String(vendor), finding: 'matched', message: '', bills: [] },
})
const PAYLOAD = { vendor: 1, invoice_number: 'INV-1', invoice_date: '2026-03-01', currency: 1, note: 'x', items: [] }
const claim = (fields: Partial<Claim> = {}): Claim =>
  aClaim({ wanted: aWanted({ draft: draftState(), payload: PAYLOAD, targetKey: 'INV-1' }), ...fields })

function addBill(n: number, fields: Record<string, unknown> = {}): string {
  const id = `5a0000b2-0000-4000-8000-${String(n).padStart(12, '0')}`
  sandbox.procurify.state.data.bills.add(
    billRow({
      ...{ id: n, uuid: id, vendor, invoice_number: 'inv-1', invoice_date: '2026-03-01', currency: 1, status: 0 },
      items: [{ quantity: '1', unit_cost: '100.00' }],
      ...fields,
    }),
  )
  return id.replaceAll('-', '')
}

it('a bill entered meanwhile is found by vendor and number, whatever day near it was typed', async () => {
  addBill(1, { invoice_number: 'OTHER' })
  addBill(2, { vendor: stranger })
  addBill(3, { status: 5 })
  expect(valueOf(await target.lookFirst(claim()))).toEqual({ kind: 'absent', complete: false })
  const id = addBill(4, { invoice_date: '2026-03-02' })
  expect(valueOf(await target.lookFirst(claim()))).toMatchObject({
    kind: 'found',
    found: { targetId: id, matches: false, refuse: null },
  })
  expect(made).toEqual([id])
})

it('bills that were there before the draft was planned are none of it', async () => {
  const id = addBill(1)
  const known = claim({ wanted: aWanted({ draft: { ...draftState(), known: [id] }, payload: PAYLOAD }) })
  expect(valueOf(await target.lookFirst(known))).toMatchObject({ kind: 'absent' })
  addBill(2)
  addBill(3)
  expect(valueOf(await target.lookFirst(known))).toMatchObject({
    kind: 'found',
    found: { refuse: { code: 'bill_ambiguous' } },
  })
})

it('an absence is proved by a bill known to exist, and by nothing less', async () => {
  const witness = addBill(1, { invoice_number: 'OTHER' })
  const doubtful = claim({ inDoubt: true, unresolvedForMs: 1000 })
  expect(valueOf(await target.lookUp(doubtful, []))).toEqual({ kind: 'absent', complete: false })
  const modifiedAt = String(sandbox.procurify.state.data.bills.all()[0]?.['last_modified_datetime'])
  const state = (modified_at: string) => ({ modified_at }) as BillState
  newest = [{ id: witness, state: state(modifiedAt) }]
  expect(valueOf(await target.lookUp(doubtful, []))).toEqual({ kind: 'absent', complete: true })
  newest = [{ id: 'gone', state: state(modifiedAt) }]
  expect(valueOf(await target.lookUp(doubtful, []))).toEqual({ kind: 'absent', complete: false })
})

it('a draft in doubt is found again by what it holds', async () => {
  const id = addBill(1)
  const look = valueOf(await target.lookUp(claim({ inDoubt: true, unresolvedForMs: 1000 }), []))
  expect(look).toMatchObject({ kind: 'found', found: { targetId: id, matches: true, http: { method: 'POST' } } })
  expect(made).toContain(id)
})

it('405 and 404 mean that drafts are not offered: said once to whoever remembers it, and not asked again', async () => {
  sandbox.procurify.state.options.draftBills = false
  const first = failureOf(await target.send(claim(), Infinity))
  expect(first).toMatchObject({ kind: 'permanent', code: 'bill_drafts_not_offered', status: 405 })
  const calls = sandbox.log.entries.length
  expect(failureOf(await target.send(claim(), Infinity)).code).toBe('bill_drafts_not_offered')
  expect([refused.length, sandbox.log.entries.length]).toEqual([1, calls])
})

it('a bill that was just made is told, since no list read before has it', async () => {
  const wanted = aWanted({ draft: draftState(), payload: { ...PAYLOAD, vendor: Number(vendor) }, targetKey: 'INV-1' })
  const sent = valueOf(await target.send(claim({ wanted }), Infinity))
  expect(made).toEqual([sent.targetId])
})

it('currencies are known by their code', async () => {
  expect(valueOf(await readCurrencyIds(http, 50)).get('USD')).toBe('1')
})
