/** Which record of Plex and which of Procurify are the same thing. Pure, and the same for every kind of reference data. */
import type { Link } from './record.js'

export interface Side {
  readonly id: string
  readonly active: boolean
}

/** Keys are compared as they are: whoever makes them folds what shall not matter. */
export interface PairRules<P, Q> {
  readonly keysInPlex: (record: P) => readonly string[]
  readonly keyInProcurify: (record: Q) => string
  /** The key that a person wants it paired by; null = nobody said. It wins over everything, an old link included. */
  readonly wantedKey: (record: P) => string | null
}

export type Match<P, Q> =
  | { readonly kind: 'paired'; readonly plex: P; readonly procurify: Q; readonly how: 'linked' | 'wanted' | 'found' }
  | { readonly kind: 'only_in_plex'; readonly plex: P }
  | { readonly kind: 'only_in_procurify'; readonly procurify: Q }
  /** Paired once, and one side does not show its record any more. Absence is never a delete. */
  | { readonly kind: 'gone_in_plex'; readonly procurify: Q; readonly link: Link }
  | { readonly kind: 'gone_in_procurify'; readonly plex: P; readonly link: Link }
  /** `several` could be meant, or the only one `taken` by (or wanted for) another record. */
  | {
      readonly kind: 'ambiguous'
      readonly plex: P
      readonly candidates: readonly Q[]
      readonly why: 'several' | 'taken'
    }

/**
 * One match for each Plex record, in order, then what is left of Procurify. Old pairs stay whatever the records are called
 * today; new ones are made only where exactly one record of each side fits. Both sides have each id once.
 */
export function pairUp<P extends Side, Q extends Side>(
  plex: readonly P[],
  procurify: readonly Q[],
  links: ReadonlyMap<string, Link>,
  rules: PairRules<P, Q>,
): Match<P, Q>[] {
  const finder = makeFinder(procurify, links, rules)
  const claims = countClaims(plex, links, finder)
  const matches = plex.map((record) => matchOne(record, links.get(record.id), finder, claims))
  const inPlex = new Set(plex.map(({ id }) => id))
  const used = new Set(matches.flatMap((match) => idsOf(match)))
  const rest = procurify.filter(({ id }) => !used.has(id))
  return [
    ...matches,
    ...rest.map((record): Match<P, Q> => {
      const link = finder.ownerOf(record.id)
      return link === undefined || inPlex.has(link.sourceId)
        ? { kind: 'only_in_procurify', procurify: record }
        : { kind: 'gone_in_plex', procurify: record, link }
    }),
  ]
}

interface Finder<P, Q> {
  /** The link that holds this record of Procurify. */
  ownerOf(procurifyId: string): Link | undefined
  linkedTo(link: Link | undefined): Q | undefined
  wantedKey(record: P): string | null
  keyOf(record: Q): string
  /** What fits by key: the active ones if there are any, since names of retired records are given again. */
  candidates(record: P): readonly Q[]
}

function makeFinder<P extends Side, Q extends Side>(
  procurify: readonly Q[],
  links: ReadonlyMap<string, Link>,
  { keysInPlex, keyInProcurify, wantedKey }: PairRules<P, Q>,
): Finder<P, Q> {
  const byId = new Map(procurify.map((record) => [record.id, record]))
  const byKey = new Map<string, Q[]>()
  for (const record of procurify) {
    const key = keyInProcurify(record)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [record])
    else known.push(record)
  }
  const owners = new Map([...links.values()].map((link) => [link.targetId ?? '', link]))
  return {
    ownerOf: (id) => owners.get(id),
    linkedTo: (link) => byId.get(link?.targetId ?? ''),
    wantedKey,
    keyOf: keyInProcurify,
    candidates: (record) => {
      const wanted = wantedKey(record)
      const keys = new Set(wanted === null ? keysInPlex(record) : [wanted])
      const fitting = [...new Set([...keys].flatMap((key) => byKey.get(key) ?? []))]
      const active = fitting.filter((one) => one.active)
      return active.length > 0 ? active : fitting
    },
  }
}

/** Does the record look for a partner: has it none (any more), or does a person want it to have another one? */
function isSeeking<P extends Side, Q extends Side>(record: P, link: Link | undefined, finder: Finder<P, Q>): boolean {
  if (link === undefined || link.targetId === null) return true
  const linked = finder.linkedTo(link)
  // Made anew by hand under the same key: the same thing with another id.
  if (linked === undefined) return finder.candidates(record).length > 0
  const wanted = finder.wantedKey(record)
  return wanted !== null && finder.keyOf(linked) !== wanted && finder.candidates(record).length > 0
}

interface Claims {
  active: number
  retired: number
}

/** How many seekers have this one record of Procurify in mind. */
function countClaims<P extends Side, Q extends Side>(
  plex: readonly P[],
  links: ReadonlyMap<string, Link>,
  finder: Finder<P, Q>,
): ReadonlyMap<string, Claims> {
  const claims = new Map<string, Claims>()
  for (const record of plex) {
    if (!isSeeking(record, links.get(record.id), finder)) continue
    for (const { id } of finder.candidates(record)) {
      const count = claims.get(id) ?? { active: 0, retired: 0 }
      count[record.active ? 'active' : 'retired'] += 1
      claims.set(id, count)
    }
  }
  return claims
}

/** An active record of Plex outbids retired ones; among equals nobody wins. */
function isOutbid(plex: Side, { active, retired }: Claims): boolean {
  return plex.active ? active > 1 : active + retired > 1
}

function matchOne<P extends Side, Q extends Side>(
  plex: P,
  link: Link | undefined,
  finder: Finder<P, Q>,
  claims: ReadonlyMap<string, Claims>,
): Match<P, Q> {
  if (link !== undefined && !isSeeking(plex, link, finder)) {
    const procurify = finder.linkedTo(link)
    return procurify === undefined
      ? { kind: 'gone_in_procurify', plex, link }
      : { kind: 'paired', plex, procurify, how: 'linked' }
  }
  const candidates = finder.candidates(plex)
  const [only] = candidates
  if (only === undefined) return { kind: 'only_in_plex', plex }
  if (candidates.length > 1) return { kind: 'ambiguous', plex, candidates, why: 'several' }
  const isTaken =
    finder.ownerOf(only.id) !== undefined || isOutbid(plex, claims.get(only.id) ?? { active: 0, retired: 0 })
  if (isTaken) return { kind: 'ambiguous', plex, candidates, why: 'taken' }
  return { kind: 'paired', plex, procurify: only, how: finder.wantedKey(plex) === null ? 'found' : 'wanted' }
}

function idsOf<P extends Side, Q extends Side>(match: Match<P, Q>): string[] {
  switch (match.kind) {
    case 'paired':
    case 'only_in_procurify':
    case 'gone_in_plex':
      return [match.procurify.id]
    case 'ambiguous':
      return match.candidates.map(({ id }) => id)
    case 'only_in_plex':
    case 'gone_in_procurify':
      return []
  }
}
