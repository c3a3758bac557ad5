/** Vendors a person would look at first when a supplier has to be paired by hand. */
import type { Vendor } from './supplier.js'
import { fold, similarityKey } from './text.js'

export interface CandidateIndex {
  readonly byName: ReadonlyMap<string, readonly Vendor[]>
  readonly bySimilarity: ReadonlyMap<string, readonly Vendor[]>
}

export function indexCandidates(vendors: readonly Vendor[]): CandidateIndex {
  return {
    byName: groupBy(vendors, ({ name }) => fold(name)),
    bySimilarity: groupBy(vendors, ({ name }) => similarityKey(name)),
  }
}

/** The same name first, then nearly the same; active ones before others. */
export function findCandidates(name: string, index: CandidateIndex, most: number): Vendor[] {
  const found = [...(index.byName.get(fold(name)) ?? []), ...(index.bySimilarity.get(similarityKey(name)) ?? [])]
  const unique = [...new Map(found.map((vendor) => [vendor.id, vendor])).values()]
  return unique.sort((a, b) => Number(b.active) - Number(a.active)).slice(0, most)
}

function groupBy(vendors: readonly Vendor[], keyOf: (vendor: Vendor) => string): Map<string, Vendor[]> {
  const groups = new Map<string, Vendor[]>()
  for (const vendor of vendors) {
    const key = keyOf(vendor)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [vendor])
    else group.push(vendor)
  }
  return groups
}
