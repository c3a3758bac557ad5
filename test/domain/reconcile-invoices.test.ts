import { describe, expect, it } from 'vitest'
import type { AmountEntry } from '../../src/domain/reconcile-amounts.js'
import { holdBill, holdInvoice, type HeldBill, type HeldInvoice } from '../../src/domain/reconcile-invoice-rows.js'
import { judgeInvoices, type InvoiceFacts } from '../../src/domain/reconcile-invoices.js'
import { aBill, anInvoice } from './invoice-factories.js'
import { saidBy } from './reconcile-factories.js'

const FACTS: InvoiceFacts = {
  range: { since: '2026-10-01', until: '2026-10-31', month: '2026-10', zone: 'UTC' },
  tolerance: '0.01',
  vendorOf: new Map([['s1', 'v1']]),
  supplierOf: new Map([['v1', 's1']]),
  suppliers: new Map([['s1', { code: 'ONE', name: 'One Ltd' }]]),
  isOpen: (id) => id === 'on its way',
}
const EVERYTHING = { ...FACTS, range: { since: null, until: null, month: null, zone: 'UTC' } }

const held = (fields: Partial<HeldInvoice> = {}): HeldInvoice => ({
  ...{ id: 'i1', number: 'INV-1', key: 'inv-1', supplierId: 's1', day: '2026-10-05', currency: 'USD' },
  ...{ amount: '100', isBooked: true },
  ...fields,
})
const heldBill = (fields: Partial<HeldBill> = {}): HeldBill => ({
  ...{ id: 'b1', number: 'INV-1', key: 'inv-1', vendorId: 'v1', vendorName: 'One', day: '2026-10-05' },
  ...{ currency: 'USD', amount: '100', isDraft: false },
  ...fields,
})

/** Everything that is told of these, as people read it. */
function judge(invoices: readonly HeldInvoice[], bills: readonly HeldBill[], facts = FACTS) {
  const { judged, findings, amounts, bills: count } = judgeInvoices(invoices, bills, facts)
  return {
    places: judged.map(({ place }) => place),
    said: [...judged.flatMap((one) => one.findings), ...findings].map(saidBy),
    sums: amounts.map(({ month, currency, supplierId, plex, procurify, reason }) =>
      [month, currency, supplierId, plex, procurify, reason].join(' '),
    ),
    amounts,
    count,
  }
}

const ABOUT = { stream: 'invoices', source_id: 'i1', source_key: 'INV-1', supplier: 'One Ltd' }
const MONEY = { currency: 'USD', month: '2026-10' }
const BILL = { target_id: 'b1', target_key: 'INV-1' }

describe('an invoice and its bill', () => {
  it('that agree are paired, and both amounts count', () => {
    expect(judge([held()], [heldBill()])).toEqual({
      ...{ places: ['paired'], said: [], sums: ['2026-10 USD s1 100 100 within_tolerance'], count: 1 },
      amounts: [
        {
          ...{ stream: 'invoices', month: '2026-10', currency: 'USD', supplierId: 's1', supplier: 'One Ltd' },
          ...{ plex: '100', procurify: '100', reason: 'within_tolerance', isBooked: true, isDraft: false },
        } satisfies AmountEntry,
      ],
    })
    expect(judge([held()], [heldBill({ amount: '100.01', isDraft: true })]).amounts).toMatchObject([{ isDraft: true }])
  })

  it('that differ by more than the tolerance are told with the difference', () => {
    const { places, said, sums } = judge([held()], [heldBill({ amount: '90' })])
    const message = 'The invoice is 100 in Plex and the bill 90 in Procurify.'
    const sides = { field: 'amount', plex: '100', procurify: '90', difference: '10' }
    const what = { kind: 'amount_differs', code: 'amount_differs', message }
    expect(said).toEqual([{ ...ABOUT, ...MONEY, ...BILL, ...sides, ...what }])
    expect(places).toEqual(['paired'])
    expect(sums).toEqual(['2026-10 USD s1 100 90 amount_differs'])
  })

  it('in two currencies are told without a difference, and each counts in its own', () => {
    const { said, sums } = judge([held()], [heldBill({ currency: 'EUR' })])
    const message = 'The invoice is in USD, the bill in EUR.'
    const sides = { field: 'amount', plex: '100 USD', procurify: '100 EUR' }
    const what = { kind: 'amount_differs', code: 'amount_differs', message }
    expect(said).toEqual([{ ...ABOUT, ...MONEY, ...BILL, ...sides, ...what }])
    expect(sums).toEqual(['2026-10 USD s1 100  other_month', '2026-10 EUR s1  100 other_month'])
    // A list that shows no currency is taken for that of the invoice.
    expect(judge([held()], [heldBill({ currency: null })]).said).toEqual([])
  })

  it('in two months are told, and each counts in its own', () => {
    const { said, sums } = judge([held()], [heldBill({ day: '2026-11-01' })], EVERYTHING)
    const message = 'The two are dated in different months, so each side counts it in another one.'
    const sides = { field: 'invoice_date', plex: '2026-10-05', procurify: '2026-11-01' }
    expect(said).toEqual([
      { ...ABOUT, ...MONEY, ...BILL, ...sides, kind: 'drifted', code: 'bill_in_other_month', message },
    ])
    expect(sums).toEqual(['2026-10 USD s1 100  other_month', '2026-11 USD s1  100 other_month'])
  })

  it('of which only one is inside the range count by that one', () => {
    const outside = '2026-11-01'
    expect(judge([held()], [heldBill({ day: outside })])).toMatchObject({
      ...{ places: ['paired'], sums: ['2026-10 USD s1 100  other_month'], count: 0 },
    })
    // The pair is told where the invoice is.
    expect(judge([held({ day: outside })], [heldBill()])).toMatchObject({
      ...{ places: [], said: [], sums: ['2026-10 USD s1  100 other_month'], count: 1 },
    })
    expect(judge([held({ day: outside })], [heldBill({ day: outside })])).toMatchObject({
      ...{ places: [], said: [], sums: [], count: 0 },
    })
  })
})

describe('an invoice without a bill', () => {
  it('is missing, with its money', () => {
    const { places, said, sums } = judge([held()], [])
    const message = 'There is no bill of this vendor and number in Procurify: it has to be entered.'
    const what = { kind: 'missing', code: 'missing_in_procurify', message }
    expect(said).toEqual([{ ...ABOUT, ...MONEY, plex: '100', difference: '100', ...what }])
    expect(places).toEqual(['unpaired'])
    expect(sums).toEqual(['2026-10 USD s1 100  missing'])
    expect(judge([held({ day: '2026-11-01' })], []).places).toEqual([])
  })

  it('is no finding while a run is about to deliver it', () => {
    const { places, said, sums } = judge([held({ id: 'on its way' })], [])
    expect([places, said, sums]).toEqual([['unpaired'], [], ['2026-10 USD s1 100  in_progress']])
  })

  it('is told to lack a vendor where its supplier has none', () => {
    const { places, said, sums } = judge([held({ supplierId: 's9' })], [heldBill()])
    const message = 'Its supplier has no vendor in Procurify, so no bill can be found for it.'
    const next = 'ml-connector link propose --stream suppliers'
    expect(said[0]).toEqual({
      ...{ stream: 'invoices', source_id: 'i1', source_key: 'INV-1', ...MONEY, plex: '100', difference: '100' },
      ...{ kind: 'missing', code: 'vendor_unknown', message, next },
    })
    expect(places).toEqual(['unpaired'])
    expect(sums[0]).toBe('2026-10 USD s9 100  missing')
    expect(judge([held({ supplierId: null })], []).said).toMatchObject([{ code: 'vendor_unknown' }])
    expect(judge([held({ supplierId: 's9', day: '2026-09-30' })], [])).toMatchObject({ places: [], sums: [] })
  })

  it('is waited for until people have typed its number', () => {
    for (const supplierId of ['s1', 's9']) {
      const { places, said, sums } = judge([held({ key: null, supplierId })], [])
      expect([places, said]).toEqual([['in_progress'], []])
      expect(sums).toEqual([`2026-10 USD ${supplierId} 100  in_progress`])
    }
  })

  it('is there twice in Plex where its twin has the bill', () => {
    const { places, said, sums } = judge([held(), held({ id: 'i2', day: '2026-10-20' })], [heldBill()])
    const message = 'Plex has invoice INV-1 of this supplier twice with the same amount, Procurify once.'
    expect(said).toEqual([
      {
        ...ABOUT,
        source_id: 'i2',
        ...MONEY,
        plex: '100',
        difference: '100',
        kind: 'duplicate',
        code: 'invoice_twice',
        message,
      },
    ])
    expect(places).toEqual(['paired', 'unpaired'])
    expect(sums[1]).toBe('2026-10 USD s1 100  duplicate')
  })

  it.each([
    ['another amount', { amount: '101' }],
    ['another currency', { currency: 'EUR' }],
    ['a number that was used anew after half a year', { day: '2027-04-04' }],
  ])('is no twin of one with %s', (_, other) => {
    const { said } = judge([held(), held({ id: 'i2', ...other })], [heldBill()], EVERYTHING)
    expect(said).toMatchObject([{ source_id: 'i2', kind: 'missing', code: 'missing_in_procurify' }])
  })
})

describe('a bill without an invoice', () => {
  const orphan = (fields: Partial<HeldBill>, invoices: readonly HeldInvoice[] = []) =>
    judge(invoices, [heldBill(fields)])

  it('is told with why none can be found', () => {
    const about = { stream: 'invoices', ...BILL, supplier: 'One', procurify: '100', difference: '-100', ...MONEY }
    const message = 'Plex has no invoice of this supplier and number.'
    const { said, sums } = orphan({})
    expect(said).toEqual([{ ...about, kind: 'orphaned', code: 'bill_only_in_procurify', message }])
    expect(sums).toEqual(['2026-10 USD s1  100 only_in_procurify'])
    expect(orphan({ key: null }).said[0]?.['message']).toBe(
      'The bill has no invoice number, so no invoice can be found for it.',
    )
    const strange = orphan({ vendorId: 'v9', currency: null })
    expect(strange.said[0]?.['message']).toBe(
      'The bill is of a vendor that is paired with no supplier of Plex, so no invoice can be found for it.',
    )
    expect(strange.sums).toEqual(['2026-10 unknown vendor:v9  100 only_in_procurify'])
    expect(strange.amounts).toMatchObject([{ supplier: 'One', isBooked: null, isDraft: false }])
    expect(orphan({ vendorId: null }).sums).toEqual(['2026-10 USD vendor:  100 only_in_procurify'])
    expect(orphan({ day: '2026-09-30' })).toMatchObject({ said: [], sums: [], count: 0 })
    expect(judge([], [heldBill({ day: null })], EVERYTHING).said).toMatchObject([{ month: 'unknown' }])
  })

  it('is one of two where the other has the invoice', () => {
    const twice = (fields: Partial<HeldBill>) => judge([held()], [heldBill(), heldBill({ id: 'b2', ...fields })])
    const { said, sums } = twice({ currency: null })
    const about = { ...ABOUT, ...MONEY, target_id: 'b2', target_key: 'INV-1', procurify: '100', difference: '-100' }
    const what = { kind: 'duplicate', code: 'duplicate_in_procurify' }
    const message = 'Bill INV-1 of this vendor was entered more than once.'
    expect(said).toEqual([{ ...about, ...what, message }])
    expect(sums[1]).toBe('2026-10 USD s1  100 duplicate')
    expect(twice({ number: null, amount: '7' }).said[0]?.['message']).toBe(
      'Bill b2 of this vendor was entered more than once, with another amount.',
    )
    expect(twice({ currency: 'EUR' }).said).toMatchObject([{ currency: 'EUR' }])
  })

  it('is no second one when the number was used anew after half a year', () => {
    const pair = [held(), heldBill()] as const
    const half = { id: 'b2', day: '2027-04-03' }
    expect(judge([pair[0]], [pair[1], heldBill(half)], EVERYTHING).said).toMatchObject([{ kind: 'duplicate' }])
    const later = { ...half, day: '2027-04-04' }
    expect(judge([pair[0]], [pair[1], heldBill(later)], EVERYTHING).said).toMatchObject([{ kind: 'orphaned' }])
  })

  it('without a number is never taken for that of an invoice, nor for a second one', () => {
    const nameless = [heldBill({ key: null }), heldBill({ id: 'b2', key: null })]
    expect(judge([], nameless).said.map(({ kind }) => kind)).toEqual(['orphaned', 'orphaned'])
  })
})

describe('who goes with whom, of several with one number', () => {
  /** The bill that the one invoice is paired with. */
  const chosen = (invoice: Partial<HeldInvoice>, ...bills: Partial<HeldBill>[]) => {
    const given = bills.map((fields, at) => heldBill({ id: `b${at}`, ...fields }))
    const { said } = judge([held(invoice)], given, EVERYTHING)
    const left = new Set(
      said.map(({ kind, target_id: id }) => (kind === 'amount_differs' || kind === 'drifted' ? '' : id)),
    )
    return given.filter(({ id }) => !left.has(id)).map(({ id }) => id)
  }

  it.each([
    ['the amount counts before the day', [{ amount: '99' }, { day: '2026-10-06' }], 'b1'],
    ['of equal amounts the day counts', [{ day: '2026-10-06' }, {}], 'b1'],
    ['of other amounts the day counts', [{ amount: '99', day: '2026-10-06' }, { amount: '98' }], 'b1'],
    [
      'the same amount in another currency is another amount',
      [{ currency: 'EUR' }, { amount: '5', day: '2026-10-06' }],
      'b1',
    ],
    ['a bill without a currency has that of the invoice', [{ currency: 'EUR' }, { currency: null }], 'b1'],
    [
      'the currency counts before the day',
      [
        { amount: '5', currency: 'EUR' },
        { amount: '5', day: '2026-10-06' },
      ],
      'b1',
    ],
    ['of equals the first by id', [{ id: 'z' }, { id: 'a' }], 'a'],
    ['within the tolerance amounts are the same', [{ amount: '100.02' }, { amount: '99.99' }], 'b1'],
  ])('%s', (_, bills, id) => {
    expect(chosen({}, ...bills)).toEqual([id])
    expect(chosen({}, ...[...bills].map((one, at) => ({ id: `b${at}`, ...one })).reverse())).toEqual([id])
  })

  it('only those at most half a year apart are one document; without a day nothing is far', () => {
    const isPair = (day: string | null, other: string | null) =>
      judge([held({ day })], [heldBill({ day: other })], EVERYTHING).places[0] === 'paired'
    expect(isPair('2026-01-01', '2026-06-30')).toBe(true)
    expect(isPair('2026-06-30', '2026-01-01')).toBe(true)
    expect(isPair('2026-01-01', '2026-07-01')).toBe(false)
    expect(isPair(null, '2026-07-01')).toBe(true)
    expect(isPair('2026-07-01', null)).toBe(true)
  })

  it('what is left is told by id, whatever the order of the lists', () => {
    const many = ['c', 'a', 'b'].map((id) => held({ id, amount: id === 'a' ? '1' : id === 'b' ? '2' : '3' }))
    expect(judge(many, []).said.map(({ source_id: id }) => id)).toEqual(['a', 'b', 'c'])
    const bills = ['c', 'a', 'b'].map((id) => heldBill({ id }))
    expect(judge([], bills).said.map(({ target_id: id }) => id)).toEqual(['a', 'b', 'c'])
  })
})

describe('what is held of a row', () => {
  const options = { zone: 'America/Detroit', skipNumbers: ['Received'] }

  it('of an invoice is its number as shown and as compared, its day at the plant and its gross amount', () => {
    const row = anInvoice({ invoiceNumber: ' 007 a ', supplierId: 's1' })
    expect(holdInvoice(row, options)).toEqual({
      ...{ id: 'i1', number: '007 a', key: '7a', supplierId: 's1', day: '2026-03-01', currency: 'USD' },
      ...{ amount: '100', isBooked: true },
    })
    expect(holdInvoice({ ...row, booked: null, currencyCode: null }, options)).toMatchObject({
      ...{ currency: 'unknown', isBooked: false },
    })
    expect(holdInvoice({ ...row, invoiceNumber: 'RECEIVED' }, options)).toMatchObject({ number: 'RECEIVED', key: null })
    expect(holdInvoice({ ...row, invoiceNumber: null }, options)).toMatchObject({ number: null, key: null })
  })

  it('of an invoice without a date is the day it was entered, and of one without an amount nothing', () => {
    // Shortly after midnight in UTC it is still the day before in Detroit.
    const row = anInvoice({ transactionDate: null, createdDate: '2026-03-02T03:00:00Z' })
    expect(holdInvoice(row, options)).toMatchObject({ day: '2026-03-01' })
    const empty = anInvoice({ amount: null, foreignCurrencyAmount: null, lines: [] })
    expect(holdInvoice(empty, options)).toBeNull()
  })

  it('of a bill is the same, with what nobody has approved yet', () => {
    const row = aBill({ number: ' 0012 ', currency: 'usd ', total: '5.50' })
    expect(holdBill(row, options)).toEqual({
      ...{ id: 'b1', number: '0012', key: '12', vendorId: '7', vendorName: 'Acme', day: '2026-03-01' },
      ...{ currency: 'USD', amount: '5.5', isDraft: false },
    })
    const drafts = ['0', '1', '2', '3', null].map((status) => holdBill({ ...row, status }, options).isDraft)
    expect(drafts).toEqual([true, true, false, false, false])
    expect(holdBill({ ...row, total: null }, options).amount).toBe('0')
  })
})
