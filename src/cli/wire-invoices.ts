/** The invoice stream, brought together from its adapters: the third part of wire.ts. */
import { contentHash } from '../domain/content-hash.js'
import { dayIn } from '../domain/day.js'
import type { Result } from '../domain/failure.js'
import { readInvoiceState, type BillState } from '../domain/invoice-state.js'
import { FINDINGS, type Finding } from '../domain/match-invoice.js'
import {
  needsInvoiceSurvey,
  planInvoices,
  type InvoiceCase,
  type InvoiceSurvey,
  type PlanInvoicesOptions,
} from '../domain/plan-invoices.js'
import { requireTimeZone } from '../config.js'
import { makeCaseSource } from '../passes/invoice-cases.js'
import { makeInvoiceSource } from '../plex/invoices.js'
import type { InvoiceBooks } from '../ports-invoices.js'
import type { Stream } from '../ports.js'
import { makeBillFeed } from '../procurify/bill-feed.js'
import { makeBillTarget, readCurrencyIds } from '../procurify/bill-target.js'
import { readBill } from '../procurify/bills.js'
import { openInvoiceBooks, readDraftsRefused, saveDraftsRefused } from '../store/bills.js'
import type { World } from './wire.js'
import { requireSources } from './wire-plex.js'

const DAY_MS = 24 * 60 * 60_000
/** Without INVOICE_START_DATE: one year back. */
const YEAR_MS = 366 * DAY_MS
/** Bills may have been entered, and left alone since, this long before their invoice was entered in Plex. */
const BILL_LEAD_MS = 180 * DAY_MS

export interface InvoiceWiring {
  readonly stream: Stream<InvoiceCase, InvoiceSurvey>
  /** How many invoices there are of each finding, as of the end of the pass. */
  countFindings(): Promise<FindingCounts>
}

type FindingCounts = Readonly<Record<Finding, number>>

export interface InvoiceWiringOptions {
  readonly dryRun: boolean
  /** A replay: every invoice is read from Plex. */
  readonly isFresh: boolean
}

/** Reads first what is known of drafts here; a run with INVOICE_DELIVERY=match forgets that they were refused. */
export async function wireInvoices(world: World, options: InvoiceWiringOptions): Promise<InvoiceWiring> {
  const { config, plex, procurify, clock, store, database } = world
  const { invoice, connection } = config
  const { pageSize } = config.procurify
  const zone = requireTimeZone(config)
  requireSources(world.dataSources, 'sync invoices', 'invoices')
  const books = openInvoiceBooks(database.db, connection)
  const drafts = { isRefused: (await readDraftsRefused(database.db, connection)) !== null }
  if (drafts.isRefused && invoice.delivery === 'match' && !options.dryRun) {
    await saveDraftsRefused(database.db, connection, null)
  }
  const nowMs = clock.wallMs()
  const startDate = invoice.startDate ?? dayIn(new Date(nowMs - YEAR_MS).toISOString(), zone) ?? ''
  const floorMs = Date.parse(startDate) - DAY_MS
  const made = new Set<string>()
  const planOptions = (): PlanInvoicesOptions => ({
    ...{ startDate, zone, skipNumbers: invoice.skipNumbers, tolerance: invoice.tolerance },
    draft: invoice.delivery === 'draft' && !drafts.isRefused,
    made,
  })
  const unstored = new Map<string, BillState>()
  const planned = new Map<string, readonly [before: Finding | null, after: Finding | null]>()
  const source = makeInvoiceSource(plex, {
    dateFilter: config.plex.dateFilter,
    concurrency: config.sync.concurrency,
    clock,
  })
  const scope = contentHash([invoice.startDate, invoice.skipNumbers, invoice.tolerance, invoice.delivery, zone]).slice(
    0,
    16,
  )
  const stream: Stream<InvoiceCase, InvoiceSurvey> = {
    name: 'invoices',
    source: makeCaseSource(source, {
      ...{ store, books, planOptions, unstored, isFresh: options.isFresh, isDryRun: options.dryRun },
      readPoMarks: onceEach((id) => readPoMarks(world, id)),
    }),
    feeds: [
      makeBillFeed(procurify, {
        ...{ pageSize, zone, books, floor: new Date(floorMs - BILL_LEAD_MS).toISOString() },
        onBill: (id, state) => options.dryRun && unstored.set(id, state),
      }),
    ],
    // Findings write nothing to Procurify, so there is no plan too large to be true.
    firstLoadIsExempt: !planOptions().draft,
    floor: new Date(floorMs).toISOString(),
    scope,
    stale: () => books.stale(scope),
    target: makeBillTarget(procurify, {
      ...{ pageSize, zone, clock, books },
      onMade: (id) => made.add(id),
      onRefused: async (answer) => {
        drafts.isRefused = true
        await saveDraftsRefused(database.db, connection, answer)
      },
    }),
    needsSurvey: (details, links) => needsInvoiceSurvey(details, links, planOptions()),
    survey: async () => {
      const currencies = await readCurrencyIds(procurify, pageSize)
      return currencies.ok ? { ok: true, value: { currencies: currencies.value } } : currencies
    },
    plan: (details, links, known) => {
      const items = planInvoices(details, links, known?.survey ?? null, planOptions())
      for (const { sourceId, learned, decision } of options.dryRun ? items : []) {
        const after = decision.kind === 'skip' ? null : (readInvoiceState(learned)?.finding ?? null)
        planned.set(sourceId, [readInvoiceState(links.get(sourceId)?.sent)?.finding ?? null, after])
      }
      return items
    },
  }
  return { stream, countFindings: () => countFindings(books, [...planned.values()]) }
}

/** What a dry run would have changed is reckoned on top of what is stored. */
async function countFindings(
  books: InvoiceBooks,
  planned: readonly (readonly [before: Finding | null, after: Finding | null])[],
): Promise<FindingCounts> {
  const stored = await books.countFindings()
  const moved = (finding: Finding, [before, after]: (typeof planned)[number]): number =>
    Number(after === finding) - Number(before === finding)
  const countOf = (finding: Finding): number =>
    planned.reduce((count, step) => count + moved(finding, step), stored.get(finding) ?? 0)
  return Object.fromEntries(FINDINGS.map((finding) => [finding, countOf(finding)])) as FindingCounts
}

async function readPoMarks({ procurify }: World, billId: string): Promise<Result<readonly string[]>> {
  const bill = await readBill(procurify, billId)
  if (!bill.ok) return bill
  const { poNumbers = [], requisitionIds = [] } = bill.value ?? {}
  return { ok: true, value: [...poNumbers, ...requisitionIds] }
}

/** Each bill is asked for once a pass; a failure is not kept. */
function onceEach<T>(read: (id: string) => Promise<Result<T>>): (id: string) => Promise<Result<T>> {
  const answers = new Map<string, Result<T>>()
  return async (id) => {
    const known = answers.get(id)
    if (known !== undefined) return known
    const answer = await read(id)
    if (answer.ok) answers.set(id, answer)
    return answer
  }
}
