/** One pair and what is done about it, in the form that the list, the plan and the books share. Pure. */
import { contentHash } from './content-hash.js'
import type { Decision, Planned, Wanted } from './decision.js'
import type { ProblemCode } from './problems.js'
import type { Change, Json, Link, Note, System } from './record.js'
import type { Aligned, AlignStream, Book, PairState, Shown } from './refdata.js'
import type { Match, Side } from './refdata-pairs.js'

/** What was decided about a pair. */
export interface Ruling {
  readonly state: PairState
  readonly code: ProblemCode | null
  readonly message: string | null
  /** Null = listed only. */
  readonly decision: Decision | null
  readonly writesTo?: System
}

export interface PairOf {
  readonly stream: AlignStream
  /** The Plex id; null = there is no Plex record. */
  readonly sourceId: string | null
  readonly plex: Shown | null
  readonly procurify: Shown | null
}

export function toAligned({ stream, sourceId, plex, procurify }: PairOf, ruling: Ruling, { notes }: Book): Aligned {
  const { state, code, message, decision, writesTo = null } = ruling
  const pair = { stream, state, plex, procurify, code, message }
  if (decision === null || sourceId === null) return { pair, planned: null, writesTo: null }
  const sourceKey = plex?.key ?? procurify?.key ?? null
  const record = { plex: plex as unknown as Json, procurify: procurify as unknown as Json }
  const sourceHash = isGone(code) ? goneHash(code) : hashState(plex, procurify, code)
  const note = notes.get(sourceId) ?? blankNote(sourceId, sourceKey)
  return { pair, planned: { note, sourceId, sourceKey, sourceHash, record, decision }, writesTo }
}

/** What our books know of a pair's state. Names count only where they are what there is to tell: else our own rename would be news. */
function hashState(plex: Shown | null, procurify: Shown | null, code: ProblemCode | null): string {
  const isAboutNames = code !== null && NAME_CODES.has(code)
  const stateOf = (side: Shown | null): Json =>
    side && [side.id, side.key, side.active, isAboutNames ? side.name : null]
  return contentHash([stateOf(plex), stateOf(procurify), code])
}

const NAME_CODES = new Set<ProblemCode>(['renamed_in_plex', 'renamed_in_procurify', 'changed_on_both_sides'])

/** Planned from the lists, not from a note: revision 0 removes none. */
function blankNote(sourceId: string, sourceKey: string | null): Note {
  return { sourceId, sourceKey, hash: null, record: null, rejection: null, firstLoad: false, revision: 0 }
}

function isGone(code: ProblemCode | null): code is 'gone_in_plex' | 'gone_in_procurify' {
  return code === 'gone_in_plex' || code === 'gone_in_procurify'
}

/** What a link's hash is once its record was found missing: it is not expected back. */
export function goneHash(code: 'gone_in_plex' | 'gone_in_procurify'): string {
  return contentHash(code)
}

/**
 * Is there anything in it that the books do not hold yet? What was planned before is on its way in the outbox, unless it was
 * refused. A note asks for a new decision in any case.
 */
export function isNews({ sourceId, sourceHash, decision }: Planned, { links, notes, parked }: Book): boolean {
  const link = links.get(sourceId)
  if (link === undefined || notes.has(sourceId) || parked.has(sourceId) || link.sourceHash !== sourceHash) return true
  switch (decision.kind) {
    case 'send':
      return link.wantedHash !== decision.wanted.wantedHash
    case 'skip':
      return link.targetId === null && link.skipCode !== decision.code
    case 'unchanged':
    case 'observe':
    case 'wait':
    case 'park':
      return false
  }
}

/** The pair enters our books as both sides are; nobody is written to. */
export function remember(
  procurify: { readonly id: string; readonly key: string },
  draft: Json,
  changes: readonly Change[],
  message: string | null,
): Decision {
  const wantedHash = contentHash(draft)
  const { id: targetId, key: targetKey } = procurify
  return {
    kind: 'send',
    wanted: { action: 'adopt', targetId, targetKey, draft, payload: null, wantedHash, changes, message },
  }
}

/** Payloads of reference data name the system they are for; without one the pair is Procurify's to look up. */
export function isForPlex({ wanted: { payload } }: { readonly wanted: Pick<Wanted, 'payload'> }): boolean {
  return payload !== null && typeof payload === 'object' && 'system' in payload && payload.system === 'plex'
}

/** Where one side was deactivated and the other was not. */
export function activityCode(plex: Side, procurify: Side): 'inactive_in_plex' | 'inactive_in_procurify' | null {
  if (plex.active === procurify.active) return null
  return plex.active ? 'inactive_in_procurify' : 'inactive_in_plex'
}

/** Nothing to write; what there is to know is noted once. */
export function observe(code: ProblemCode | null, message: string): Decision {
  return code === null ? { kind: 'unchanged' } : { kind: 'observe', code, message, changes: [] }
}

export function skip(state: PairState, code: ProblemCode, message: string): Ruling {
  return { state, code, message, decision: { kind: 'skip', code, message } }
}

/** What is known of one side without the other, and how a person calls the records of Procurify. */
export interface Words<P, Q> {
  readonly stream: AlignStream
  readonly showPlex: (record: P) => Shown
  readonly showProcurify: (record: Q) => Shown
}

type Trouble<P, Q> = Extract<Match<P, Q>, { kind: 'gone_in_plex' | 'gone_in_procurify' | 'ambiguous' }>

/** Is the match decided alike for every kind of reference data? */
export function isTrouble<P, Q>(match: Match<P, Q>): match is Trouble<P, Q> {
  return match.kind === 'gone_in_plex' || match.kind === 'gone_in_procurify' || match.kind === 'ambiguous'
}

export function ruleTrouble<P extends Side, Q extends Side>(
  match: Trouble<P, Q>,
  words: Words<P, Q>,
  book: Book,
): Aligned {
  const { stream, showPlex, showProcurify } = words
  switch (match.kind) {
    case 'gone_in_plex': {
      const procurify = showProcurify(match.procurify)
      const message = `Plex does not show ${match.link.sourceKey ?? match.link.sourceId} any more.`
      const decision = observe('gone_in_plex', message)
      const pair = { stream, sourceId: match.link.sourceId, plex: null, procurify }
      return toAligned(pair, { state: 'only_in_procurify', code: 'gone_in_plex', message, decision }, book)
    }
    case 'gone_in_procurify': {
      const plex = showPlex(match.plex)
      const message = `Procurify does not show ${match.link.targetKey ?? match.link.targetId ?? ''} any more.`
      const decision = observe('gone_in_procurify', message)
      const pair = { stream, sourceId: plex.id, plex, procurify: null }
      return toAligned(pair, { state: 'only_in_plex', code: 'gone_in_procurify', message, decision }, book)
    }
    case 'ambiguous': {
      const plex = showPlex(match.plex)
      const [only] = match.candidates
      const pair = {
        stream,
        sourceId: plex.id,
        plex,
        procurify: match.why === 'taken' && only !== undefined ? showProcurify(only) : null,
      }
      return toAligned(pair, ruleAmbiguous(match, words), book)
    }
  }
}

function ruleAmbiguous<P extends Side, Q extends Side>(
  { plex, candidates, why }: Extract<Match<P, Q>, { kind: 'ambiguous' }>,
  { showProcurify }: Words<P, Q>,
): Ruling {
  const names = candidates.map(showProcurify).map(({ id, key }) => `${key} (${id})`)
  if (!plex.active)
    return skip('only_in_plex', 'inactive_unpaired', `It is inactive, and ${names.join(', ')} fits others.`)
  const code = why === 'several' ? 'pair_ambiguous' : 'pair_taken'
  const message =
    why === 'several'
      ? `Several records of Procurify fit: ${names.join(', ')}.`
      : `${names.join(', ')} fits, but belongs to another record of Plex or fits several.`
  return skip('conflict', code, message)
}

/** The stored base as it differs from the new one, member by member, for the journal. */
export function changesOf(
  link: Link | undefined,
  draft: Readonly<Record<System, Readonly<Record<string, Json>>>>,
): Change[] {
  if (link?.sent == null) return []
  const before = link.sent as Readonly<Record<string, Readonly<Record<string, Json | undefined>> | undefined>>
  return (['plex', 'procurify'] as const).flatMap((system) =>
    Object.entries(draft[system]).flatMap(([member, to]) => {
      const from = before[system]?.[member] ?? null
      return from === to ? [] : [{ field: `${system}.${member}`, from, to }]
    }),
  )
}
