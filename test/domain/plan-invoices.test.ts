/** What is decided about an invoice: told, skipped, drafted or left as it was. */
import { describe, expect, it } from 'vitest'
import type { Detail } from '../../src/domain/decision.js'
import { draftBill } from '../../src/domain/draft-bill.js'
import {
  factsOf,
  keyOf,
  matchKey,
  nearest,
  readBillState,
  readInvoiceState,
  toBillSide,
  toBillState,
  toInvoiceSide,
} from '../../src/domain/invoice-state.js'
import type { Bill, Invoice } from '../../src/domain/invoice.js'
import {
  needsInvoiceSurvey,
  planInvoices,
  type InvoiceCase,
  type PlanInvoicesOptions,
} from '../../src/domain/plan-invoices.js'
import type { Link } from '../../src/domain/record.js'
import { aLink, aNote } from '../support/factories.js'
import { aBill, aLine, anInvoice, control } from './invoice-factories.js'

const ZONE = 'America/Detroit'
const OPTIONS: PlanInvoicesOptions = {
  ...{ startDate: '2026-01-01', skipNumbers: ['Received'], tolerance: '0.01', draft: false, zone: ZONE },
  made: new Set(),
}
const DRAFT = { ...OPTIONS, draft: true }
const SURVEY = { currencies: new Map([['USD', '1']]) }

function aCase(invoice: Invoice, bills: readonly Bill[] = [], fields: Partial<InvoiceCase> = {}): Detail<InvoiceCase> {
  const facts = factsOf(invoice, ZONE)
  const record = {
    ...{ id: invoice.id, facts, invoice, vendor: '7', invoices: [toInvoiceSide(invoice.id, facts, [])] },
    bills: bills.map((bill) => toBillSide(bill.id, toBillState(bill, ZONE))),
    ...fields,
  }
  return { kind: 'record', note: aNote(invoice.id), record, hash: 'h' }
}
const plan = (detail: Detail<InvoiceCase>, link?: Link, options = OPTIONS) => {
  const links = new Map(link === undefined ? [] : [[link.sourceId, link]])
  const [item] = planInvoices([detail], links, SURVEY, options)
  return item
}
/** The link as this decision leaves it. */
const linkAfter = (item: ReturnType<typeof plan>, fields: Partial<Link> = {}): Link =>
  aLink('i1', { targetId: null, sent: item?.learned ?? null, ...fields })

describe('a finding', () => {
  it('is observed when it is new, and told under problems unless all is well', () => {
    const matched = plan(aCase(anInvoice(), [aBill()]))
    expect(matched?.decision).toMatchObject({ kind: 'observe', code: 'matched' })
    expect([matched?.problem, matched?.about]).toEqual([undefined, 'b1'])
    const missing = plan(aCase(anInvoice()))
    expect(missing?.problem).toMatchObject({ code: 'missing_in_procurify' })
    expect(missing?.sourceKey).toBe('INV-1')
  })

  it('that is the same is no news, and one that says something else is', () => {
    const differing = aCase(anInvoice(), [aBill({ total: '90' })])
    const first = plan(differing)
    const again = plan(differing, linkAfter(first))
    expect(again?.decision.kind).toBe('unchanged')
    expect(again?.problem).toMatchObject({ code: 'amount_differs' })
    const worse = plan(aCase(anInvoice(), [aBill({ total: '80' })]), linkAfter(first))
    expect(worse?.decision).toMatchObject({ kind: 'observe', code: 'amount_differs' })
    const better = plan(aCase(anInvoice(), [aBill()]), linkAfter(first))
    expect(better?.decision).toMatchObject({
      kind: 'observe',
      changes: [{ field: 'finding', from: 'amount_differs', to: 'matched' }],
    })
  })

  it('needs a vendor', () => {
    expect(plan(aCase(anInvoice(), [], { vendor: null }))?.decision).toMatchObject({ code: 'vendor_unknown' })
  })
})

describe('what is not looked at', () => {
  it('has a placeholder for a number, is too old, gone or unreadable', () => {
    expect(plan(aCase(anInvoice({ invoiceNumber: 'RECEIVED ' })))?.decision).toMatchObject({
      code: 'placeholder_number',
    })
    expect(plan(aCase(anInvoice({ invoiceNumber: null })))?.decision).toMatchObject({ code: 'placeholder_number' })
    const old = aCase(anInvoice({ createdDate: '2026-01-01T04:59:59Z' }))
    expect(plan(old)?.decision).toMatchObject({ kind: 'skip', code: 'before_start' })
    // Judged before, it is judged on.
    expect(plan(old, linkAfter(plan(aCase(anInvoice()))))?.decision.kind).not.toBe('skip')
    expect(plan(aCase(anInvoice({ createdDate: '2026-01-01T05:00:00Z' })))?.decision.kind).toBe('observe')
    expect(plan({ kind: 'gone', note: aNote('i1') })?.decision).toMatchObject({ kind: 'skip', code: 'gone' })
    const bad = plan({ kind: 'rejected', note: aNote('i1'), code: 'record_unreadable', message: 'no' })
    expect(bad?.decision).toMatchObject({ kind: 'park', code: 'record_unreadable' })
  })
})

describe('a draft', () => {
  it('is made only of an invoice that is free, whole, and was never drafted', () => {
    const missing = aCase(anInvoice())
    expect(plan(missing, undefined, DRAFT)?.decision).toMatchObject({ kind: 'send', wanted: { action: 'create' } })
    expect(needsInvoiceSurvey([missing], new Map(), DRAFT)).toBe(true)
    expect(needsInvoiceSurvey([missing], new Map(), OPTIONS)).toBe(false)
    const ours = linkAfter(plan(missing, undefined, DRAFT), { targetId: 'b9' })
    expect(plan(missing, ours, DRAFT)?.decision).toMatchObject({ kind: 'observe', code: 'missing_in_procurify' })
    expect(plan(aCase(anInvoice(), [], { invoice: null }), undefined, DRAFT)?.decision.kind).toBe('observe')
    expect(plan(aCase(anInvoice(), [aBill({ status: '5' })]), undefined, DRAFT)?.decision.kind).toBe('observe')
    expect(plan(aCase(anInvoice(), [aBill({ total: '1' })]), undefined, DRAFT)?.decision.kind).toBe('observe')
  })

  it('that is seen as a bill is no news; until then the books say it is missing', () => {
    const sent = plan(aCase(anInvoice()), undefined, DRAFT)
    expect(readInvoiceState(sent?.learned)?.finding).toBe('missing_in_procurify')
    const { decision } = sent ?? {}
    const draft = decision?.kind === 'send' ? decision.wanted.draft : null
    const link = aLink('i1', { targetId: 'b1', sent: draft })
    const seen = plan(aCase(anInvoice(), [aBill()]), link, DRAFT)
    expect(seen?.decision.kind).toBe('unchanged')
    expect(readInvoiceState(seen?.learned)?.bills).toEqual(['b1'])
    const edited = plan(aCase(anInvoice(), [aBill({ total: '7' })]), link, DRAFT)
    expect(edited?.decision).toMatchObject({ kind: 'observe', code: 'amount_differs' })
  })

  it('comes to the invoice, line by line, or says why it cannot be made', () => {
    const context = { ...SURVEY, vendorId: '7', zone: ZONE }
    const draft = (invoice: Invoice) => draftBill(invoice, factsOf(invoice, ZONE), context)
    const taxed = anInvoice({
      debitMemo: true,
      lines: [aLine('100', { taxes: ['8.25'] }), aLine('0'), control('-108.25')],
    })
    expect(draft(taxed)).toMatchObject({
      ...{ vendor: 7, currency: 1, invoice_number: 'INV-1', invoice_date: '2026-03-01', due_date: '2026-03-31' },
      items: [
        { description: '61200-010 Goods as ordered', quantity: '1', unit_cost: '-100' },
        { description: 'Tax', unit_cost: '-8.25' },
      ],
    })
    const bare = anInvoice({ lines: [], foreignCurrencyAmount: '12.50' })
    expect(draft(bare)).toMatchObject({ items: [{ description: 'Invoice INV-1', unit_cost: '12.5' }] })
    expect(draft(anInvoice({ transactionDate: null }))).toEqual({ why: expect.stringContaining('no date') as string })
    expect(draft(anInvoice({ lines: [], amount: null, foreignCurrencyAmount: null }))).toEqual({
      why: expect.stringContaining('no amount') as string,
    })
    expect(draft(anInvoice({ invoiceNumber: '9'.repeat(50) }))).toHaveProperty('items')
    expect(draft(anInvoice({ invoiceNumber: '9'.repeat(51) }))).toEqual({
      why: expect.stringContaining('longer than 50') as string,
    })
    for (const [currencyCode, shown] of [
      ['SEK', 'SEK'],
      [null, '(none)'],
    ])
      expect(draft(anInvoice({ currencyCode: currencyCode ?? null }))).toEqual({
        why: expect.stringContaining(`currency ${shown}`) as string,
      })
  })

  it('describes a line by what there is of account and description, and keeps ids that are no numbers', () => {
    const context = { currencies: new Map([['USD', 'usd-1']]), vendorId: '1234567890123456', zone: ZONE }
    const lines = [
      { ...aLine('1'), accountNumber: null },
      { ...aLine('2'), description: null },
      { ...aLine('3'), description: 'x'.repeat(300) },
    ]
    const body = draftBill(anInvoice({ lines }), factsOf(anInvoice({ lines }), ZONE), context)
    expect(body).toMatchObject({ vendor: '1234567890123456', currency: 'usd-1' })
    const texts = 'items' in body ? body.items.map(({ description }) => description) : []
    expect(texts.slice(0, 2)).toEqual(['Goods as ordered', '61200-010'])
    expect(texts[2]).toHaveLength(255)
  })
})

describe('what the books and the journal get', () => {
  it('of a row that was read is that row, its number and its hash', () => {
    const invoice = anInvoice()
    const read = plan(aCase(invoice))
    expect(read).toMatchObject({ sourceId: 'i1', sourceKey: 'INV-1', sourceHash: 'hash-i1', record: invoice })
    expect(plan(aCase(anInvoice({ invoiceNumber: ' ' })))).toMatchObject({ sourceKey: null })
    // Known from our books alone, it is what they hold.
    expect(plan(aCase(invoice, [], { invoice: null }))?.record).toEqual(factsOf(invoice, ZONE))
  })

  it('of a note without a hash is the hash that was known, else that of the detail', () => {
    const judged = aCase(anInvoice())
    const silent: Detail<InvoiceCase> = { ...judged, note: aNote('i1', { hash: null }) }
    expect(plan(silent, aLink('i1', { sourceHash: 'before' }))?.sourceHash).toBe('before')
    expect(plan(silent)?.sourceHash).toBe('h')
    expect(plan({ kind: 'gone', note: aNote('i1', { hash: null }) })?.sourceHash).toBeNull()
  })

  it('of what is gone or cannot be read is the number it is known by', () => {
    const gone = { kind: 'gone', note: aNote('i1') } as const
    expect(plan(gone)).toMatchObject({ sourceId: 'i1', sourceKey: 'KEY-i1', record: { id: 'i1' } })
    const nameless = { kind: 'gone', note: aNote('i1', { sourceKey: null }) } as const
    expect(plan(nameless, aLink('i1', { sourceKey: 'INV-9' }))?.sourceKey).toBe('INV-9')
    expect(plan(nameless)?.sourceKey).toBeNull()
    expect(plan(gone)?.decision).toEqual({
      kind: 'skip',
      code: 'gone',
      message: 'Plex does not show this invoice any more.',
    })
    const bad = plan({ kind: 'rejected', note: aNote('i1'), code: 'record_unreadable', message: 'no' })
    expect(bad?.decision).toEqual({ kind: 'park', code: 'record_unreadable', message: 'no', changes: [] })
  })

  it('of what could not be read this time is nothing, and the others go on', () => {
    const failed = { kind: 'failed', note: aNote('i0') } as unknown as Detail<InvoiceCase>
    const planned = planInvoices([failed, aCase(anInvoice())], new Map(), SURVEY, OPTIONS)
    expect(planned.map(({ sourceId }) => sourceId)).toEqual(['i1'])
    expect(needsInvoiceSurvey([failed], new Map(), DRAFT)).toBe(false)
    expect(needsInvoiceSurvey([failed, aCase(anInvoice())], new Map(), DRAFT)).toBe(true)
  })

  it('of a finding is what changed, and nothing of what did not', () => {
    const changesOf = (item: ReturnType<typeof plan>) =>
      item?.decision.kind === 'observe' ? item.decision.changes : []
    const first = plan(aCase(anInvoice(), [aBill({ total: '90' })]))
    expect(changesOf(first)).toEqual([
      { field: 'finding', from: null, to: 'amount_differs' },
      { field: 'amount', from: null, to: '100.00 USD' },
      { field: 'date', from: null, to: '2026-03-01' },
      { field: 'bill', from: null, to: 'b1' },
    ])
    const moved = anInvoice({ transactionDate: '2026-03-02T05:00:00Z', foreignCurrencyAmount: '95', lines: [] })
    expect(changesOf(plan(aCase(moved), linkAfter(first)))).toEqual([
      { field: 'finding', from: 'amount_differs', to: 'missing_in_procurify' },
      { field: 'amount', from: '100.00 USD', to: '95.00 USD' },
      { field: 'date', from: '2026-03-01', to: '2026-03-02' },
      { field: 'bill', from: 'b1', to: null },
    ])
    const parts = plan(aCase(anInvoice(), [aBill({ total: '60' }), aBill({ id: 'b2', total: '40' })]))
    expect(changesOf(parts)).toContainEqual({ field: 'bill', from: null, to: 'b1, b2' })
    const worthless = anInvoice({ amount: null, foreignCurrencyAmount: null, lines: [] })
    expect(changesOf(plan(aCase(worthless))).map(({ field }) => field)).toEqual(['finding', 'date'])
  })

  it('of a finding that rests on another bill is news, though it says the same', () => {
    const first = plan(aCase(anInvoice(), [aBill()]))
    const other = plan(aCase(anInvoice(), [aBill({ id: 'b2' })]), linkAfter(first))
    expect(other?.decision).toMatchObject({ changes: [{ field: 'bill', from: 'b1', to: 'b2' }] })
    expect(other).not.toHaveProperty('problem')
    expect(plan(aCase(anInvoice()))).not.toHaveProperty('about')
    // Nor is another bill our draft, only because nothing was known before.
    const missing = linkAfter(plan(aCase(anInvoice())), { targetId: 'b1' })
    expect(plan(aCase(anInvoice(), [aBill({ id: 'b2' })]), missing)?.decision.kind).toBe('observe')
  })
})

describe('the words of a plan', () => {
  it('say why an invoice is not looked at', () => {
    const said = (fields: Partial<Invoice>) => {
      const decision = plan(aCase(anInvoice(fields)))?.decision
      return decision?.kind === 'skip' ? decision.message : null
    }
    const rest = "so far; it is looked at when the vendor's number is there."
    expect(said({ invoiceNumber: 'Received' })).toBe(`The invoice has the number Received ${rest}`)
    expect(said({ invoiceNumber: null })).toBe(`The invoice has no number ${rest}`)
    const early = 'The invoice was created before 2026-01-01 (INVOICE_START_DATE).'
    expect(said({ createdDate: '2025-12-31T12:00:00Z' })).toBe(early)
  })

  it('name the supplier without a vendor by its code, else by its id', () => {
    const said = (fields: Partial<Invoice>) => plan(aCase(anInvoice(fields), [], { vendor: null }))?.problem?.message
    expect(said({})).toContain('The supplier ACME has no vendor')
    expect(said({ supplierCode: null })).toContain('The supplier s1 has no vendor')
  })

  it('say why a bill cannot be drafted, or that the draft made here is gone', () => {
    const dateless = aCase(anInvoice({ transactionDate: null }))
    const item = plan(dateless, undefined, DRAFT)
    expect(item?.decision.kind).toBe('observe')
    expect(item?.problem?.message).toMatch(/ It cannot be drafted: .*no date.*\.$/)
    const lost = linkAfter(plan(aCase(anInvoice())), { targetId: '123456789' })
    // Made a moment ago, it is in no list that was read before.
    const now = plan(aCase(anInvoice()), lost, { ...DRAFT, made: new Set(['123456789']) })
    expect(now?.learned).toMatchObject({ finding: 'matched', message: 'Drafted here.' })
    expect(now?.problem).toBeUndefined()
    expect(plan(aCase(anInvoice()), lost, DRAFT)?.problem?.message).toMatch(
      / The draft made here \(12345678\) was deleted or changed there\.$/,
    )
    // While another finding stands it is not about the draft.
    expect(plan(aCase(anInvoice(), [aBill({ total: '1' })]), lost, DRAFT)?.problem?.message).not.toContain('draft made')
  })
})

describe('what is drafted', () => {
  it('is shown line by line, and remembers the bills that were there before', () => {
    const missing = aCase(anInvoice(), [aBill({ id: 'old', status: '5' })])
    // A withdrawn bill under the number leaves a decision to people.
    expect(plan(missing, undefined, DRAFT)?.decision.kind).toBe('observe')
    const far = aCase(anInvoice(), [])
    const decision = plan(far, undefined, DRAFT)?.decision
    const wanted = decision?.kind === 'send' ? decision.wanted : null
    expect(wanted).toMatchObject({
      ...{ action: 'create', targetId: null, targetKey: 'INV-1', message: null },
      draft: { match_key: 's1 inv-1', vendor: '7', finding: 'matched', message: 'Drafted here.', bills: [], known: [] },
      changes: [
        { field: 'number', from: null, to: 'INV-1' },
        { field: 'amount', from: null, to: '100.00 USD' },
        { field: 'date', from: null, to: '2026-03-01' },
        { field: 'line 1', from: null, to: '100: 61200-010 Goods as ordered' },
      ],
    })
    const state = readInvoiceState(plan(far, undefined, DRAFT)?.learned)
    expect(state).toMatchObject({ finding: 'missing_in_procurify', message: 'Being drafted.' })
  })

  it('keeps what was known before the draft for as long as it is judged', () => {
    const decision = plan(aCase(anInvoice()), undefined, DRAFT)?.decision
    const sent = decision?.kind === 'send' ? decision.wanted.draft : null
    const link = aLink('i1', { targetId: 'b1', sent: { ...(sent as object), known: ['old'] } as never })
    expect(readInvoiceState(plan(aCase(anInvoice(), [aBill()]), link)?.learned)?.known).toEqual(['old'])
    expect(plan(aCase(anInvoice(), [aBill()]))?.learned).not.toHaveProperty('known')
  })

  it('is not what has no vendor, or for which nothing is known of Procurify', () => {
    expect(plan(aCase(anInvoice(), [], { vendor: null }), undefined, DRAFT)?.decision.kind).toBe('observe')
    const [item] = planInvoices([aCase(anInvoice())], new Map(), null, DRAFT)
    expect(item?.decision.kind).toBe('observe')
    const old = aCase(anInvoice({ createdDate: '2025-12-31T12:00:00Z' }))
    expect(needsInvoiceSurvey([old], new Map(), DRAFT)).toBe(false)
  })
})

it('keys name the partner and the folded number', () => {
  expect([matchKey('7', ' 00A 1'), matchKey(null, '1'), matchKey('7', ' ')]).toEqual(['7 a1', null, null])
  const key = (fields: Partial<Invoice>) => keyOf(factsOf(anInvoice(fields), ZONE))
  expect(key({})).toBe('s1 inv-1')
  expect(key({ supplierId: null })).toBe('ACME inv-1')
  expect(key({ supplierId: null, supplierCode: null })).toBe('- inv-1')
})

it('a bill is kept by vendor and number as its list showed it, and counts while it is there and live', () => {
  const state = toBillState(aBill({ number: ' 00INV 1', currency: 'usd' }), ZONE)
  expect(state).toEqual({
    ...{ match_key: '7 inv1', vendor: '7', number: '00INV 1', day: '2026-03-01', total: '100', currency: 'USD' },
    ...{ status: '2', modified_at: '2026-03-03T10:00:00.123456Z', gone: false },
  })
  expect(toBillSide('b1', state)).toMatchObject({ id: 'b1', poMarks: [], isLive: true })
  expect(toBillSide('b1', { ...state, gone: true }).isLive).toBe(false)
  expect(toBillSide('b1', { ...state, status: '5' }).isLive).toBe(false)
  expect(readBillState(state)).toBe(state)
  for (const other of [null, 'x', {}, { gone: true }, { match_key: 'x' }]) expect(readBillState(other)).toBeNull()
  for (const other of [undefined, null, 'x', {}, { finding: 'adored' }]) expect(readInvoiceState(other)).toBeNull()
})

it('of a crowd under one number the nearest in time are looked at, oneself always', () => {
  const crowd = Array.from({ length: 300 }, (_, at) => ({
    id: `i${at}`,
    day: new Date(Date.UTC(2026, 0, 1) + at * 86_400_000).toISOString().slice(0, 10),
  }))
  expect(nearest(crowd.slice(0, 100), '2026-01-05', null)).toEqual(crowd.slice(0, 100))
  expect(nearest(crowd.slice(0, 101), '2027-01-05', null).map(({ id }) => id)).not.toContain('i0')
  const sameDay = crowd.map(({ id }) => ({ id, day: '2026-01-01' }))
  expect(nearest(sameDay.toReversed(), '2026-01-05', null)).toEqual(nearest(sameDay, '2026-01-05', null))
  // Without a day nobody is near, but oneself.
  expect(nearest([...crowd, { id: 'none', day: null }], '2026-01-05', 'none')[0]?.id).toBe('none')
  const near = nearest(crowd, '2026-01-05', 'i299')
  expect(near).toHaveLength(100)
  expect(near.map(({ id }) => id)).toEqual(expect.arrayContaining(['i299', 'i4', 'i0']))
})
