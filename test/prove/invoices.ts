/** Invoices in the proof: the ones that Plex has, the bills that people enter, and what must be found of them in the end. */
import { billRow } from '../../src/sandbox/procurify-bills.js'
import type { Row } from '../../src/sandbox/exchange.js'
import type { Sandbox } from '../../src/sandbox/sandbox.js'
import type { Dice } from './dice.js'
import type { Play } from './play.js'
import type { PassStep, Stamp, Step } from './schedule.js'

/** How a schedule treats invoices: not at all, finding their bills, or drafting those that are missing. */
export type Invoicing = 'none' | 'match' | 'draft'

/** `supplier`: another one's, so that the bill of the old one is no match any more. */
type InvoiceChange = 'add' | 'amount' | 'supplier' | 'touch'
/** What people do with the bill of an invoice: enter it (right or wrong), correct it, withdraw it. */
type BillAction = 'enter' | 'enter-wrong' | 'correct' | 'withdraw'

export type InvoiceStep =
  | { readonly do: 'invoice'; readonly at: number; readonly change: InvoiceChange; readonly stamp: Stamp }
  | { readonly do: 'bill'; readonly at: number; readonly action: BillAction }

const STAMPS: readonly Stamp[] = [
  { kind: 'now', ms: 0 },
  { kind: 'now', ms: 0 },
  { kind: 'tie', ms: 0 },
  { kind: 'late', ms: 60_000 },
  { kind: 'future', ms: 600_000 },
]

/**
 * Puts invoices and bills between the steps of a schedule, and passes that may go wrong after the vendors are there. Where bills are
 * drafted, people enter none.
 */
export function weaveInvoices(
  steps: readonly Step[],
  how: Exclude<Invoicing, 'none'>,
  dice: Dice,
  { plain, makePass }: { plain: PassStep; makePass: () => PassStep },
): Step[] {
  const makeInvoice = (): InvoiceStep => ({
    do: 'invoice',
    at: dice.between(0, 5),
    change: dice.pick(how === 'draft' ? (['add', 'add', 'touch'] as const) : CHANGES),
    stamp: dice.pick(STAMPS),
  })
  const makeBill = (): InvoiceStep => ({ do: 'bill', at: dice.between(0, 5), action: dice.pick(ACTIONS) })
  const woven: Step[] = [...steps]
  const insert = (step: Step): void => void woven.splice(dice.between(0, woven.length), 0, step)
  for (let n = dice.between(1, 3); n > 0; n -= 1) insert(makeInvoice())
  for (let n = how === 'match' ? dice.between(1, 3) : 0; n > 0; n -= 1) insert(makeBill())
  if (dice.chance(0.5)) insert(makePass())
  const pauseMs = dice.pick([5_000, 60_000, 660_000])
  return [...woven, plain, makeInvoice(), makePass(), { do: 'wait', ms: pauseMs }, makePass()]
}

const CHANGES: readonly InvoiceChange[] = ['add', 'add', 'amount', 'supplier', 'touch']
const ACTIONS: readonly BillAction[] = ['enter', 'enter', 'enter-wrong', 'correct', 'withdraw']

/** Status of a bill that pays nothing any more (procurify.md section 10). */
const WITHDRAWN = 5

export class ProofInvoices {
  readonly #sandbox: Sandbox
  #names = 0

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
  }

  /** Answers the invoice that was made or changed. */
  change({ at, change }: Extract<InvoiceStep, { do: 'invoice' }>, dates: Row): Row {
    const { invoices, suppliers } = this.#sandbox.plex.state.data
    const all = invoices.all()
    const row = all[at % Math.max(1, all.length)]
    const someone = suppliers.all()[at % suppliers.size]
    if (change === 'add' || row === undefined) return this.#add(someone, dates)
    this.#names += 1
    const ofSupplier = { supplierId: someone?.['id'], supplierCode: someone?.['code'] }
    const changes = {
      amount: amountsOf(100 + this.#names),
      supplier: ofSupplier,
      touch: { note: `note ${this.#names}` },
    }
    invoices.edit(String(row['id']), { ...changes[change], ...dates })
    return row
  }

  /** An invoice has one bill at most: a second one would be a person's mistake, which is told and not undone. */
  beBilled({ at, action }: Extract<InvoiceStep, { do: 'bill' }>): void {
    const { bills } = this.#sandbox.procurify.state.data
    const all = this.#sandbox.plex.state.data.invoices.all()
    const invoice = all[at % Math.max(1, all.length)]
    const vendor = invoice === undefined ? undefined : vendorOf(this.#sandbox, invoice)
    if (invoice === undefined || vendor === undefined) return
    const bill = bills.all().find((one) => one['invoice_number'] === invoice['invoiceNumber'])
    const total = Number(invoice['amount'])
    if (bill !== undefined) {
      const isEntered = action === 'enter' || action === 'enter-wrong'
      if (isEntered) return
      const edit = action === 'withdraw' ? { status: WITHDRAWN } : { total_cost_with_tax: total, vendor: vendor['id'] }
      return void bills.edit(String(bill[bills.key]), edit)
    }
    if (action === 'correct' || action === 'withdraw') return
    this.#names += 1
    const text = `${action === 'enter' ? total : total + 1}.00`
    bills.add(
      billRow({
        ...{ id: 9000 + this.#names, uuid: `b111${String(this.#names).padStart(4, '0')}-0000-4000-8000-000000000001` },
        ...{ vendor: vendor['id'], invoice_number: invoice['invoiceNumber'], invoice_date: '2026-06-01' },
        ...{ currency: 1, status: 2, user: 1, creator: 1 },
        items: [{ description: 'Goods', quantity: '1', unit_cost: text, account: 1 }],
      }),
    )
  }

  #add(supplier: Row | undefined, dates: Row): Row {
    this.#names += 1
    const number = String(this.#names).padStart(4, '0')
    return this.#sandbox.plex.state.data.invoices.add({
      ...{ id: `5a0a${number}-0000-4000-8000-00000000${number}`, invoiceNumber: `INV-${number}`, currencyCode: 'USD' },
      ...{ supplierId: supplier?.['id'], supplierCode: supplier?.['code'], poId: null, debitMemo: 0, booked: true },
      ...{ transactionDate: '2026-06-01T16:00:00Z', dueDate: '2026-07-01T16:00:00Z' },
      ...amountsOf(100 + this.#names),
      ...dates,
    })
  }
}

function amountsOf(amount: number): Row {
  const line = (debit: number, credit: number, offset: number): Row => ({
    ...{ accountNumber: '61100-010', description: 'Goods', offset, taxes: [] },
    ...{ debit, credit, currencyDebit: debit, currencyCredit: credit },
  })
  return { amount, foreignCurrencyAmount: amount, lines: [line(amount, 0, 0), line(0, amount, 1)] }
}

function vendorOf({ plex, procurify }: Sandbox, invoice: Row): Row | undefined {
  const externalId = `plex:${plex.state.login.pcn}:${String(invoice['supplierId'])}`
  return procurify.state.data.vendors.find((vendor) => vendor['external_id'] === externalId)
}

/** Each invoice is told as it is, from what both systems hold; where bills are drafted, each has exactly one. */
export async function judgeInvoices(play: Play): Promise<string[]> {
  const { sandbox, schedule, state, connection } = play
  if (schedule.invoicing === 'none') return []
  const rows = await state.rows<{ source_id: string; finding: string | null }>(
    `select source_id, sent ->> 'finding' as finding from link where connection = $1 and stream = 'invoices'`,
    [connection],
  )
  const open = await state.rows<{ source_id: string; state: string; code: string | null }>(
    `select source_id, state, code from intent where connection = $1 and stream = 'invoices' and state <> 'done'`,
    [connection],
  )
  const findings = new Map(rows.map((row) => [row.source_id, row.finding]))
  const { bills } = sandbox.procurify.state.data
  return sandbox.plex.state.data.invoices.all().flatMap((invoice) => {
    const id = String(invoice['id'])
    const vendor = vendorOf(sandbox, invoice)
    const mine = bills.all().filter((bill) => bill['invoice_number'] === invoice['invoiceNumber'])
    const live = mine.filter((bill) => bill['vendor'] === vendor?.['id'] && bill['status'] !== WITHDRAWN)
    const found = findings.get(id)
    const intent = open.find((one) => one.source_id === id)
    const who = `invoice ${String(invoice['invoiceNumber'])} (${found ?? 'no finding'}, ${intent?.state ?? 'settled'} ${intent?.code ?? ''})`
    if (mine.length > 1) return [`twice: ${who} has ${mine.length} bills`]
    // Whether the last try arrived could not be proved: told, not lost.
    if (intent?.code === 'in_doubt') return []
    if (intent !== undefined) return [`open: ${who}`]
    const expected = expectedOf(invoice, vendor, live)
    if (schedule.invoicing === 'draft' && vendor !== undefined && live.length === 0) return [`lost: ${who} has no bill`]
    return found === expected ? [] : [`stale: ${who} should be told as ${expected}`]
  })
}

function expectedOf(invoice: Row, vendor: Row | undefined, [bill]: readonly Row[]): string {
  if (vendor === undefined) return 'vendor_unknown'
  if (bill === undefined) return 'missing_in_procurify'
  return Number(bill['total_cost_with_tax']) === Number(invoice['amount']) ? 'matched' : 'amount_differs'
}
