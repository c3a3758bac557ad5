/** Which bill is which invoice: one vendor and number at a time, the same in any order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  judgeGroup,
  judgeUnknownVendor,
  money,
  type BillSide,
  type InvoiceSide,
} from '../../src/domain/match-invoice.js'

const TOLERANCE = '0.01'

function invoice(id: string, fields: Partial<InvoiceSide> = {}): InvoiceSide {
  return { id, day: '2026-03-01', total: '100', currency: 'USD', poMarks: [], ...fields }
}
function bill(id: string, fields: Partial<BillSide> = {}): BillSide {
  return { id, number: 'INV-1', day: '2026-03-01', total: '100', currency: 'USD', isLive: true, poMarks: [], ...fields }
}
const judge = (invoices: readonly InvoiceSide[], bills: readonly BillSide[], tolerance = TOLERANCE) =>
  Object.fromEntries(judgeGroup(invoices, bills, tolerance))
const findingOf = (one: InvoiceSide, bills: readonly BillSide[]) => judge([one], bills)[one.id]

describe('one invoice', () => {
  it('is matched by a bill of the same amount, a cent of rounding included', () => {
    expect(findingOf(invoice('i'), [bill('b', { total: '100.01' })])).toMatchObject({
      finding: 'matched',
      bills: ['b'],
    })
    expect(findingOf(invoice('i'), [bill('b', { total: '100.02' })])).toMatchObject({ finding: 'amount_differs' })
    expect(judge([invoice('i')], [bill('b', { total: '104' })], '5')['i']?.finding).toBe('matched')
  })

  it('is missing where there is no bill, and free to be drafted only then', () => {
    expect(findingOf(invoice('i'), [])).toMatchObject({ finding: 'missing_in_procurify', isFree: true, bills: [] })
    const dead = findingOf(invoice('i'), [bill('b', { isLive: false })])
    expect(dead).toMatchObject({ finding: 'missing_in_procurify', isFree: false })
    expect(dead?.message).toContain('denied or withdrawn')
    const old = findingOf(invoice('i'), [bill('b', { day: '2025-03-01' })])
    expect(old).toMatchObject({ finding: 'missing_in_procurify', isFree: false })
    expect(old?.message).toContain('2025-03-01')
    // Half a year is the limit.
    expect(findingOf(invoice('i'), [bill('b', { day: '2026-08-28' })])?.finding).toBe('matched')
    expect(findingOf(invoice('i'), [bill('b', { day: '2026-08-29' })])?.finding).toBe('missing_in_procurify')
  })

  it('says what differs: how much, which currency, which day', () => {
    expect(findingOf(invoice('i'), [bill('b', { total: '102.5' })])?.message).toContain('2.50 USD too much')
    expect(findingOf(invoice('i'), [bill('b', { total: '99' })])?.message).toContain('1.00 USD too little')
    expect(findingOf(invoice('i'), [bill('b', { currency: 'EUR' })])).toMatchObject({
      finding: 'amount_differs',
      message: expect.stringContaining('100.00 EUR') as string,
    })
    expect(findingOf(invoice('i', { total: null }), [bill('b')])?.message).toContain('Plex shows no amount')
    expect(findingOf(invoice('i'), [bill('b', { total: null })])?.message).toContain('shows no amount')
    expect(findingOf(invoice('i'), [bill('b-123456-789', { number: null })])?.message).toBe(
      'Bill (no number) (b-123456) agrees.',
    )
    expect(findingOf(invoice('i'), [bill('b', { total: '99', currency: null })])?.message).toBe(
      'Bill INV-1 (b) says 99.00, the invoice says 100.00 USD: 1.00 USD too little.',
    )
    expect(findingOf(invoice('i', { currency: null }), [bill('b', { total: '99' })])?.message).toContain('1.00 USD too')
    const late = findingOf(invoice('i'), [bill('b', { day: '2026-03-02' })])
    expect(late).toMatchObject({ finding: 'matched', message: expect.stringContaining('2026-03-02') as string })
  })

  it('with two bills is a duplicate, unless they come to it together', () => {
    expect(findingOf(invoice('i'), [bill('a'), bill('b')])).toMatchObject({
      finding: 'duplicate_in_procurify',
      bills: ['a', 'b'],
    })
    const parts = [bill('a', { total: '60' }), bill('b', { total: '40' })]
    expect(findingOf(invoice('i'), parts)).toMatchObject({ finding: 'matched', bills: ['a', 'b'] })
    const odd = [bill('a', { total: '60' }), bill('b', { total: '41' })]
    expect(findingOf(invoice('i'), odd)?.finding).toBe('duplicate_in_procurify')
    for (const rest of [{ total: null }, { total: '40', currency: 'EUR' }]) {
      const unclear = [bill('a', { total: '60' }), bill('b', rest)]
      expect(findingOf(invoice('i'), unclear)?.finding).toBe('duplicate_in_procurify')
    }
    // One that comes to it alone is no part, though another adds nothing to it.
    expect(findingOf(invoice('i'), [bill('a'), bill('b', { total: '0' })])?.finding).toBe('duplicate_in_procurify')
    // A withdrawn one is no second bill.
    expect(findingOf(invoice('i'), [bill('a'), bill('b', { isLive: false })])?.finding).toBe('matched')
  })

  it('takes no currency and no day for no objection', () => {
    expect(findingOf(invoice('i', { day: null }), [bill('b', { currency: null })])?.finding).toBe('matched')
  })

  it('of a supplier without a vendor cannot be looked for', () => {
    expect(judgeUnknownVendor('ACME')).toMatchObject({ finding: 'vendor_unknown', bills: [], isFree: false })
    expect(judgeUnknownVendor('ACME').message).toContain('The supplier ACME has no vendor')
    expect(judgeUnknownVendor(null).message).toContain('names no supplier')
  })
})

describe('several invoices of one number', () => {
  it('each take the bill of their amount, a credit note its negative', () => {
    const found = judge([invoice('i'), invoice('c', { total: '-100' })], [bill('b1', { total: '-100' }), bill('b2')])
    expect(found['i']).toMatchObject({ finding: 'matched', bills: ['b2'] })
    expect(found['c']).toMatchObject({ finding: 'matched', bills: ['b1'] })
  })

  it('take the nearest in time, so that a number begun anew finds its own bill', () => {
    const found = judge(
      [invoice('march'), invoice('june', { day: '2026-06-01' })],
      [bill('b1', { day: '2026-06-02' }), bill('b2', { day: '2026-03-03' })],
    )
    expect(found['march']?.bills).toEqual(['b2'])
    expect(found['june']?.bills).toEqual(['b1'])
  })

  it('take the bill of their PO before one that is nearer in time', () => {
    const found = judge(
      [invoice('i', { poMarks: ['4711', 'PO-7'] }), invoice('j')],
      [bill('b1'), bill('b2', { day: '2026-03-20', poMarks: ['PO-7'] })],
    )
    expect(found['i']?.bills).toEqual(['b2'])
    expect(found['j']?.bills).toEqual(['b1'])
  })

  it('entered twice in Plex leave the second without a bill, and it is not drafted', () => {
    const found = judge([invoice('a'), invoice('b')], [bill('x')])
    expect(found['a']?.finding).toBe('matched')
    expect(found['b']).toMatchObject({ finding: 'missing_in_procurify', isFree: false })
    expect(found['b']?.message).toContain('twice')
    expect(judge([invoice('a'), invoice('b')], [])['b']?.isFree).toBe(false)
    expect(judge([invoice('a'), invoice('b')], [])['a']?.isFree).toBe(true)
  })

  it('are different documents when day, amount or currency differ, and each may be drafted', () => {
    for (const other of [{ day: '2026-03-02' }, { total: '101' }, { currency: 'EUR' }])
      expect(judge([invoice('a'), invoice('b', other)], [])['b']?.isFree).toBe(true)
  })
})

describe('any group', () => {
  const days = fc.constantFrom('2026-01-05', '2026-03-01', '2026-03-02', '2026-12-24', null)
  const totals = fc.constantFrom('100', '100.01', '60', '40', '-100', null)
  const marks = fc.constantFrom<readonly string[]>([], ['PO-1'])
  const sides = fc.record({ day: days, total: totals, currency: fc.constantFrom('USD', 'EUR', null), poMarks: marks })
  const invoices = fc
    .array(sides, { minLength: 1, maxLength: 5 })
    .map((all) => all.map((fields, at) => invoice(`i${at}`, fields)))
  const bills = fc
    .array(fc.tuple(sides, fc.boolean()), { maxLength: 6 })
    .map((all) => all.map(([fields, isLive], at) => bill(`b${at}`, { ...fields, isLive })))

  it('is judged the same whatever order it comes in', () => {
    fc.assert(
      fc.property(invoices, bills, fc.nat(), fc.nat(), (all, found, turnA, turnB) => {
        const turn = <T>(items: T[], by: number): T[] =>
          items.map((_, at) => items[(at + by) % items.length] as T).reverse()
        expect(judge(turn(all, turnA), turn(found, turnB))).toEqual(judge(all, found))
      }),
    )
  })

  it('gives each bill to one invoice at most, and only live ones', () => {
    fc.assert(
      fc.property(invoices, bills, (all, found) => {
        const given = Object.values(judge(all, found)).flatMap((one) => one.bills)
        expect(new Set(given).size).toBe(given.length)
        const live = new Set(found.filter(({ isLive }) => isLive).map(({ id }) => id))
        expect(given.filter((id) => !live.has(id))).toEqual([])
      }),
    )
  })

  it('calls nothing matched whose amounts do not agree, and lets nothing be drafted that has a bill', () => {
    fc.assert(
      fc.property(invoices, bills, (all, found) => {
        const judged = judge(all, found)
        for (const one of all) {
          const { finding, bills: ids, isFree } = judged[one.id] ?? { finding: '', bills: [], isFree: true }
          const total = ids.reduce((sum, id) => sum + Number(found.find((each) => each.id === id)?.total ?? NaN), 0)
          if (finding === 'matched') expect(Math.abs(total - Number(one.total))).toBeLessThan(0.0101)
          if (isFree) expect([finding, ids]).toEqual(['missing_in_procurify', []])
        }
      }),
    )
  })
})

it('money is written with two decimals at least, and nothing is rounded', () => {
  expect([money('5', 'USD'), money('5.1', null), money('-5.123', 'EUR')]).toEqual(['5.00 USD', '5.10', '-5.123 EUR'])
})
