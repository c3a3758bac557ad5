/**
 * Our own books on vendors, by what is asked of them for every new supplier. A pass plans chunk after chunk against the same
 * books: made anew for each chunk, the indexes of a first load of n suppliers would take n squared.
 */
import type { Link } from './record.js'
import { fold } from './text.js'
import { readDraft } from './vendor-draft.js'

/** Folded name -> who has it. */
export type NameOwners = Pick<ReadonlyMap<string, readonly string[]>, 'get'>

/** How a supplier owns a name before it has a vendor. */
export function ownerOf(supplierId: string): string {
  return `supplier:${supplierId}`
}

export interface ReservedIndex {
  /** Folded name -> the supplier whose undelivered intent is about to take it. */
  readonly by: ReadonlyMap<string, string>
  /** Folded name -> the suppliers, as owners. */
  readonly owners: NameOwners
}

const reservedIndexes = new WeakMap<ReadonlyMap<string, string>, () => ReservedIndex>()

/** The index of a map (supplier id -> name) that may grow by more suppliers; whoever changes a name in it makes a new map. */
export function indexReserved(reserved: ReadonlyMap<string, string>): ReservedIndex {
  const known = reservedIndexes.get(reserved) ?? growingIndex(reserved)
  reservedIndexes.set(reserved, known)
  return known()
}

function growingIndex(reserved: ReadonlyMap<string, string>): () => ReservedIndex {
  const by = new Map<string, string>()
  /** The suppliers before the last one, where there are any: hardly ever, and there may be a hundred thousand names. */
  const earlier = new Map<string, readonly string[]>()
  const owners: NameOwners = {
    get: (key) => {
      const last = by.get(key)
      return last === undefined ? undefined : [...(earlier.get(key) ?? []), last].map(ownerOf)
    },
  }
  // Never asked beyond the size: an iterator that came to its end would not see what is added later.
  const entries = reserved.entries()
  let seen = 0
  return () => {
    for (; seen < reserved.size; seen += 1) {
      const [supplierId, name] = entries.next().value ?? ['', '']
      const key = fold(name)
      const last = by.get(key)
      if (last !== undefined) earlier.set(key, [...(earlier.get(key) ?? []), last])
      by.set(key, supplierId)
    }
    return { by, owners }
  }
}

export interface LinkedIndex {
  readonly bySource: ReadonlyMap<string, Link>
  /** Folded name -> ids of the vendors that our links say have it. */
  readonly nameOwners: NameOwners
}

const linkedIndexes = new WeakMap<ReadonlyMap<string, Link>, LinkedIndex>()

/** The index of links by vendor id, which must not change any more. */
export function indexLinked(linkedTargets: ReadonlyMap<string, Link>): LinkedIndex {
  const known = linkedIndexes.get(linkedTargets) ?? makeLinkedIndex(linkedTargets)
  linkedIndexes.set(linkedTargets, known)
  return known
}

function makeLinkedIndex(linkedTargets: ReadonlyMap<string, Link>): LinkedIndex {
  const bySource = new Map<string, Link>()
  const nameOwners = new Map<string, string[]>()
  for (const [vendorId, link] of linkedTargets) {
    bySource.set(link.sourceId, link)
    const { targetKey, sent } = link
    if (targetKey !== null && readDraft(sent)?.active !== false) append(nameOwners, fold(targetKey), vendorId)
  }
  return { bySource, nameOwners }
}

function append(owners: Map<string, string[]>, key: string, owner: string): void {
  const group = owners.get(key)
  if (group === undefined) owners.set(key, [owner])
  else group.push(owner)
}
