/** The only way into the state database for the passes: each method is one business event and one transaction. */
import { sql, type Kysely } from 'kysely'
import type { Planned } from '../domain/decision.js'
import { afterCollision, type Delivery } from '../domain/delivery.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { recordIdOf, type Link, type StreamName } from '../domain/record.js'
import type { Store } from '../ports.js'
import { toPlanEvents, toSettleEvents } from './events.js'
import { followRecords, readCreations, readLastLinked, readLastRun } from './follow.js'
import { appendAudit, readHead, type Author } from './journal.js'
import { json } from './json.js'
import { releaseLeases, renewLease, takeLease } from './lease.js'
import {
  countLinks,
  readEveryLink,
  readLeftOut,
  readLinkedTargets,
  readLinks,
  readLinksByTarget,
  readWitnesses,
  readReservedKeys,
  settleLinks,
  upsertPlannedLinks,
  type Settlement,
} from './link.js'
import {
  countNotes,
  findUnchanged,
  holdsLease,
  moveWatermark,
  noteIds,
  noteWaiting,
  readNotes,
  readWatermark,
  upsertNotes,
  upsertOwners,
} from './note.js'
import {
  armClaim,
  claimDue,
  closeIntents,
  lockOpenIntents,
  readOpenWork,
  settleIntents,
  upsertIntents,
} from './outbox.js'
import { putBackDoubtful, readParked } from './parked.js'
import { readPaused } from './pause.js'
import { openRun, type OpenSettings } from './settings-log.js'
import type { Tables } from './tables.js'

export interface StoreOptions extends Author {
  /** How long a stream lease and a claim are good for, milliseconds. */
  readonly leaseMs: number
  /** Shown to whoever finds the lease taken. */
  readonly holder: string
  /** What the run is set up with. */
  readonly settings?: OpenSettings
}

export function openStore(db: Kysely<Tables>, options: StoreOptions): Store {
  const { connection, leaseMs } = options
  const keyOf = (stream: string) => ({ connection, stream })
  return {
    ...runMethods(db, options),
    takeLease: (stream, runId) => takeLease(db, keyOf(stream), { runId, holder: options.holder }, leaseMs),
    renewLease: (stream, lease) => renewLease(db, keyOf(stream), lease, leaseMs),
    releaseLease: (stream, lease) => releaseLeases(db, connection, new Map([[stream, lease]])),
    watermark: (stream) => readWatermark(db, keyOf(stream)),
    unchanged: (stream, scope, rows) => findUnchanged(db, keyOf(stream), scope, rows),
    note: (stream, lease, rows, next, firstLoad) =>
      db.transaction().execute(async (trx) => {
        if (!(await holdsLease(trx, keyOf(stream), lease))) return false
        await upsertNotes(trx, keyOf(stream), rows, firstLoad)
        if (next !== null) await moveWatermark(trx, keyOf(stream), next)
        return true
      }),
    noteOwners: (stream, lease, feed, rows, next) =>
      db.transaction().execute(async (trx) => {
        if (!(await holdsLease(trx, keyOf(stream), lease))) return false
        await upsertOwners(trx, keyOf(stream), feed, rows)
        if (next !== null) await moveWatermark(trx, keyOf(feed), next)
        return true
      }),
    noteWaiting: (stream, scope) => noteWaiting(db, keyOf(stream), scope),
    noteIds: (stream, sourceIds) => noteIds(db, keyOf(stream), sourceIds),
    notes: (stream, after, limit) => readNotes(db, keyOf(stream), { after, limit, sourceIds: null }),
    notesOf: (stream, sourceIds) => readNotes(db, keyOf(stream), { after: 0, limit: sourceIds.length, sourceIds }),
    countNotes: (stream) => countNotes(db, keyOf(stream)),
    links: (stream, sourceIds) => readLinks(db, keyOf(stream), sourceIds),
    countLinks: (stream) => countLinks(db, keyOf(stream)),
    everyLink: (stream) => readEveryLink(db, keyOf(stream)),
    witnesses: (stream, limit) => readWitnesses(db, keyOf(stream), limit),
    reservedKeys: (stream) => readReservedKeys(db, keyOf(stream)),
    leftOut: (stream, runId) => readLeftOut(db, keyOf(stream), runId),
    linkedTargets: (stream, kept) => readLinkedTargets(db, keyOf(stream), kept ?? null),
    linksByTarget: (stream, targetIds) => readLinksByTarget(db, keyOf(stream), targetIds),
    commitPlan: (stream, runId, scope, items, links) => commitPlan(db, options, { stream, runId, scope }, items, links),
    follow: (stream, runId, items) => followRecords(db, options, stream, runId, items),
    creations: (stream, since) => readCreations(db, keyOf(stream), since),
    lastRun: (stream) => readLastRun(db, keyOf(stream)),
    lastLinked: (stream) => readLastLinked(db, keyOf(stream)),
    claim: (stream, runId, limit, sourceIds) =>
      db
        .transaction()
        .execute((trx) => claimDue(trx, keyOf(stream), { runId, limit, leaseMs, sourceIds: sourceIds ?? null })),
    arm: (claim) => armClaim(db, claim),
    settle: (stream, runId, settled) => settle(db, options, { stream, runId }, settled),
    openWork: (stream, sourceIds) => readOpenWork(db, keyOf(stream), sourceIds ?? null),
    parked: async (stream) => {
      const parked = await readParked(db, connection, { stream })
      return new Map(parked.map(({ sourceId, isInDoubt }) => [sourceId, isInDoubt]))
    },
    putBackDoubtful: (stream, runId, replays) => putBackDoubtful(db, options, stream, runId, replays),
    paused: (stream) => readPaused(db, keyOf(stream)),
    auditHead: () => readHead(db, connection),
  }
}

function runMethods(db: Kysely<Tables>, options: StoreOptions): Pick<Store, 'openRun' | 'closeRun'> {
  const { connection, settings = {} } = options
  return {
    openRun: (run) => openRun(db, options, settings, run),
    closeRun: async (id, outcome, result, leases) => {
      const closed = db
        .updateTable('run')
        .set({ finished_at: sql`clock_timestamp()`, outcome, exit_code: EXIT_CODES[outcome], result: json(result) })
        .where('id', '=', id)
      await releaseLeases(
        db.with('closed', () => closed),
        connection,
        leases,
      )
    },
  }
}

interface PlanKey {
  readonly stream: StreamName
  readonly runId: string
  readonly scope: string
}

function commitPlan(
  db: Kysely<Tables>,
  author: Author,
  { stream, runId, scope }: PlanKey,
  items: readonly Planned[],
  links: ReadonlyMap<string, Link>,
): Promise<{ left: string[] }> {
  const key = { connection: author.connection, stream }
  return db.transaction().execute(async (trx) => {
    const open = await lockOpenIntents(
      trx,
      key,
      items.map((item) => item.sourceId),
    )
    // The parts of one record are stored together or not at all: they share the note.
    const doubtful = new Set(
      items
        .filter((item) => (open.get(item.sourceId)?.unresolved_since ?? null) !== null)
        .map((item) => item.note.sourceId),
    )
    const resolved = items.filter((item) => !doubtful.has(item.note.sourceId))
    const written = await upsertPlannedLinks(trx, key, scope, resolved, links)
    const current = resolved.filter((item) => written.has(item.sourceId))
    await upsertIntents(trx, key, runId, current)
    const ended = current.filter(({ decision }) => ['unchanged', 'skip', 'observe'].includes(decision.kind))
    const closed = await closeIntents(
      trx,
      key,
      ended.map((item) => item.sourceId),
    )
    await removeNotes(trx, key, current)
    await appendAudit(trx, author, runId, toPlanEvents(stream, current, open, closed, links))
    const kept = new Set(current.map((item) => item.sourceId))
    return { left: items.filter((item) => !kept.has(item.sourceId)).map((item) => item.sourceId) }
  })
}

/** Only the revision a plan was made from: a record touched again since stays noted. */
async function removeNotes(
  trx: Kysely<Tables>,
  key: { connection: string; stream: string },
  items: readonly Planned[],
): Promise<void> {
  const rows = items.map(({ note }) => ({ id: note.sourceId, revision: note.revision }))
  await sql`
    delete from note n using jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id text, revision bigint)
    where n.connection = ${key.connection} and n.stream = ${key.stream} and n.source_id = r.id and n.revision = r.revision`.execute(
    trx,
  )
}

/** Postgres: unique_violation. */
const DUPLICATE = '23505'

/**
 * A group is settled in one transaction. Should one of them claim a target that is another record's, the group is settled
 * one by one, so that only that record is parked.
 */
async function settle(
  db: Kysely<Tables>,
  author: Author,
  { stream, runId }: Pick<PlanKey, 'stream' | 'runId'>,
  settled: readonly Delivery[],
): Promise<Delivery[]> {
  try {
    return await settleGroup(db, author, stream, runId, settled)
  } catch (error) {
    if ((error as { code?: unknown }).code !== DUPLICATE) throw error
    const [only] = settled
    if (settled.length === 1 && only !== undefined) {
      return settleGroup(db, author, stream, runId, [{ claim: only.claim, verdict: afterCollision(stream) }])
    }
    const mine: Delivery[] = []
    for (const one of settled) mine.push(...(await settle(db, author, { stream, runId }, [one])))
    return mine
  }
}

function settleGroup(
  db: Kysely<Tables>,
  author: Author,
  stream: string,
  runId: string,
  settled: readonly Delivery[],
): Promise<Delivery[]> {
  const key = { connection: author.connection, stream }
  return db.transaction().execute(async (trx) => {
    const mine = await settleIntents(trx, settled)
    await settleLinks(trx, key, mine.flatMap(toSettlement))
    const unplanned = mine.filter(
      ({ verdict }) => verdict.kind === 'withdrawn' || (verdict.kind === 'done' && verdict.wanted === null),
    )
    await noteIds(
      trx,
      key,
      unplanned.map(({ claim }) => recordIdOf(claim.sourceId)),
    )
    await appendAudit(
      trx,
      author,
      runId,
      mine.flatMap((one) => toSettleEvents(stream, one)),
    )
    return mine
  })
}

function toSettlement({ claim, verdict }: Delivery): Settlement[] {
  if (verdict.kind !== 'done') return []
  return [
    {
      id: claim.sourceId,
      key: claim.sourceKey,
      target_id: verdict.targetId,
      target_key: verdict.targetKey,
      wanted: verdict.wanted?.wantedHash ?? null,
      sent: verdict.wanted?.draft ?? null,
    },
  ]
}
