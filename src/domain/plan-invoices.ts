/** Decides what is found about AP invoices, and which missing bills are drafted. Pure: what was read + our books -> decisions. */
import { contentHash } from './content-hash.js'
import { isBefore } from './day.js'
import type { Decision, Detail, Planned } from './decision.js'
import { draftBill, type BillBody } from './draft-bill.js'
import { isPlaceholder, type Invoice } from './invoice.js'
import { keyOf, readInvoiceState, type InvoiceFacts, type InvoiceState } from './invoice-state.js'
import {
  judgeGroup,
  judgeUnknownVendor,
  money,
  type BillSide,
  type InvoiceSide,
  type Judgement,
} from './match-invoice.js'
import type { ProblemCode } from './problems.js'
import type { Change, Json, Link } from './record.js'

/** An invoice with all that its finding depends on. */
export interface InvoiceCase {
  readonly id: string
  readonly facts: InvoiceFacts
  /** Null = known from our books alone: enough to judge it, not to draft a bill. */
  readonly invoice: Invoice | null
  /** The vendor its supplier is linked to. */
  readonly vendor: string | null
  /** All invoices of this supplier and number, this one included, and all bills of the vendor and number. */
  readonly invoices: readonly InvoiceSide[]
  readonly bills: readonly BillSide[]
}

export interface PlanInvoicesOptions {
  /** Invoices created earlier are not looked at; a day, or an instant. */
  readonly startDate: string
  readonly skipNumbers: readonly string[]
  readonly tolerance: string
  /** Are missing bills drafted? */
  readonly draft: boolean
  readonly zone: string
  /** Bills that were drafted, or found again, in this very pass: they came after the last look at what Procurify has. */
  readonly made: ReadonlySet<string>
}

/** What drafting must know of Procurify. */
export interface InvoiceSurvey {
  readonly currencies: ReadonlyMap<string, string>
}

/** The finding of a case whose number is real. */
function judge({ id, facts, vendor, invoices, bills }: InvoiceCase, tolerance: string): Judgement {
  if (vendor === null) return judgeUnknownVendor(facts.supplier_code ?? facts.supplier)
  return judgeGroup(invoices, bills, tolerance).get(id) ?? judgeUnknownVendor(facts.supplier_code)
}

/** Currencies are read only when a bill is to be drafted. */
export function needsInvoiceSurvey(
  details: readonly Detail<InvoiceCase>[],
  links: ReadonlyMap<string, Link>,
  options: PlanInvoicesOptions,
): boolean {
  return details.some((detail) => {
    if (detail.kind !== 'record') return false
    const link = links.get(detail.record.id)
    return skipOf(detail.record, link, options) === null && isToBeDrafted(detail.record, link, options)
  })
}

/** Does the finding ask for a draft? Never for an invoice whose draft was made before, whatever became of it. */
export function isToBeDrafted(one: InvoiceCase, link: Link | undefined, options: PlanInvoicesOptions): boolean {
  const { finding, isFree } = judge(one, options.tolerance)
  return options.draft && finding === 'missing_in_procurify' && isFree && (link?.targetId ?? null) === null
}

/** The decisions for each invoice but the failed ones, in the same order. `survey` may be null where `needsInvoiceSurvey` said so. */
export function planInvoices(
  details: readonly Detail<InvoiceCase>[],
  links: ReadonlyMap<string, Link>,
  survey: InvoiceSurvey | null,
  options: PlanInvoicesOptions,
): Planned[] {
  return details.flatMap((detail): Planned[] => {
    if (detail.kind === 'failed') return []
    const { note } = detail
    const link = links.get(note.sourceId)
    // A note without a hash says nothing of the row in Plex: what is known of it stays.
    const sourceHash = note.hash ?? link?.sourceHash ?? (detail.kind === 'record' ? detail.hash : null)
    const base = { note, sourceId: note.sourceId, sourceHash }
    const known = { ...base, sourceKey: note.sourceKey ?? link?.sourceKey ?? null, record: note.record }
    if (detail.kind === 'gone')
      return [{ ...known, decision: skip('gone', 'Plex does not show this invoice any more.') }]
    if (detail.kind === 'rejected') {
      const { code, message } = detail
      return [{ ...known, decision: { kind: 'park', code, message, changes: [] } }]
    }
    const one = detail.record
    const record = (one.invoice ?? one.facts) as unknown as Json
    const read = { ...base, sourceKey: one.facts.number === '' ? null : one.facts.number, record }
    const skipped = skipOf(one, link, options)
    return [skipped === null ? { ...read, ...decide(one, link, survey, options) } : { ...read, decision: skipped }]
  })
}

function skip(code: ProblemCode, message: string): Decision {
  return { kind: 'skip', code, message }
}

/** What is known from our books passed this before. */
function skipOf(
  { invoice, facts }: InvoiceCase,
  link: Link | undefined,
  options: PlanInvoicesOptions,
): Decision | null {
  if (isPlaceholder(facts.number, options.skipNumbers)) {
    const number = facts.number === '' ? 'no number' : `the number ${facts.number}`
    return skip(
      'placeholder_number',
      `The invoice has ${number} so far; it is looked at when the vendor's number is there.`,
    )
  }
  const isJudged = readInvoiceState(link?.sent) !== null
  const isEarly = isBefore(invoice?.createdDate ?? null, options.startDate, options.zone)
  if (isJudged || !isEarly) return null
  return skip('before_start', `The invoice was created before ${options.startDate} (INVOICE_START_DATE).`)
}

type Decided = Pick<Planned, 'decision' | 'learned' | 'problem' | 'about'>

function decide(
  one: InvoiceCase,
  link: Link | undefined,
  survey: InvoiceSurvey | null,
  options: PlanInvoicesOptions,
): Decided {
  const judged = judge(one, options.tolerance)
  if (!isToBeDrafted(one, link, options)) return observe(one, link, tellOurs(judged, link, options))
  if (one.invoice === null || one.vendor === null || survey === null) return observe(one, link, judged)
  const body = draftBill(one.invoice, one.facts, { ...survey, vendorId: one.vendor, zone: options.zone })
  if ('why' in body) {
    return observe(one, link, { ...judged, message: `${judged.message} It cannot be drafted: ${body.why}.` })
  }
  // Until it is there, the bill is missing: so the books say.
  return { decision: send(one, body), learned: toState(one, { ...judged, message: 'Being drafted.' }) }
}

/** A bill that we drafted and that is not there any more is never made anew by itself. */
function tellOurs(judged: Judgement, link: Link | undefined, { made }: PlanInvoicesOptions): Judgement {
  const targetId = link?.targetId ?? null
  if (targetId === null || judged.finding !== 'missing_in_procurify') return judged
  if (made.has(targetId)) return DRAFTED
  return {
    ...judged,
    message: `${judged.message} The draft made here (${targetId.slice(0, 8)}) was deleted or changed there.`,
  }
}

function toState(one: InvoiceCase, { finding, message, bills }: Judgement): InvoiceState {
  const { facts, vendor } = one
  return { facts, match_key: keyOf(facts), vendor, finding, message, bills }
}

/** Only a finding that is new, or that says something else, is worth a row in the journal; what it rests on is kept anyway. */
function observe(one: InvoiceCase, link: Link | undefined, judged: Judgement): Decided {
  const before = readInvoiceState(link?.sent)
  const state = toState(one, judged)
  const { finding, message, bills } = judged
  const kept = before?.known === undefined ? state : { ...state, known: before.known }
  const problem = finding === 'matched' ? null : { code: finding, message }
  const rest = {
    learned: kept,
    ...(problem === null ? {} : { problem }),
    ...(bills[0] === undefined ? {} : { about: bills[0] }),
  }
  const isSame = before !== null && before.finding === finding && tellsSame(before, state, link)
  if (isSame) return { decision: { kind: 'unchanged' }, ...rest }
  return { decision: { kind: 'observe', code: finding, message, changes: listChanges(before, state) }, ...rest }
}

/** A draft of ours that is seen for the first time is no news. */
function tellsSame(before: InvoiceState, state: InvoiceState, link: Link | undefined): boolean {
  const isOurDraft = before.bills.length === 0 && state.bills.length === 1 && state.bills[0] === link?.targetId
  return isOurDraft || (before.message === state.message && String(before.bills) === String(state.bills))
}

function listChanges(before: InvoiceState | null, after: InvoiceState): Change[] {
  const bill = (state: InvoiceState | null) => state?.bills.join(', ') ?? null
  const amount = (state: InvoiceState | null) =>
    state === null || state.facts.total === null ? null : money(state.facts.total, state.facts.currency)
  const changes: Change[] = [
    { field: 'finding', from: before?.finding ?? null, to: after.finding },
    { field: 'amount', from: amount(before), to: amount(after) },
    { field: 'date', from: before?.facts.day ?? null, to: after.facts.day },
    { field: 'bill', from: emptyToNull(bill(before)), to: emptyToNull(bill(after)) },
  ]
  return changes.filter(({ from, to }) => from !== to)
}

function emptyToNull(text: string | null): string | null {
  return text === '' ? null : text
}

const DRAFTED: Judgement = { finding: 'matched', message: 'Drafted here.', bills: [], isFree: false }

function send(one: InvoiceCase, body: BillBody): Decision {
  const { number, total, currency, day } = one.facts
  const draft: InvoiceState = { ...toState(one, DRAFTED), known: one.bills.map(({ id }) => id) }
  const changes = [
    ...Object.entries({ number, amount: total === null ? null : money(total, currency), date: day }),
    ...body.items.map(({ description, unit_cost }, at) => [`line ${at + 1}`, `${unit_cost}: ${description}`] as const),
  ].map(([field, to]) => ({ field, from: null, to }))
  const wantedHash = contentHash(body)
  const wanted = {
    action: 'create',
    targetId: null,
    targetKey: number,
    draft,
    payload: body,
    wantedHash,
    changes,
    message: null,
  } as const
  return { kind: 'send', wanted }
}
