/** Suppliers against vendors: the vendors are held, the suppliers stream past them. */
import type { Touched } from '../domain/record.js'
import { StreamCount } from '../domain/reconcile.js'
import {
  indexByExternalId,
  judgeLostSupplier,
  judgeSupplier,
  judgeVendors,
  type SupplierFacts,
} from '../domain/reconcile-suppliers.js'
import type { Supplier, Vendor } from '../domain/supplier.js'
import { cleanLine } from '../domain/text.js'
import { endByFailure } from './pass.js'
import { readWindow } from './poll.js'
import {
  begin,
  freshness,
  readOpen,
  refuse,
  type Comparison,
  type ReconcilePass,
  type StreamPass,
} from './reconcile.js'

const BASIS =
  'Every supplier and every vendor as they are now, whatever the days compared. Name, status, web address and note are compared ' +
  'with Plex; address, phone and e-mail with what was sent last, since lists of suppliers do not show them.'
/** The system's own vendor for free text: nobody's counterpart. */
const OTHER_TYPE = 1

export async function compareSuppliers(pass: ReconcilePass, comparison: Comparison): Promise<boolean> {
  const step = begin(pass, 'suppliers')
  if (step === null) return false
  const vendors = await pass.systems.vendors()
  if (!vendors.ok) {
    endByFailure(step, vendors)
    return false
  }
  const known = vendors.value.filter(({ type }) => type !== OTHER_TYPE)
  const count = new StreamCount('suppliers', BASIS, null)
  comparison.counts.push(count)
  count.procurify = known.length
  const seen = await readSuppliers(step, comparison, count, known)
  return seen !== null && matchBooks(step, comparison, count, { seen, vendors: known })
}

/** Judges the suppliers as they come. Answers the ids that were seen; null = the list could not be read. */
async function readSuppliers(
  step: StreamPass,
  { startedAt, suppliers }: Comparison,
  count: StreamCount,
  vendors: readonly Vendor[],
): Promise<Set<string> | null> {
  const { options, books, systems, reporter } = step
  const facts: SupplierFacts = {
    ...{ pcn: options.pcn, skipTypes: options.skipTypes, inactiveStatuses: options.inactiveStatuses },
    vendors: new Map(vendors.map((vendor) => [vendor.id, vendor])),
    byExternalId: indexByExternalId(vendors),
  }
  const open = await readOpen(step, count)
  const isFresh = await freshness(step, 'suppliers', startedAt)
  const seen = new Set<string>()
  const onBatch = async (rows: Touched[]): Promise<void> => {
    const entries = await books.entries(
      'suppliers',
      rows.map(({ sourceId }) => sourceId),
      startedAt,
    )
    for (const row of rows) {
      const { sourceId: id, sourceKey: key } = row
      // A halved list may show a row in both halves.
      if (seen.has(id)) continue
      seen.add(id)
      // What the list shows is the supplier as our schema keeps it.
      const supplier = row.rejection === null ? (row.record as unknown as Supplier) : null
      if (supplier !== null) suppliers.set(id, { code: supplier.code, name: nameOf(supplier) })
      const entry = entries.get(id)?.[0] ?? null
      count.add(judgeSupplier({ supplier, id, key, entry, isOpen: open.has(id), isFresh: isFresh(row) }, facts))
    }
    reporter.progress('suppliers', seen.size, null)
  }
  const listed = await readWindow(step, { markName: 'suppliers', list: systems.suppliers }, null, onBatch)
  if (listed.ok) return seen
  endByFailure(step, listed)
  return null
}

/** As people read it. */
function nameOf({ name }: Supplier): string | null {
  const clean = cleanLine(name ?? '')
  return clean === '' ? null : clean
}

/** More than this many missing, and more than half: then it is the list that is wrong. */
const BELIEVABLE = 10

/** Walks our own pairs past what both sides showed: what is in the books and not in a list is as telling as the reverse. */
async function matchBooks(
  step: StreamPass,
  { startedAt, vendorOf, supplierOf }: Comparison,
  count: StreamCount,
  { seen, vendors }: { readonly seen: ReadonlySet<string>; readonly vendors: readonly Vendor[] },
): Promise<boolean> {
  const byId = new Map(vendors.map((vendor) => [vendor.id, vendor]))
  const missing = { plex: 0, procurify: 0 }
  await step.books.pairs('suppliers', startedAt, (pairs) => {
    for (const pair of pairs) {
      supplierOf.set(pair.targetId, pair.sourceId)
      vendorOf.set(pair.sourceId, pair.targetId)
      if (!byId.has(pair.targetId)) missing.procurify += 1
      if (seen.has(pair.sourceId)) continue
      missing.plex += 1
      count.tell(judgeLostSupplier(pair, byId.get(pair.targetId)))
    }
  })
  const total = supplierOf.size
  for (const [system, count] of Object.entries(missing)) {
    const shown = system === 'plex' ? seen.size : vendors.length
    const name = system === 'plex' ? 'Plex' : 'Procurify'
    if (total > 0 && shown === 0)
      return refuse(step, 'empty_answer', `${name} answered with nothing, and ${total} pairs are known.`)
    if (count <= BELIEVABLE || count * 2 <= total) continue
    return refuse(
      step,
      'answer_short',
      `${name} answered with ${shown} records, but without ${count} of the ${total} that are paired.`,
    )
  }
  count.tell(judgeVendors(vendors, { sourceOf: supplierOf, isInPlex: (id) => seen.has(id) }, step.options.pcn))
  count.unmanaged = vendors.filter(({ id }) => !supplierOf.has(id)).length
  return true
}
