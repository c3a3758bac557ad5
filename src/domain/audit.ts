/** The journal's rows: their shape (spec section 2), their hash chain, and what must not be copied into them. */
import { createHash } from 'node:crypto'
import { contentHash } from './content-hash.js'
import type { Change, Json } from './record.js'

export type AuditAction =
  | 'create' | 'update' | 'adopt' | 'observe' | 'wait' | 'park' | 'replay' | 'supersede' | 'accept' | 'drop' | 'admin' // prettier-ignore
export type AuditOutcome = 'done' | 'rejected' | 'in_doubt' | 'waiting' | 'parked'

/** The call that came with an event: no query values, no bodies. */
export interface HttpNote {
  readonly method: string
  readonly path: string
  readonly status: number | null
  readonly request_id: string | null
}

/** Who acted: recorded on every row. */
export interface Actor {
  readonly user: string
  readonly host: string
  readonly requester: string | null
  readonly version: string
  readonly settings: string
}

/** Something that happened to a record, before it has a place in the chain. */
export interface AuditEvent {
  readonly stream: string
  readonly source_id: string | null
  readonly source_key: string | null
  readonly target_id: string | null
  readonly action: AuditAction
  readonly outcome: AuditOutcome
  readonly attempt: number | null
  readonly code: string | null
  readonly message: string | null
  readonly changes: readonly Change[]
  readonly http: HttpNote | null
  readonly source_hash: string | null
  readonly replay_of: number | null
}

/** The members that most events leave empty. */
export const BLANK_EVENT = {
  ...{ source_id: null, source_key: null, target_id: null, attempt: null, code: null, message: null },
  ...{ changes: [] as readonly Change[], http: null, source_hash: null, replay_of: null },
} as const

/** One row of the chain, exactly as `audit show --json` prints it. */
export interface AuditRow extends AuditEvent {
  readonly seq: number
  readonly at: string
  readonly run_id: string | null
  readonly connection: string
  readonly actor: Actor
  readonly prev_hash: string
  readonly hash: string
}

/** sha256 over everything in the row but the hash itself: anyone can recompute it from the JSON. */
export function auditHash(row: Omit<AuditRow, 'hash'>): string {
  const { seq, at, run_id, connection, actor, stream, source_id, source_key, target_id } = row
  const { action, outcome, attempt, code, message, changes, http, source_hash, replay_of, prev_hash } = row
  return contentHash({
    ...{ seq, at, run_id, connection, actor, stream, source_id, source_key, target_id, action, outcome, attempt },
    ...{ code, message, changes, http, source_hash, replay_of, prev_hash },
  } as unknown as Json)
}

/** What is wrong with a chain, at its first bad row. */
export interface ChainFault {
  readonly seq: number
  readonly what: 'changed' | 'missing' | 'reordered' | 'head_differs'
}

/** Walks rows in the order they are stored; `next` is fed row by row so that millions need no memory. */
export function walkChain(start: { seq: number; hash: string }): {
  next(row: AuditRow): ChainFault | null
  end(): { seq: number; hash: string }
} {
  let { seq, hash } = start
  return {
    next: (row) => {
      if (row.seq !== seq + 1) return { seq: seq + 1, what: row.seq > seq + 1 ? 'missing' : 'reordered' }
      if (row.prev_hash !== hash) return { seq: row.seq, what: 'reordered' }
      if (auditHash(row) !== row.hash) return { seq: row.seq, what: 'changed' }
      seq = row.seq
      hash = row.hash
      return null
    },
    end: () => ({ seq, hash }),
  }
}

/** Fields that hold contact data: an audit row says that they changed, not to what. */
const CONTACT_FIELDS = new Set([
  ...['email', 'phoneOne', 'phoneTwo', 'fax', 'contact', 'addressLineOne', 'addressLineTwo'],
  ...['city', 'postalCode', 'state_province', 'country'],
])

export function isContactField(field: string): boolean {
  return CONTACT_FIELDS.has(field)
}

/** Replaces contact data by a salted hash, so that equal values can be told equal and nothing else. */
export function hideContacts(changes: readonly Change[], salt: string): Change[] {
  const hide = (value: Json): Json =>
    value === null || (Array.isArray(value) && value.length === 0)
      ? value
      : `hidden:${createHash('sha256')
          .update(`${salt}\n${JSON.stringify(value)}`)
          .digest('hex')
          .slice(0, 16)}`
  return changes.map((change) =>
    isContactField(change.field) ? { field: change.field, from: hide(change.from), to: hide(change.to) } : change,
  )
}
