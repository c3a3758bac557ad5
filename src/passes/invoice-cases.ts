/**
 * Gathers all that an invoice's finding depends on: the vendor of its supplier, the other invoices and the bills of the same number.
 * Invoices that only their surroundings touched are taken from our own books, so Plex is not asked for them again.
 */
import { contentHash } from '../domain/content-hash.js'
import type { Detail } from '../domain/decision.js'
import type { Result } from '../domain/failure.js'
import { isPlaceholder, type Invoice } from '../domain/invoice.js'
import {
  factsOf,
  keyOf,
  matchKey,
  nearest,
  readInvoiceState,
  toBillSide,
  toInvoiceSide,
  type BillState,
  type InvoiceFacts,
} from '../domain/invoice-state.js'
import { isToBeDrafted, type InvoiceCase, type PlanInvoicesOptions } from '../domain/plan-invoices.js'
import type { Json, Link, Note } from '../domain/record.js'
import type { InvoiceBooks } from '../ports-invoices.js'
import type { Source, Store } from '../ports.js'

export interface CaseOptions {
  readonly store: Pick<Store, 'links'>
  readonly books: InvoiceBooks
  /** Asked for each group of notes: a refusal in mid-pass turns drafts off. */
  readonly planOptions: () => PlanInvoicesOptions
  /** Bills read in this pass that are not stored, because nothing is (a dry run). */
  readonly unstored: ReadonlyMap<string, BillState>
  /** Marks (PO numbers, requisition ids) of the POs a bill was billed from. */
  readonly readPoMarks: (billId: string) => Promise<Result<readonly string[]>>
  /** Every invoice is read from Plex: a replay. */
  readonly isFresh: boolean
  readonly isDryRun: boolean
}

/** The source of the stream: Plex's invoices, each as a case. */
export function makeCaseSource(source: Source<Invoice>, options: CaseOptions): Source<InvoiceCase> {
  const met: Met = { keyOf: new Map(), facts: new Map() }
  return {
    ...source,
    read: async (notes) => {
      const links = await options.store.links(
        'invoices',
        notes.map(({ sourceId }) => sourceId),
      )
      // What a first load planned before is stored by now; anything else may still be held.
      if (notes.every(({ firstLoad }) => firstLoad) && !options.isDryRun && !options.planOptions().draft) forget(met)
      const read = await readFacts(source, notes, links, options)
      if (!read.ok) return read
      const known = read.value.filter((one) => one.kind === 'known')
      const cases = await gather(known, links, met, options)
      if (!cases.ok) return cases
      return completeDrafts(source, read.value, cases.value, links, options)
    },
  }
}

/** Invoices of this pass that may not be in the books yet: others of their number must see them. */
interface Met {
  readonly keyOf: Map<string, string>
  readonly facts: Map<string, Map<string, InvoiceFacts>>
}

function forget({ keyOf: keys, facts }: Met): void {
  keys.clear()
  facts.clear()
}

/** An invoice whose facts are known, from Plex or from our books (then `invoice` is null). */
interface KnownInvoice {
  readonly kind: 'known'
  readonly note: Note
  readonly hash: string
  readonly invoice: Invoice | null
  readonly facts: InvoiceFacts
}
type Unknown = Exclude<Detail<Invoice>, { kind: 'record' }>

async function readFacts(
  source: Source<Invoice>,
  notes: readonly Note[],
  links: ReadonlyMap<string, Link>,
  { isFresh, planOptions }: CaseOptions,
): Promise<Result<readonly (KnownInvoice | Unknown)[]>> {
  const booked = new Map<string, InvoiceFacts>()
  for (const { sourceId, record, rejection } of notes) {
    const state = readInvoiceState(links.get(sourceId)?.sent)
    if (!isFresh && record === null && rejection === null && state !== null) booked.set(sourceId, state.facts)
  }
  const read = await source.read(notes.filter(({ sourceId }) => !booked.has(sourceId)))
  if (!read.ok) return read
  const bySource = new Map(read.value.map((detail) => [detail.note.sourceId, detail]))
  const { zone } = planOptions()
  return {
    ok: true,
    value: notes.flatMap((note): (KnownInvoice | Unknown)[] => {
      const facts = booked.get(note.sourceId)
      if (facts !== undefined) return [{ kind: 'known', note, invoice: null, facts, hash: contentHash(facts) }]
      const detail = bySource.get(note.sourceId)
      if (detail?.kind !== 'record') return detail === undefined ? [] : [detail]
      const { record: invoice, hash } = detail
      return [{ kind: 'known', note, invoice, facts: factsOf(invoice, zone), hash }]
    }),
  }
}

async function gather(
  known: readonly KnownInvoice[],
  links: ReadonlyMap<string, Link>,
  met: Met,
  options: CaseOptions,
): Promise<Result<ReadonlyMap<string, InvoiceCase>>> {
  const { books } = options
  const { skipNumbers } = options.planOptions()
  const real = known.filter(({ facts }) => !isPlaceholder(facts.number, skipNumbers))
  const vendors = await books.vendorsOf(real.map(({ facts }) => ({ id: facts.supplier, code: facts.supplier_code })))
  const vendorOf = ({ supplier, supplier_code: code }: InvoiceFacts) => vendors.get(supplier ?? code ?? '') ?? null
  const changed = real.filter(({ note, facts }) => meet(met, note.sourceId, facts, links.get(note.sourceId)))
  const groups = await readGroups(real, vendorOf, met, options)
  await noteSiblings(changed, groups, known, links, options)
  const cases = new Map<string, InvoiceCase>()
  for (const { note, invoice, facts } of known) {
    const vendor = vendorOf(facts)
    const members = groups.invoices.get(keyOf(facts)) ?? new Map<string, InvoiceFacts>([[note.sourceId, facts]])
    const bills = [...(groups.bills.get(matchKey(vendor, facts.number) ?? '') ?? [])]
    const isUnclear = facts.po !== null && bills.length > 1
    const marks = isUnclear
      ? await readMarks(
          facts.po,
          bills.map(([id]) => id),
          options,
        )
      : NO_MARKS
    if (!marks.ok) return marks
    const { ofInvoice, ofBill } = marks.value
    const sides = [...members].map(([id, one]) => toInvoiceSide(id, one, one.po === facts.po ? ofInvoice : []))
    const billSides = bills.map(([id, bill]) => toBillSide(id, bill, ofBill.get(id)))
    cases.set(note.sourceId, {
      ...{ id: note.sourceId, facts, invoice, vendor },
      invoices: nearest(sides, facts.day, note.sourceId),
      bills: nearest(billSides, facts.day, null),
    })
  }
  return { ok: true, value: cases }
}

/** Remembers the invoice under its number; true = its facts are news to the books. */
function meet(met: Met, id: string, facts: InvoiceFacts, link: Link | undefined): boolean {
  const key = keyOf(facts)
  met.facts.get(met.keyOf.get(id) ?? '')?.delete(id)
  met.keyOf.set(id, key)
  const members = met.facts.get(key) ?? new Map<string, InvoiceFacts>()
  met.facts.set(key, members.set(id, facts))
  const before = readInvoiceState(link?.sent)
  return before === null || contentHash(before.facts) !== contentHash(facts)
}

interface Groups {
  readonly invoices: ReadonlyMap<string, ReadonlyMap<string, InvoiceFacts>>
  readonly bills: ReadonlyMap<string, ReadonlyMap<string, BillState>>
}

/** By key: invoices as this pass met them, else as the books have them; bills likewise. */
async function readGroups(
  real: readonly KnownInvoice[],
  vendorOf: (facts: InvoiceFacts) => string | null,
  met: Met,
  { books, unstored }: CaseOptions,
): Promise<Groups> {
  const keys = [...new Set(real.map(({ facts }) => keyOf(facts)))]
  const invoices = new Map(keys.map((key) => [key, new Map<string, InvoiceFacts>(met.facts.get(key))]))
  for (const { id, state } of await books.invoicesOf(keys))
    if (!met.keyOf.has(id)) invoices.get(state.match_key)?.set(id, state.facts)
  const billKeys = new Set(real.flatMap(({ facts }) => matchKey(vendorOf(facts), facts.number) ?? []))
  const bills = new Map([...billKeys].map((key) => [key, new Map<string, BillState>()]))
  for (const { id, state } of await books.billsOf([...billKeys]))
    if (!unstored.has(id)) bills.get(state.match_key ?? '')?.set(id, state)
  for (const [id, state] of unstored) bills.get(state.match_key ?? '')?.set(id, state)
  return { invoices, bills }
}

/** Others of the number an invoice has now, and of the one it had, are judged again: a bill may be theirs now. */
async function noteSiblings(
  changed: readonly KnownInvoice[],
  { invoices }: Groups,
  known: readonly KnownInvoice[],
  links: ReadonlyMap<string, Link>,
  { books, isDryRun }: CaseOptions,
): Promise<void> {
  if (isDryRun || changed.length === 0) return
  const left = changed.flatMap(({ note, facts }) => {
    const before = readInvoiceState(links.get(note.sourceId)?.sent)?.match_key
    return before === undefined || before === keyOf(facts) ? [] : [before]
  })
  const former = left.length === 0 ? [] : (await books.invoicesOf(left)).map(({ id }) => id)
  const present = changed.flatMap(({ facts }) => [...(invoices.get(keyOf(facts))?.keys() ?? [])])
  const here = new Set(known.map(({ note }) => note.sourceId))
  const others = [...new Set([...former, ...present])].filter((id) => !here.has(id))
  if (others.length > 0) await books.noteAgain(others)
}

interface Marks {
  readonly ofInvoice: readonly string[]
  readonly ofBill: ReadonlyMap<string, readonly string[]>
}
const NO_MARKS: Result<Marks> = { ok: true, value: { ofInvoice: [], ofBill: new Map() } }

/** Where several bills could be meant, the PO is evidence: what became of the invoice's order, and what the bills were billed from. */
async function readMarks(po: string | null, billIds: readonly string[], options: CaseOptions): Promise<Result<Marks>> {
  const parts = [...(await options.store.links('pos', po === null ? [] : [po])).values()]
  const ofInvoice = parts.flatMap(({ targetId, detail }) => [
    ...(targetId === null ? [] : [targetId]),
    ...poNumbers(detail),
  ])
  if (ofInvoice.length === 0) return NO_MARKS
  const ofBill = new Map<string, readonly string[]>()
  for (const id of billIds) {
    const marks = await options.readPoMarks(id)
    if (!marks.ok) return marks
    ofBill.set(id, marks.value)
  }
  return { ok: true, value: { ofInvoice, ofBill } }
}

function poNumbers(detail: Json): string[] {
  const numbers = typeof detail === 'object' && detail !== null && 'po_numbers' in detail ? detail['po_numbers'] : []
  return Array.isArray(numbers) ? numbers.map(String) : []
}

/** A bill is drafted from the invoice as Plex has it now; one that reads otherwise than our books waits for its own change. */
async function completeDrafts(
  source: Source<Invoice>,
  read: readonly (KnownInvoice | Unknown)[],
  cases: ReadonlyMap<string, InvoiceCase>,
  links: ReadonlyMap<string, Link>,
  { planOptions }: CaseOptions,
): Promise<Result<readonly Detail<InvoiceCase>[]>> {
  const options = planOptions()
  const bare = read.flatMap((one) => {
    const found = one.kind === 'known' ? cases.get(one.note.sourceId) : undefined
    const isBare = found?.invoice === null && isToBeDrafted(found, links.get(found.id), options)
    return isBare ? [one.note] : []
  })
  const whole = bare.length === 0 ? NOTHING_READ : await source.read(bare)
  if (!whole.ok) return whole
  const details = new Map(whole.value.map((detail) => [detail.note.sourceId, detail]))
  const value = read.flatMap((one): Detail<InvoiceCase>[] => {
    if (one.kind !== 'known') return [one]
    const record = cases.get(one.note.sourceId)
    if (record === undefined) return []
    const detail = details.get(record.id)
    if (detail === undefined) return [{ kind: 'record', note: one.note, record, hash: one.hash }]
    if (detail.kind !== 'record') return [detail]
    const isSame = contentHash(factsOf(detail.record, options.zone)) === contentHash(record.facts)
    return [
      { kind: 'record', note: one.note, record: { ...record, invoice: isSame ? detail.record : null }, hash: one.hash },
    ]
  })
  return { ok: true, value }
}

const NOTHING_READ: Result<readonly Detail<Invoice>[]> = { ok: true, value: [] }
