import { NumberText, type Row } from '../exchange.js'
import { ZERO_UUID, stableUuid } from './random.js'

/** A line as the seed describes it; everything left out is ordinary. Quantities and prices are decimal texts. */
export interface OddLine {
  readonly price?: string
  /** One release each; none = a line without releases. */
  readonly quantities?: readonly string[]
  readonly line?: Row
  readonly release?: Row
}

export interface OddOrder {
  /** Stable: tests look an order up by it. */
  readonly number: string | null
  readonly order?: Row
  readonly lines: readonly OddLine[]
}

const LONG_TEXT =
  `Hydraulic press "No. 4" overhaul:\r\n${'- replace seals, hoses & O-rings;\n\tcheck 3/8" fittings\r\n'.repeat(20)}`.padEnd(
    1100,
    '.',
  )

const ONE: OddLine = { price: '12.5', quantities: ['4'] }

/** The mess of real order files, one trait each. */
export const ODD_ORDERS: readonly OddOrder[] = [
  { number: 'PO-LONG', lines: [{ ...ONE, line: { description: LONG_TEXT } }] },
  {
    number: 'PO-387',
    lines: Array.from({ length: 387 }, (_, i) => ({ price: `${(i % 90) + 1}.25`, quantities: [String((i % 7) + 1)] })),
  },
  { number: 'PO-TENDECIMALS', lines: [{ price: '0.5', quantities: ['0.1234567891'] }] },
  { number: 'PO-NINEDECIMALS', lines: [{ price: '0.123456789', quantities: ['1000'] }] },
  { number: 'PO-SIXDECIMALS', lines: [{ price: '1.234567', quantities: ['3', '2.5'] }] },
  { number: 'PO-ZEROPRICE', lines: [{ price: '0', quantities: ['10'] }, ONE] },
  {
    number: 'PO-SAMELINE',
    lines: [ONE, { ...ONE, line: { lineItemNumber: 1, description: 'The same line number again' } }],
  },
  {
    number: 'PO-CANCELLEDLINE',
    lines: [ONE, { ...ONE, line: { status: 'Cancelled' }, release: { status: 'Cancelled' } }],
  },
  { number: 'PO-ALLCANCELLED', lines: [{ ...ONE, release: { status: 'Cancelled' } }] },
  // One number, two suppliers: the seed gives each its own.
  { number: 'PO-SHARED', lines: [ONE] },
  { number: 'PO-SHARED', order: { _other: true }, lines: [{ price: '99', quantities: ['1'] }] },
  { number: 'PO-NOLINES', lines: [] },
  { number: 'PO-NORELEASES', lines: [{ price: '5', quantities: [] }] },
  {
    number: 'PO-BLANKET',
    order: { blanketOrder: true, type: 'Blanket' },
    lines: [{ price: '7.25', quantities: [], line: { blanketQuantity: 1200 } }],
  },
  { number: 'PO-UNITS', lines: [{ ...ONE, line: { unit: 'LB', orderUnit: 'EA' } }] },
  { number: 'PO-NOUNIT', lines: [{ ...ONE, line: { unit: null, orderUnit: null } }] },
  { number: 'PO-TOTAL', order: { lineItemTotal: 999.99 }, lines: [ONE] },
  { number: 'PO-NOACCOUNT', lines: [{ ...ONE, line: { accountId: null } }] },
  { number: 'PO-ZEROACCOUNT', lines: [{ ...ONE, line: { accountId: ZERO_UUID } }] },
  { number: 'PO-UNLINKED', lines: [{ ...ONE, line: { accountId: stableUuid('account', '61400-040-0000') } }] },
  { number: 'PO-NOSUPPLIER', order: { supplierId: ZERO_UUID }, lines: [ONE] },
  { number: 'PO-GHOSTSUPPLIER', order: { supplierId: stableUuid('nobody') }, lines: [ONE] },
  { number: 'PO-NOCURRENCY', order: { currencyCode: null }, lines: [ONE] },
  { number: 'PO-SEK', order: { currencyCode: 'SEK' }, lines: [ONE] },
  { number: 'PO-NOPLACE', order: { building: null, department: null }, lines: [ONE] },
  {
    number: 'PO-BLANKPLACE',
    order: { building: '', department: '' },
    lines: [{ ...ONE, line: { building: '', department: '' } }],
  },
  { number: 'PO-NORTH', order: { building: 'NORTH' }, lines: [{ ...ONE, line: { building: 'NORTH' } }] },
  {
    number: 'PO-TWOPLACES',
    lines: [ONE, { ...ONE, line: { building: 'WEST', department: 'Production' } }],
  },
  { number: 'PO-DENIED', order: { status: 'Denied' }, lines: [ONE] },
  { number: 'PO-GONESTATUS', order: { status: 'Legacy Open' }, lines: [ONE] },
  { number: null, lines: [ONE] },
  { number: 'po 12/34 "x"', lines: [ONE] },
  {
    number: 'PO-NODUE',
    order: { dueDate: null },
    lines: [{ ...ONE, release: { dueDate: null, originalDueDate: null } }],
  },
  { number: 'PO-PARTS', lines: [{ ...ONE, line: { itemId: null, partId: stableUuid('part', 1), description: null } }] },
  // Spellings that a JavaScript number would change.
  {
    number: 'PO-SPELLING',
    lines: [
      { ...ONE, line: { unitPrice: new NumberText('12.50') }, release: { quantity: new NumberText('4.0000000000') } },
    ],
  },
]
