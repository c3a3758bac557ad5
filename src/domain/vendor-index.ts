import type { Vendor } from './supplier.js'
import { fold, similarityKey } from './text.js'

/** The vendors of a survey by everything they are looked for by, each list in the order of their ids. */
export interface VendorIndex {
  readonly byExternalId: ReadonlyMap<string, readonly Vendor[]>
  /** Active ones only, without OTHER. */
  readonly byFoldedName: ReadonlyMap<string, readonly Vendor[]>
  readonly bySimilarity: ReadonlyMap<string, readonly Vendor[]>
  /** Folded name -> ids of the active vendors that have it, OTHER included. */
  readonly nameOwners: ReadonlyMap<string, readonly string[]>
}

/** The "no such person" vendor of free-text requests: never a match (contracts/procurify.md section 4). */
const OTHER_TYPE = 1

/** A pass plans chunk after chunk against one survey: folding thousands of names once is enough. */
const indexes = new WeakMap<readonly Vendor[], VendorIndex>()

/** The index of a list that must not change any more. */
export function indexVendors(vendors: readonly Vendor[]): VendorIndex {
  const known = indexes.get(vendors)
  if (known !== undefined) return known
  const index = makeIndex(sortById(vendors))
  indexes.set(vendors, index)
  return index
}

function makeIndex(vendors: readonly Vendor[]): VendorIndex {
  const active = vendors.filter((vendor) => vendor.active)
  const candidates = active.filter(({ type }) => type !== OTHER_TYPE)
  return {
    byExternalId: groupBy(vendors, ({ external_id }) => textOf(external_id)),
    byFoldedName: groupBy(candidates, ({ name }) => fold(name)),
    bySimilarity: groupBy(candidates, ({ name }) => similarityKey(name)),
    nameOwners: new Map(
      [...groupBy(active, ({ name }) => fold(name))].map(([name, owners]) => [name, owners.map(({ id }) => id)]),
    ),
  }
}

/** Trimmed; '' where there is none. */
export function textOf(value: string | null): string {
  return value?.trim() ?? ''
}

/** In one order whatever the list's: neither a choice nor a message may change between two reads. */
export function sortById<T extends { readonly id: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1))
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
