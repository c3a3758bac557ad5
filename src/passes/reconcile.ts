/**
 * The order of a comparison of both sides: suppliers first (orders and invoices are told by their vendors), then reference data,
 * orders, invoices. Lists are streamed; of each record no more is kept than comparing and telling take. Nothing is written. A
 * list that cannot be read, or cannot be true, ends it: half a comparison would call the other half missing.
 */
import type { StreamCount } from '../domain/reconcile.js'
import {
  isFresh,
  judgeOpen,
  sortFindings,
  type Finding,
  type OpenChange,
  type Range,
  type StreamFigures,
} from '../domain/reconcile.js'
import { Amounts, type MonthFigures, type SupplierFigures } from '../domain/reconcile-amounts.js'
import { worstOutcome, type RunOutcome } from '../domain/outcome.js'
import type { AlignOptions } from '../domain/plan-refdata.js'
import type { ScopeOptions } from '../domain/order-scope.js'
import { recordIdOf, type StreamName } from '../domain/record.js'
import type { Problem, Tally } from '../domain/tally.js'
import type { Clock, RefdataSources, Reporter, Store } from '../ports.js'
import type { ReconcileBooks, ReconcileSystems } from './reconcile-sources.js'
import { compareInvoices } from './reconcile-invoices.js'
import { compareOrders } from './reconcile-orders.js'
import { compareRefdata } from './reconcile-refdata.js'
import { compareSuppliers } from './reconcile-suppliers.js'
import { isOver, type Patience } from './pass.js'

export interface ReconcileOptions {
  readonly range: Range
  readonly bySupplier: boolean
  readonly stuckDays: number
  readonly pcn: string
  readonly skipTypes: readonly string[]
  readonly inactiveStatuses: readonly string[]
  readonly scope: ScopeOptions
  /** First day of orders: PO_START_DATE; null = none are sent. */
  readonly ordersFrom: string | null
  /** First day of invoices: INVOICE_START_DATE. */
  readonly invoicesFrom: string
  readonly tolerance: string
  readonly skipNumbers: readonly string[]
  readonly align: AlignOptions
}

export interface ReconcilePass {
  readonly store: Store
  readonly books: ReconcileBooks
  readonly systems: ReconcileSystems
  readonly refdata: RefdataSources
  readonly clock: Clock
  readonly reporter: Reporter
  readonly signal: AbortSignal
  readonly deadlineAt: number
  readonly options: ReconcileOptions
  readonly tallyOf: (stream: StreamName) => Tally
}

/** What one stream learns for those after it, and where it puts what it finds. */
export interface Comparison {
  readonly startedAt: string
  readonly amounts: Amounts
  /** Of every supplier seen: for names in findings, and for `supplier:` in PO_ONLY. */
  readonly suppliers: Map<string, { readonly code: string | null; readonly name: string | null }>
  readonly vendorOf: Map<string, string>
  readonly supplierOf: Map<string, string>
  readonly counts: StreamCount[]
}

export interface ReconcileResult {
  readonly outcome: RunOutcome
  readonly takenAt: string
  /** Empty, like all that follows, unless both sides could be read. */
  readonly streams: readonly StreamFigures[]
  readonly amounts: readonly MonthFigures[]
  readonly bySupplier: readonly SupplierFigures[]
  readonly findings: readonly Finding[]
  readonly problems: readonly Problem[]
}

type Compare = (pass: ReconcilePass, comparison: Comparison) => Promise<boolean>

/** `partial` = something needs a person, `done` = both sides agree; anything else = they could not be compared. */
export async function runReconcile(pass: ReconcilePass): Promise<ReconcileResult> {
  const comparison: Comparison = {
    startedAt: await pass.books.now(),
    amounts: new Amounts(pass.options.bySupplier),
    ...{ suppliers: new Map(), vendorOf: new Map(), supplierOf: new Map(), counts: [] },
  }
  const steps: readonly Compare[] = [compareSuppliers, compareRefdata, compareOrders, compareInvoices]
  for (const compare of steps) {
    if (await compare(pass, comparison)) continue
    return toFailed(pass, comparison)
  }
  const { counts, amounts, startedAt } = comparison
  const findings = sortFindings(counts.flatMap((count) => count.findings))
  return {
    outcome: findings.length > 0 ? 'partial' : 'done',
    takenAt: startedAt,
    streams: counts.map((count) => count.figures()),
    amounts: amounts.byMonth(),
    bySupplier: amounts.bySupplierAndMonth(),
    findings,
    problems: problemsOf(pass),
  }
}

function toFailed(pass: ReconcilePass, { startedAt }: Comparison): ReconcileResult {
  const outcome = worstOutcome(COMPARED.map((stream) => pass.tallyOf(stream).outcome()))
  const nothing = { streams: [], amounts: [], bySupplier: [], findings: [] }
  return { outcome, takenAt: startedAt, ...nothing, problems: problemsOf(pass) }
}

const COMPARED: readonly StreamName[] = ['suppliers', 'locations', 'departments', 'accounts', 'pos', 'invoices']

function problemsOf({ tallyOf }: ReconcilePass): Problem[] {
  return COMPARED.flatMap((stream) => tallyOf(stream).problems)
}

// --------------------------------------------------------------------------------------------- what the streams share

export type StreamPass = ReconcilePass & Patience

/** Null = there is no time left. */
export function begin(pass: ReconcilePass, stream: StreamName): StreamPass | null {
  const streamPass = { ...pass, tally: pass.tallyOf(stream) }
  return isOver(streamPass) ? null : streamPass
}

/** An answer that cannot be true ends the comparison; nothing is concluded from it. */
export function refuse(
  { tally }: Pick<Patience, 'tally'>,
  code: 'empty_answer' | 'answer_short',
  message: string,
): false {
  tally.end('stopped')
  tally.problem(code, message)
  return false
}

export function reportIgnoredFilter({ tally }: Pick<Patience, 'tally'>, outside: number): void {
  if (outside === 0) return
  const message = `Plex sent ${outside} rows outside the window asked for: the date filter was ignored. They were filtered here.`
  tally.problem('filter_ignored', message)
}

/** Changes under way, by record: they are told here once, and not as missing or different as well. */
export async function readOpen({ books }: ReconcilePass, count: StreamCount): Promise<ReadonlyMap<string, OpenChange>> {
  const open = await books.open(count.stream)
  count.tell(open.flatMap((change) => judgeOpen(count.stream, change) ?? []))
  return new Map(open.map((change) => [recordIdOf(change.sourceId), change]))
}

/** Is a row newer than what the last run of the stream has seen? */
export async function freshness(
  { store }: ReconcilePass,
  stream: StreamName,
  startedAt: string,
): Promise<(row: { readonly modifiedAt: string | null; readonly createdAt: string | null }) => boolean> {
  const { position } = await store.watermark(stream)
  return ({ modifiedAt, createdAt }) => isFresh(modifiedAt ?? createdAt, position, startedAt)
}
