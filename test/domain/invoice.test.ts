/** Numbers, amounts and days of invoices and bills: what makes two of them comparable. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  billDay,
  foldCurrency,
  foldNumber,
  invoiceDay,
  isLiveBill,
  isPlaceholder,
  purchasesOf,
  shownNumber,
  totalsOf,
} from '../../src/domain/invoice.js'
import { aBill, aLine, anInvoice, control } from './invoice-factories.js'

describe('the number of an invoice', () => {
  it.each([
    [' 000123 ', '123'],
    ['INV 10 / 7', 'inv10/7'],
    ['re\u00a04711', 'RE4711'],
    ['ＩＮＶ-1', 'inv-1'],
    ['0', '000'],
  ])('%s is the same as %s', (left, right) => {
    expect(foldNumber(left)).toBe(foldNumber(right))
  })

  it.each([
    ['1-23', '12-3'],
    ['100', '1000'],
    ['A1', '1'],
    ['0', '1'],
  ])('%s is another than %s', (left, right) => {
    expect(foldNumber(left)).not.toBe(foldNumber(right))
  })

  it('folds to the same whatever case, blanks and zeros were typed, and folding twice changes nothing', () => {
    const blanks = fc.stringMatching(/^[ \t\u00a0]{0,3}$/)
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9/.-]{1,20}$/),
        blanks,
        fc.nat(4),
        fc.boolean(),
        (number, blank, zeros, upper) => {
          const typed = `${blank}${'0'.repeat(zeros)}${upper ? number.toUpperCase() : number.toLowerCase()}${blank}`
          const folded = foldNumber(number)
          expect(foldNumber(typed)).toBe(folded)
          expect(foldNumber(folded)).toBe(folded)
        },
      ),
    )
  })

  it('is missing when nothing is left of it', () => {
    expect(foldNumber(null)).toBeNull()
    expect(foldNumber('  \u200b')).toBeNull()
    expect(shownNumber('  00 7 a ')).toBe('00 7 a')
    expect(shownNumber(' ')).toBeNull()
  })

  it('only holds a place when it is one of the placeholders, or none at all', () => {
    expect(isPlaceholder(' received', ['Received'])).toBe(true)
    expect(isPlaceholder('TBD', ['Received', 'tbd'])).toBe(true)
    expect(isPlaceholder(null, [])).toBe(true)
    expect(isPlaceholder('Received-1', ['Received'])).toBe(false)
  })
})

describe('the total of an invoice', () => {
  it('leaves the control row out', () => {
    const lines = [aLine('100.10'), aLine('0.20'), control('-100.30')]
    expect(totalsOf(anInvoice({ lines }))).toEqual({ currency: 'USD', net: '100.3', tax: '0', gross: '100.3' })
  })

  it('of a credit note is negative, however its amounts are written', () => {
    const credited = anInvoice({ debitMemo: true, lines: [aLine('-50'), control('50')], foreignCurrencyAmount: '-50' })
    const unsigned = anInvoice({ debitMemo: true, lines: [aLine('50'), control('-50')], foreignCurrencyAmount: '50' })
    const headOnly = anInvoice({ debitMemo: true, lines: [], foreignCurrencyAmount: '50' })
    for (const invoice of [credited, unsigned, headOnly]) expect(totalsOf(invoice).gross).toBe('-50')
    // Without the flag the lines decide.
    expect(totalsOf(anInvoice({ lines: [aLine('-50')] })).gross).toBe('-50')
  })

  it('adds nested taxes unless the control row says that the lines hold them', () => {
    const outside = anInvoice({ lines: [aLine('100', { taxes: ['8.25'] }), control('-108.25')] })
    expect(totalsOf(outside)).toMatchObject({ net: '100', tax: '8.25', gross: '108.25' })
    const inside = anInvoice({ lines: [aLine('100', { taxes: ['8.25'] }), aLine('8.25'), control('-108.25')] })
    expect(totalsOf(inside)).toMatchObject({ net: '100', tax: '8.25', gross: '108.25' })
    const credit = anInvoice({ lines: [aLine('-100', { taxes: ['8.25'] }), control('108.25')] })
    expect(totalsOf(credit)).toMatchObject({ net: '-100', tax: '-8.25', gross: '-108.25' })
  })

  it('is in the currency of the document, and falls back to the base where that is all there is', () => {
    const lines = [aLine('100', { base: '108.25' })]
    expect(totalsOf(anInvoice({ currencyCode: ' eur', lines }))).toMatchObject({ currency: 'EUR', gross: '100' })
    expect(totalsOf(anInvoice({ lines: [aLine('0', { base: '108.25' })] })).gross).toBe('108.25')
    const empty = { ...aLine('0', { base: '108.25' }), currencyDebit: null, currencyCredit: ' ' }
    expect(totalsOf(anInvoice({ lines: [empty] })).gross).toBe('108.25')
    // One amount in the currency of the document is enough for all to be read in it.
    expect(totalsOf(anInvoice({ lines: [...lines, empty] })).gross).toBe('100')
  })

  it('is that of the header where no lines are shown, and unknown where nothing is', () => {
    expect(totalsOf(anInvoice({ lines: [], foreignCurrencyAmount: '12.50', amount: '1' })).gross).toBe('12.5')
    expect(totalsOf(anInvoice({ lines: [], foreignCurrencyAmount: null, amount: '7' })).gross).toBe('7')
    const unknown = { currency: 'USD', net: null, tax: null, gross: null }
    expect(totalsOf(anInvoice({ lines: [], foreignCurrencyAmount: null, amount: null }))).toEqual(unknown)
    expect(totalsOf(anInvoice({ lines: [], debitMemo: true, foreignCurrencyAmount: null, amount: null }))).toEqual(
      unknown,
    )
    expect(totalsOf(anInvoice({ lines: [], foreignCurrencyAmount: '12.50' }))).toMatchObject({ net: '12.5', tax: '0' })
  })

  it('goes by the header where there is no control row, and adds the taxes where there is neither', () => {
    const lines = [aLine('100', { taxes: ['8.25'] })]
    expect(totalsOf(anInvoice({ lines, foreignCurrencyAmount: '100' }))).toMatchObject({ net: '91.75', gross: '100' })
    expect(totalsOf(anInvoice({ lines, foreignCurrencyAmount: '108.25' }))).toMatchObject({ gross: '108.25' })
    expect(totalsOf(anInvoice({ lines, foreignCurrencyAmount: null, amount: null })).gross).toBe('108.25')
    const refund = anInvoice({ lines: [aLine('-100', { taxes: ['-8.25'] }), control('108.25')] })
    expect(totalsOf(refund)).toMatchObject({ net: '-100', tax: '-8.25', gross: '-108.25' })
  })

  it('is the exact sum of its lines in any order, and net and tax add up to it', () => {
    const cents = fc.integer({ min: -9_999_999, max: 9_999_999 }).map((value) => (value / 100).toFixed(2))
    const rows = fc.array(fc.tuple(cents, fc.nat(9999)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(rows, fc.nat(7), (amounts, turn) => {
        const lines = amounts.map(([amount, tax]) => aLine(amount, { taxes: [(tax / 10_000).toFixed(4)] }))
        const turned = [...lines.slice(turn % lines.length), ...lines.slice(0, turn % lines.length), control('-1')]
        const [one, other] = [anInvoice({ lines: [...lines, control('-1')] }), anInvoice({ lines: turned })].map(
          totalsOf,
        )
        expect(one).toEqual(other)
        const units = (text: string | null | undefined) => Math.round(Number(text) * 10_000)
        expect(units(one?.net) + units(one?.tax)).toBe(units(one?.gross))
        const booked = amounts.reduce((total, [amount]) => total + units(amount), 0)
        expect([booked, booked + units(one?.tax)]).toContain(units(one?.gross))
      }),
    )
  })
})

describe('what was bought', () => {
  const amounts = (invoice: Parameters<typeof purchasesOf>[0]) => purchasesOf(invoice).map(({ amount }) => amount)

  it('adds up to the total, taxes and signs as they are there', () => {
    expect(amounts(anInvoice({ lines: [aLine('60'), aLine('0'), aLine('40'), control('-100')] }))).toEqual(['60', '40'])
    expect(amounts(anInvoice({ debitMemo: true, lines: [aLine('60'), aLine('40')] }))).toEqual(['-60', '-40'])
    expect(amounts(anInvoice({ debitMemo: true, lines: [aLine('-60'), aLine('-40')] }))).toEqual(['-60', '-40'])
    const taxed = purchasesOf(anInvoice({ lines: [aLine('100', { taxes: ['8.25'] }), control('-108.25')] }))
    expect(taxed[1]).toEqual({ description: 'Tax', account: null, amount: '8.25' })
  })

  it('is one line of the whole amount where only the header is shown, and nothing where no amount is', () => {
    const headOnly = anInvoice({ lines: [], foreignCurrencyAmount: '12.50' })
    expect(purchasesOf(headOnly)).toEqual([{ description: null, account: null, amount: '12.5' }])
    expect(purchasesOf(anInvoice({ lines: [], foreignCurrencyAmount: null, amount: null }))).toEqual([])
    expect(purchasesOf(anInvoice({ lines: [aLine('0')] }))).toEqual([])
  })
})

describe('days and states', () => {
  it('takes the day of the plant for an invoice and the written day for a bill', () => {
    expect(invoiceDay(anInvoice({ transactionDate: '2026-03-01T05:00:00Z' }), 'America/Detroit')).toBe('2026-03-01')
    expect(invoiceDay(anInvoice({ transactionDate: '2026-03-01T04:00:00Z' }), 'America/Detroit')).toBe('2026-02-28')
    for (const invoiceDate of ['2026-03-01', '2026-03-01T00:00:00-08:00', '2026-03-01T05:00:00Z'])
      expect(billDay(aBill({ invoiceDate }), 'America/Detroit')).toBe('2026-03-01')
    // An instant that is no midnight anywhere is a moment of the plant's day.
    for (const invoiceDate of ['2026-03-02T03:00:00Z', '2026-03-01T17:30:00Z'])
      expect(billDay(aBill({ invoiceDate }), 'America/Detroit')).toBe('2026-03-01')
    for (const invoiceDate of [' 2026-03-01 00:00 ', '2026-03-01T00:00:00.000+09:00'])
      expect(billDay(aBill({ invoiceDate }), 'America/Detroit')).toBe('2026-03-01')
    for (const invoiceDate of [null, '', 'on 2026-03-01', '03/01/2026'])
      expect(billDay(aBill({ invoiceDate }), 'UTC')).toBeNull()
  })

  it('counts neither denied nor withdrawn bills', () => {
    expect(['0', '1', '2', '4', null].map((status) => isLiveBill({ status }))).toEqual(Array(5).fill(true))
    expect(['3', '5'].map((status) => isLiveBill({ status }))).toEqual([false, false])
    expect([foldCurrency(' usd '), foldCurrency(null)]).toEqual(['USD', null])
  })
})
