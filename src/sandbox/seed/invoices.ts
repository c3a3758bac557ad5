import { billRow } from '../procurify-bills.js'
import type { PlexData } from '../plex.js'
import type { ProcurifyData } from '../procurify.js'
import { textOf, type Row } from '../exchange.js'
import { USER_IDS, stableUuid, type Dice } from './random.js'
import { accountId, accountNumber } from './reference.js'

/** The control account every invoice is booked against. */
const PAYABLES = accountNumber('20100', '000')

/** Vendor ids of the seed, with the supplier code each one meets; only these can have bills before the first pass. */
const PAIRS: readonly [Pair, ...Pair[]] = [
  { code: 'BRACKHOLM', vendor: 2 },
  { code: 'TRAIL', vendor: 3 },
  { code: 'LEAD', vendor: 4 },
  { code: 'DOUBLE', vendor: 5 },
  { code: 'WURZ', vendor: 6 },
  { code: 'ANGMARK', vendor: 7 },
  { code: 'PARENT0', vendor: 9 },
]

/** A supplier and the vendor that is the same company. */
interface Pair {
  readonly code: string
  readonly vendor: number
}

/** How a bill departs from its invoice; most do not. */
type Departure = 'same' | 'cent' | 'amount' | 'day' | 'spelling' | 'twice' | 'missing'

/** Drawn with equal chance: five in twelve agree, two in twelve are not there. */
const DEPARTURES: readonly [Departure, ...Departure[]] = [
  ...(['same', 'same', 'same', 'same', 'same'] as const),
  ...(['cent', 'amount', 'day', 'spelling', 'twice', 'missing', 'missing'] as const),
]

/**
 * AP invoices and the bills that match them, more or less: credit notes, cents of rounding, one number used by two
 * vendors, numbers typed differently, bills entered twice, and invoices that still have the placeholder number.
 */
export function seedInvoices(plex: PlexData, procurify: ProcurifyData, count: number, dice: Dice): void {
  const suppliers = plex.suppliers.all().filter((row) => row['status'] === 'Active' && row['type'] !== 'Carrier')
  const byCode = new Map(suppliers.map((row) => [row['code'], row]))
  const shared = 'INV-SHARED-7'
  for (let n = 0; n < count; n += 1) {
    const pair = n % 3 === 0 ? undefined : dice.pick(PAIRS)
    const supplier = (pair && byCode.get(pair.code)) ?? suppliers[dice.between(0, suppliers.length - 1)] ?? {}
    const number = n < 2 ? shared : n % 19 === 18 ? 'Received' : invoiceNumber(n, dice)
    const invoice = invoiceRow({ n, number, supplier: n < 2 ? (suppliers[n] ?? supplier) : supplier }, dice)
    plex.invoices.seed(invoice)
    if (pair !== undefined && n >= 2 && number !== 'Received') seedBills(procurify, invoice, pair.vendor, n, dice)
  }
}

/** Numbers as suppliers print them: leading zeros, letters in both cases, slashes, spaces. */
function invoiceNumber(n: number, dice: Dice): string {
  const plain = String(10_000 + n)
  return dice.pick([`INV-${plain}`, `000${plain}`, `${plain}/26`, `RE ${plain}`, `inv${plain}a`])
}

/** What is decided about an invoice before its row is made. */
interface InvoicePlan {
  readonly n: number
  readonly number: string
  readonly supplier: Row
}

/** Amounts are drawn in whole cents, so that lines always add up to the header. */
function invoiceRow({ n, number, supplier }: InvoicePlan, dice: Dice): Row {
  const daysAgo = dice.between(5, 350)
  const isCredit = n % 23 === 22
  const isPlaceholder = number === 'Received'
  const isPaid = !isPlaceholder && daysAgo > 60
  const lines = Array.from({ length: dice.between(1, 4) }, () => dice.between(100, 500_000))
  const cents = lines.reduce((sum, line) => sum + line, 0)
  const amount = (isCredit ? -cents : cents) / 100
  const createdDate = dice.instant(daysAgo)
  return {
    id: stableUuid('invoice', n),
    invoiceNumber: n % 67 === 66 ? null : number,
    supplierId: supplier['id'] ?? null,
    supplierCode: supplier['code'] ?? null,
    supplierAddressId: null,
    periodDisplay: '2026-05',
    transactionDate: dice.localMidnight(daysAgo + 2),
    buildingCode: 'MAIN',
    currencyCode: n % 13 === 12 ? 'EUR' : 'USD',
    exchangeRate: n % 13 === 12 ? 1.0825 : 1,
    department: 10,
    terms: 'Net 30',
    dueDate: dice.localMidnight(daysAgo - 28),
    status: isPlaceholder ? 'New' : 'Open',
    type: 'Invoice',
    createdById: dice.pick(USER_IDS),
    createdDate,
    modifiedById: null,
    modifiedDate: n % 11 === 10 ? null : dice.instant(Math.max(1, daysAgo - 3)),
    booked: !isPlaceholder,
    amount,
    paid: isPaid,
    paidDate: isPaid ? dice.localMidnight(daysAgo - 30) : null,
    balance: isPaid ? 0 : amount,
    foreignCurrencyAmount: amount,
    foreignCurrencyBalance: isPaid ? 0 : amount,
    debitMemo: isCredit ? 1 : 0,
    intercompany: 0,
    poNumber: null,
    poId: null,
    externalReferenceCode: null,
    lines: distribution(n, lines, isCredit),
  }
}

/** Expense lines, then the payables control row (`offset` 1), which is not a purchase. */
function distribution(n: number, cents: readonly number[], isCredit: boolean): Row[] {
  const line = (i: number, number: string, amount: number, isDebit: boolean, offset: number): Row => ({
    lineId: stableUuid('invoice-line', n, i),
    accountNumber: number,
    accountId: accountId(number),
    description: offset === 1 ? null : 'Goods as ordered',
    debit: isDebit ? amount : 0,
    credit: isDebit ? 0 : amount,
    currencyDebit: isDebit ? amount : 0,
    currencyCredit: isDebit ? 0 : amount,
    unitPrice: amount,
    quantity: 1,
    receiptId: null,
    offset,
    uoM: 'EA',
    taxes: [],
  })
  const total = cents.reduce((sum, amount) => sum + amount, 0)
  return [
    ...cents.map((amount, i) => line(i, accountNumber('61200', '010'), amount / 100, !isCredit, 0)),
    line(cents.length, PAYABLES, total / 100, isCredit, 1),
  ]
}

/** The bill of an invoice as a clerk typed it: right, nearly right, twice, or not at all. */
function seedBills(data: ProcurifyData, invoice: Row, vendor: number, n: number, dice: Dice): void {
  const departure = dice.pick(DEPARTURES)
  if (departure === 'missing') return
  const bill = (copy: number): Row => {
    const cents =
      Math.round(Number(invoice['amount']) * 100) + (departure === 'cent' ? 1 : departure === 'amount' ? 2500 : 0)
    const day = String(invoice['transactionDate']).slice(0, 10)
    return billRow({
      id: 7000 + data.bills.size,
      uuid: stableUuid('bill', n, copy),
      vendor,
      invoice_number: spelled(textOf(invoice['invoiceNumber']), departure),
      invoice_date: departure === 'day' ? nextDay(day) : day,
      due_date: String(invoice['dueDate']).slice(0, 10),
      currency: invoice['currencyCode'] === 'EUR' ? 2 : 1,
      status: dice.pick([0, 1, 2, 2, 4]),
      user: 1,
      creator: 1,
      last_modified_datetime: dice.micro(dice.between(1, 200)),
      items: [{ description: 'Goods as ordered', quantity: '1', unit_cost: (cents / 100).toFixed(2), account: 1 }],
    })
  }
  data.bills.seed(bill(0))
  if (departure === 'twice') data.bills.seed(bill(1))
}

/** The number as another person types it. */
function spelled(number: string, departure: Departure): string {
  return departure === 'spelling' ? ` ${number.toLowerCase().replace(/^0+/, '')}` : number
}

/** The day after, for invoices whose date was taken from the stamp instead of the paper. */
function nextDay(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
}
