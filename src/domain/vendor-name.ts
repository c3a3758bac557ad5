/**
 * Vendor names. Requisitions name their vendor by text, so no two active vendors may share a folded name: who comes
 * second takes a suffix. Names in use are never taken from anybody, not even from one who gives it up in the same pass:
 * his update may fail, and then both would have it.
 */
import { NAME_MAX } from './map-supplier.js'
import { cleanLine, countPoints, cut, fold } from './text.js'
import { ownerOf, type NameOwners } from './vendor-books.js'
import { stampKey } from './window.js'

/** The parts of a supplier that its vendor's name is made of. */
export interface Named {
  readonly plain: string
  readonly code: string | null
  readonly id: string
}

/** A longer code or id would leave too little of the name. */
const TAG_MAX = 50
const SHORT_ID = 8

/** The names a supplier may go by, the best first: `Acme`, `Acme (CODE)`, `Acme (5a000001)`, `Acme (<whole id>)`. */
function nameForms({ plain, code, id }: Named): string[] {
  const tag = cleanLine(code ?? '')
  const tags = [countPoints(tag) <= TAG_MAX ? tag : '', cut(cleanLine(id), SHORT_ID), cut(cleanLine(id), TAG_MAX)]
  const suffixes = tags.filter((text) => text !== '').map((text) => ` (${text})`)
  return [plain, ...suffixes.map((suffix) => cut(plain, NAME_MAX - countPoints(suffix)) + suffix)]
}

/**
 * The form a name already is, if it is one: then the supplier was not renamed and its vendor keeps it, also when the
 * collision that made the suffix is gone. Another spelling of a form (case, white space) counts as that form.
 */
export function keptForm(current: string, named: Named): string | null {
  const forms = nameForms(named)
  return forms.find((form) => form === current) ?? forms.find((form) => fold(form) === fold(current)) ?? null
}

/** A supplier whose vendor gets a name it does not hold yet. */
export interface NameClaim extends Named {
  /** Who holds names for this supplier now: its vendor, if there is one. */
  readonly vendorId: string | null
  /** The form it had before, tried first. */
  readonly kept: string | null
  readonly createdDate: string | null
}

/** Folded name -> who has it: vendor ids, or `supplier:<id>` where there is no vendor yet. */
export class NamesInUse {
  private readonly added = new Map<string, string[]>()

  /** `known` are shared between plans, so they are not added to. */
  constructor(private readonly known: readonly NameOwners[]) {}

  add(name: string, owner: string): void {
    const key = fold(name)
    this.added.set(key, [...(this.added.get(key) ?? []), owner])
  }

  /** Does anybody but these have it? */
  isTaken(name: string, self: readonly string[]): boolean {
    const key = fold(name)
    return [...this.known, this.added].some(
      (owners) => owners.get(key)?.some((owner) => !self.includes(owner)) === true,
    )
  }
}

/**
 * Gives every claim its name: the oldest supplier chooses first, whatever the order of the batch. Null = every form is
 * taken, which only hand-made names can bring about.
 */
export function allotNames(claims: readonly NameClaim[], inUse: NamesInUse): Map<string, string | null> {
  const names = new Map<string, string | null>()
  for (const claim of [...claims].sort(byAge)) {
    const owner = ownerOf(claim.id)
    const self = claim.vendorId === null ? [owner] : [owner, claim.vendorId]
    const forms = claim.kept === null ? nameForms(claim) : [claim.kept, ...nameForms(claim)]
    const name = forms.find((form) => !inUse.isTaken(form, self)) ?? null
    if (name !== null) inUse.add(name, owner)
    names.set(claim.id, name)
  }
  return names
}

/** Oldest first; no readable date counts as newest; the id decides between equals. */
function byAge(a: NameClaim, b: NameClaim): number {
  return compare(ageKey(a), ageKey(b)) || compare(a.id, b.id)
}

function ageKey({ createdDate }: NameClaim): string {
  return (createdDate === null ? null : stampKey(createdDate)) ?? '~'
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
