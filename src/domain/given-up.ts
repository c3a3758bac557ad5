/**
 * What a person gave up stays given up until the record comes to something else. The mark is a hash of content, not the
 * source's row hash: the same record read through a window, a feed or by id has different ones of those.
 */
import { contentHash } from './content-hash.js'
import type { Decision, Planned } from './decision.js'
import type { Json, Link } from './record.js'

/** What is left of a parked change: the record as it was read when it was planned, or the draft that was refused, or only why. */
export interface ParkedContent {
  readonly code: string
  readonly message: string | null
  readonly record: Json
  readonly wantedHash: string | null
}

/** The mark for `link.given_up`. A row that could not be read has no content: there the reason stands for it. */
export function markOf({ record, wantedHash, code, message }: ParkedContent): string {
  return record === null ? (wantedHash ?? contentHash([code, message])) : contentHash(record)
}

/**
 * The decision, or a skip where it only repeats what was given up. Taking over what is in the target already is always
 * welcome: nothing is sent for it.
 */
export function respectGivenUp(item: Planned, link: Link | undefined): Planned {
  const mark = link?.givenUp ?? null
  const { decision, record } = item
  if (mark === null || !REPEATABLE.has(decision.kind)) return item
  const wanted = decision.kind === 'send' ? decision.wanted : null
  if (wanted !== null && wanted.payload === null) return item
  const marks = [
    record === null ? null : contentHash(record),
    wanted?.wantedHash,
    decision.kind === 'park' ? contentHash([decision.code, decision.message]) : null,
  ]
  return marks.includes(mark) ? { ...item, decision: GIVEN_UP } : item
}

/** Was this skipped because it was given up? Any other decision ends the mark. */
export function isGivenUp(decision: Decision): boolean {
  return decision.kind === 'skip' && decision.code === GIVEN_UP.code
}

const REPEATABLE: ReadonlySet<Decision['kind']> = new Set<Decision['kind']>(['park', 'wait', 'send'])

const GIVEN_UP = {
  kind: 'skip',
  code: 'given_up',
  message: 'A person gave this version of the record up; it is looked at again when it changes in Plex.',
} as const
