import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sum } from '../../src/domain/money.js'
import { Amounts, REASONS, type AmountEntry } from '../../src/domain/reconcile-amounts.js'
import type { HeldBill, HeldInvoice } from '../../src/domain/reconcile-invoice-rows.js'
import { judgeInvoices, type InvoiceFacts } from '../../src/domain/reconcile-invoices.js'

const cents = fc.integer({ min: -500_000, max: 500_000 }).map((value) => sum([(value / 100).toFixed(2)]))
const entries = fc.array(
  fc.record({
    stream: fc.constantFrom('pos' as const, 'invoices' as const),
    month: fc.constantFrom('2026-09', '2026-10', 'unknown'),
    currency: fc.constantFrom('USD', 'EUR'),
    supplierId: fc.constantFrom('s1', 's2', null),
    supplier: fc.constantFrom('One', 'Two', null),
    plex: fc.option(cents),
    procurify: fc.option(cents),
    reason: fc.constantFrom(...REASONS),
    isBooked: fc.constantFrom(true, false, null),
    isDraft: fc.boolean(),
  }),
  { maxLength: 40 },
)

function addUp(of: readonly AmountEntry[]): Amounts {
  const amounts = new Amounts(true)
  of.forEach((entry) => amounts.add(entry))
  return amounts
}

describe('amounts', () => {
  it('are the sum of their entries, and the difference the sum of its reasons', () => {
    fc.assert(
      fc.property(entries, (given) => {
        for (const { stream, month, currency, plex, procurify, difference, because } of addUp(given).byMonth()) {
          const own = given.filter((one) => one.stream === stream && one.month === month && one.currency === currency)
          expect(plex.total).toBe(sum(own.flatMap((one) => one.plex ?? [])))
          expect(procurify.total).toBe(sum(own.flatMap((one) => one.procurify ?? [])))
          expect(sum([procurify.total, difference])).toBe(plex.total)
          expect(sum(Object.values(because))).toBe(difference)
          expect(sum([procurify.approved, procurify.open])).toBe(procurify.total)
          if (plex.booked !== null) expect(sum([plex.booked, plex.unbooked ?? ''])).toBe(plex.total)
        }
      }),
    )
  })

  it('tell what is booked and what is not, what is approved and what is open', () => {
    const base = { stream: 'invoices', month: '2026-10', currency: 'USD', supplierId: null, supplier: null } as const
    const paired = {
      ...base,
      plex: '10',
      procurify: '9.99',
      reason: 'within_tolerance',
      isBooked: true,
      isDraft: false,
    } as const
    const entered = { ...base, plex: '5', procurify: null, reason: 'missing', isBooked: false, isDraft: false } as const
    const draft = {
      ...base,
      plex: null,
      procurify: '7',
      reason: 'only_in_procurify',
      isBooked: null,
      isDraft: true,
    } as const
    const because = { within_tolerance: '0.01', missing: '5', only_in_procurify: '-7' }
    const none = { amount_differs: '0', duplicate: '0', other_month: '0', in_progress: '0' }
    expect(addUp([paired, entered, draft]).byMonth()).toEqual([
      {
        ...{
          stream: 'invoices',
          month: '2026-10',
          currency: 'USD',
          difference: '-1.99',
          because: { ...because, ...none },
        },
        plex: { count: 2, total: '15', booked: '10', unbooked: '5' },
        procurify: { count: 2, total: '16.99', approved: '9.99', open: '7' },
      },
    ])
    const [order] = addUp([{ ...entered, stream: 'pos', isBooked: null }]).byMonth()
    expect(order?.plex).toEqual({ count: 1, total: '5', booked: null, unbooked: null })
  })

  it('come in order of stream, month, currency and supplier; by supplier only where asked for', () => {
    const base = { plex: '1', procurify: '1', reason: 'within_tolerance', isBooked: null, isDraft: false } as const
    const of = (stream: 'pos' | 'invoices', month: string, currency: string, supplierId: string | null) => ({
      ...{ ...base, stream, month, currency, supplierId, supplier: supplierId === null ? null : `Name ${supplierId}` },
    })
    const given = [
      ...[
        of('pos', '2026-09', 'USD', 's1'),
        of('invoices', '2026-10', 'USD', 's2'),
        of('invoices', '2026-09', 'USD', null),
      ],
      ...[of('invoices', '2026-10', 'EUR', 's2'), of('invoices', '2026-10', 'USD', 's1')],
    ]
    const amounts = addUp(given)
    expect(amounts.byMonth().map(({ stream, month, currency }) => `${stream} ${month} ${currency}`)).toEqual([
      ...['invoices 2026-09 USD', 'invoices 2026-10 EUR', 'invoices 2026-10 USD', 'pos 2026-09 USD'],
    ])
    expect(
      amounts.bySupplierAndMonth().map((one) => `${one.month} ${one.currency} ${one.supplier_id} ${one.supplier}`),
    ).toEqual([
      ...['2026-09 USD null null', '2026-10 EUR s2 Name s2', '2026-10 USD s1 Name s1', '2026-10 USD s2 Name s2'],
      '2026-09 USD s1 Name s1',
    ])
    const totals = new Amounts(false)
    given.forEach((entry) => totals.add(entry))
    expect(totals.bySupplierAndMonth()).toEqual([])
  })

  it('of suppliers add up to those of the month', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const amounts = addUp(given)
        for (const month of amounts.byMonth()) {
          const parts = amounts
            .bySupplierAndMonth()
            .filter(
              (one) => one.stream === month.stream && one.month === month.month && one.currency === month.currency,
            )
          expect(sum(parts.map(({ difference }) => difference))).toBe(month.difference)
          expect(sum(parts.map(({ plex }) => plex.total))).toBe(month.plex.total)
          expect(parts.reduce((count, { procurify }) => count + procurify.count, 0)).toBe(month.procurify.count)
        }
      }),
    )
  })
})

const RANGE = { since: '2026-09-01', until: '2026-10-31', month: null, zone: 'UTC' }
const FACTS: InvoiceFacts = {
  ...{ range: RANGE, tolerance: '0.01' },
  vendorOf: new Map([
    ['s1', 'v1'],
    ['s2', 'v2'],
  ]),
  supplierOf: new Map([
    ['v1', 's1'],
    ['v2', 's2'],
  ]),
  suppliers: new Map([['s1', { code: 'ONE', name: 'One' }]]),
  isOpen: () => false,
}
const day = fc.constantFrom('2026-08-31', '2026-09-30', '2026-10-01', '2026-10-31', '2026-11-01')
const shared = {
  ...{ number: fc.constantFrom('A', 'B', '7'), key: fc.constantFrom('a', 'b', '7'), day },
  amount: fc.constantFrom('10', '10.01', '25', '-4'),
}
const invoices = fc.uniqueArray(
  fc.record({
    ...{ id: fc.integer({ min: 0, max: 30 }).map((n) => `i${n}`), ...shared },
    supplierId: fc.constantFrom('s1', 's2', 's3'),
    ...{ currency: fc.constantFrom('USD', 'EUR'), isBooked: fc.boolean() },
  }),
  { selector: ({ id }) => id, maxLength: 12 },
)
const bills = fc.uniqueArray(
  fc.record({
    ...{ id: fc.integer({ min: 0, max: 30 }).map((n) => `b${n}`), ...shared, isDraft: fc.boolean() },
    ...{ vendorId: fc.constantFrom('v1', 'v2', 'v9'), vendorName: fc.constant('Vendor') },
    currency: fc.constantFrom('USD', 'EUR', null),
  }),
  { selector: ({ id }) => id, maxLength: 12 },
)

function judge(of: readonly HeldInvoice[], against: readonly HeldBill[]) {
  const verdict = judgeInvoices(of, against, FACTS)
  const findings = [...verdict.judged.flatMap((one) => one.findings), ...verdict.findings]
  return { verdict, findings, amounts: addUp(verdict.amounts) }
}

describe('invoices and bills', () => {
  it('count every record inside the range exactly once', () => {
    fc.assert(
      fc.property(invoices, bills, (of, against) => {
        const { verdict, amounts } = judge(of, against)
        const isInside = (one: { day: string | null }) =>
          (one.day ?? '') >= '2026-09-01' && (one.day ?? '') <= '2026-10-31'
        expect(verdict.judged).toHaveLength(of.filter(isInside).length)
        const figures = amounts.byMonth()
        expect(figures.reduce((count, { plex }) => count + plex.count, 0)).toBe(of.filter(isInside).length)
        expect(figures.reduce((count, { procurify }) => count + procurify.count, 0)).toBe(
          against.filter(isInside).length,
        )
        const total = sum(of.filter(isInside).map(({ amount }) => amount))
        expect(sum(figures.map(({ plex }) => plex.total))).toBe(total)
      }),
    )
  })

  it('tell a finding for every cent of a difference but cents and other months', () => {
    fc.assert(
      fc.property(invoices, bills, (of, against) => {
        const { findings, amounts } = judge(of, against)
        for (const { month, currency, because } of amounts.byMonth()) {
          const told = findings.filter(
            (one) => one.month === month && one.currency === currency && one.code !== 'bill_in_other_month',
          )
          // Of a pair in two months or currencies each side is told where it counts, as `other_month`.
          const explained = told.filter(({ code }) => code !== 'amount_differs')
          const parts = [because.missing, because.only_in_procurify, because.duplicate]
          expect(sum(explained.flatMap((one) => one.difference ?? []))).toBe(sum(parts))
        }
      }),
    )
  })

  it('do not depend on the order of the lists', () => {
    fc.assert(
      fc.property(invoices, bills, (of, against) => {
        const tell = (verdict: ReturnType<typeof judge>) => verdict.findings.map((one) => JSON.stringify(one)).sort()
        const [left, right] = [judge(of, against), judge([...of].reverse(), [...against].reverse())]
        expect(tell(left)).toEqual(tell(right))
        expect(left.amounts.byMonth()).toEqual(right.amounts.byMonth())
      }),
    )
  })

  it('find nothing when each invoice has its bill', () => {
    fc.assert(
      fc.property(invoices, (of) => {
        const distinct = [...new Map(of.map((one) => [`${one.supplierId} ${one.key}`, one])).values()]
        const known = distinct.filter(({ supplierId }) => supplierId !== 's3')
        const against = known.map(({ id, supplierId, number, key, day: on, currency, amount }): HeldBill => {
          const vendorId = FACTS.vendorOf.get(supplierId ?? '') ?? null
          return { id: `b${id}`, number, key, vendorId, vendorName: null, day: on, currency, amount, isDraft: false }
        })
        expect(judge(known, against).findings).toEqual([])
      }),
    )
  })
})
