/**
 * `replay ID --resend`: a denied or vanished requisition is sent anew, as its next revision; and a record in doubt is sent again, because
 * a person looked for it and it is not there.
 */
import { ConfigError } from '../domain/errors.js'
import { resendRequisition } from '../domain/follow-order.js'
import type { Link } from '../domain/record.js'
import { readLinks } from '../store/link.js'
import { namesOf, readParked, type Parked } from '../store/parked.js'
import { findRecords } from '../store/pause.js'
import { storeResend } from '../store/pairs.js'
import { authorOf } from './author.js'
import type { ReplayFlags } from './commands/replay.js'
import type { ReplayWorld } from './replay-streams.js'

export interface ResendRequest {
  /** As if each part was parked: an accepted one is not any more, and may be sent anew all the same. */
  readonly parked: readonly Parked[]
  readonly problems: readonly []
  /** Links as they are with the next revision wanted. */
  readonly links: ReadonlyMap<string, Link>
}

/**
 * Asks for the next revision of every ended part of these orders and, unless it is a dry run, stores that with a row of the journal
 * each; the next pass would send it too. Throws ConfigError, with nothing stored, where one of them still lives.
 */
export async function readRequestToResend(
  { world, context, dryRun, runId }: ReplayWorld,
  ids: readonly string[],
  { reason = '' }: ReplayFlags,
): Promise<ResendRequest> {
  const now = new Date(world.clock.wallMs()).toISOString()
  // Its doubt is ended by the replay itself, when it goes back.
  const all = await readParked(world.database.db, world.config.connection, { ids })
  const doubtful = all.filter(({ isInDoubt }) => isInDoubt)
  const settled = new Set(doubtful.flatMap(namesOf))
  const found = await Promise.all(ids.filter((id) => !settled.has(id)).map((id) => findParts(world, id)))
  const decided = found.flat().map((link) => ({ link, state: resendRequisition(link, now) }))
  const refusals = decided.flatMap(({ state }) => ('reasons' in state ? state.reasons : []))
  if (refusals.length > 0) throw new ConfigError(refusals)
  const resends = decided.flatMap(({ link, state }) => ('reasons' in state ? [] : [{ link, state }]))
  const { db } = world.database
  const parked = await readParked(db, world.config.connection, {
    stream: 'pos',
    ids: resends.map(({ link }) => link.sourceId),
  })
  const stored = dryRun
    ? []
    : await storeResend(db, authorOf(context, world.config), { runId, reason }, resends, parked)
  if (!dryRun && stored.length < resends.length)
    throw new ConfigError(
      'The requisition changed while this was asked for. Look at it again, then repeat the command.',
    )
  return {
    parked: [
      ...doubtful,
      ...resends.map(({ link }) => parked.find(({ sourceId }) => sourceId === link.sourceId) ?? asParked(link)),
    ],
    problems: [],
    links: new Map(
      resends.map(({ link, state }) => [
        link.sourceId,
        { ...link, detail: state, version: link.version + (dryRun ? 0 : 1) },
      ]),
    ),
  }
}

/** The parts of one order that have a requisition; of a part named as such, only that. */
async function findParts({ database, config }: ReplayWorld['world'], id: string): Promise<Link[]> {
  const key = { connection: config.connection, stream: 'pos' }
  const [bySeq] = await readParked(database.db, config.connection, { stream: 'pos', ids: [id] })
  const [exact, records] = [id, await findRecords(database.db, key, id)]
  const recordIds =
    records.length > 0 ? records.map(({ sourceId }) => sourceId) : bySeq === undefined ? [] : [bySeq.sourceId]
  const links = await readLinks(
    database.db,
    key,
    recordIds.map((one) => one.split('/', 1)[0] ?? one),
  )
  const parts = [...links.values()].filter(({ targetId }) => targetId !== null)
  const named = parts.filter(({ sourceId }) => sourceId === exact && exact.includes('/'))
  const chosen = named.length > 0 ? named : parts
  if (chosen.length === 0)
    throw new ConfigError(
      `No requisition of ${id} is known: --resend is for purchase orders that were sent, and for records in doubt.`,
    )
  // Of several parts those that ended are meant; where none did, each says why not.
  const ended = chosen.filter(isEnded)
  return ended.length > 0 ? ended : chosen
}

function isEnded({ detail }: Link): boolean {
  const state = detail !== null && typeof detail === 'object' && 'state' in detail ? detail.state : null
  return state === 'denied' || state === 'vanished'
}

function asParked({ sourceId, sourceKey, targetKey }: Link): Parked {
  const nothing = { message: null, seq: null, record: null, draft: null, wantedHash: null, isInDoubt: false }
  return { ...nothing, intentId: 0, stream: 'pos', sourceId, sourceKey, targetKey, code: 'requisition_denied' }
}
