/** What the passes need of the world, as types only. Adapters implement these; `cli/wire.ts` brings them together. */
import type { AuditRow } from './domain/audit.js'
import type { Detail, Followed, Planned, Replay } from './domain/decision.js'
import type { Claim, Delivered, Delivery, LookUp } from './domain/delivery.js'
import type { Result } from './domain/failure.js'
import type { RunOutcome } from './domain/outcome.js'
import type { Json, Link, Note, StreamName, System, Touched } from './domain/record.js'
import type { AccountCode, Building, Department, Location, OrderPlace, Place, PlexAccount } from './domain/refdata.js'
import type { Secret } from './domain/secret.js'
import type { SourceWindow, Watermark } from './domain/window.js'

// ------------------------------------------------------------------------------------------------ the two systems

/** One answer of the source, or a part of a long one, parsed row by row. */
export interface ListOutcome {
  readonly rows: number
  /** Rows outside the window: the filter was ignored. They were dropped, not delivered. */
  readonly outside: number
}

export interface Source<R> {
  /** Can a window have an upper end? If not, half of it would be the same question again. */
  readonly canSlice: boolean
  /**
   * Streams every row of a window (null = all rows) in batches, with backpressure, each with the answer's `Date` header as epoch
   * milliseconds (a later stamp is from a clock that runs ahead). A row we cannot parse is delivered with a rejection. The failure of a list that is too large or too slow says so; the caller halves the window.
   */
  list(
    window: SourceWindow | null,
    onBatch: (rows: Touched[], answeredAtMs: number | null) => Promise<void>,
  ): Promise<Result<ListOutcome>>
  /** Reads what the window did not show (the row itself where the note has none, addresses, lines, ...). */
  read(notes: readonly Note[]): Promise<Result<readonly Detail<R>[]>>
  /** Is this record still visible to us, and if so as what? Asked when an overlap did not bring it back. */
  probe(sourceId: string): Promise<Result<Touched | null>>
}

/** One row of a feed: it touches the record it belongs to. */
export interface FeedRow extends Touched {
  readonly owner: string | null
  /** What our books keep of the row itself; absent = only that it was seen. */
  readonly kept?: Json
}

/** A second list of the source whose rows touch records of the stream, as a release touches its order. */
export interface Feed {
  /** Names its watermark and the links that remember its rows. */
  readonly name: string
  readonly canSlice: boolean
  /** Whose list it is, for people; left out = Plex. */
  readonly system?: 'Plex' | 'Procurify'
  /** Its rows have no date of creation: windows are of changes only. */
  readonly isModifiedOnly?: boolean
  /** With --full it is read whole as well. */
  readonly isWholeOnFull?: boolean
  /** Where a whole list begins; left out = where the stream's own does. */
  readonly floor?: string
  list(
    window: SourceWindow | null,
    onBatch: (rows: FeedRow[], answeredAtMs: number | null) => Promise<void>,
  ): Promise<Result<ListOutcome>>
  probe(sourceId: string): Promise<Result<Touched | null>>
}

export interface Target {
  /** Cheap look before an ordinary creation: one call, by the id we would write. */
  lookFirst(claim: Claim): Promise<Result<LookUp>>
  /** Thorough look for a record in doubt, proved complete by `witnesses` (target ids known to exist). */
  lookUp(claim: Claim, witnesses: readonly string[]): Promise<Result<LookUp>>
  /** `sendBefore` (clock ms): nothing may be put on the wire later, a rival may own the claim by then. */
  send(claim: Claim, sendBefore: number): Promise<Result<Delivered>>
}

/** All that delivering needs to know of a stream. */
export interface Outlet {
  readonly name: StreamName
  readonly target: Target
}

/** Everything that makes one kind of record flow one way. */
export interface Stream<R = unknown, S = unknown> extends Outlet {
  readonly source: Source<R>
  readonly feeds: readonly Feed[]
  /** The first load may be as large as it likes: everything is new then. */
  readonly firstLoadIsExempt: boolean
  /** Nothing created before this instant is ever read at first; null = everything is. */
  readonly floor: string | null
  /** Names of settings that change what is skipped, hashed: another value re-plans skipped records. */
  readonly scope: string
  /** Records to be planned again because our own books changed. Asked once all lists were read. Reads only. */
  readonly stale?: () => Promise<readonly string[]>
  /** Pure: is the target's state needed to plan these? */
  needsSurvey(records: readonly Detail<R>[], links: ReadonlyMap<string, Link>): boolean
  /** What planning must know of the target; read at most once a pass. */
  survey(): Promise<Result<S>>
  /** Pure: the decision for each record but the failed ones, in the same order. */
  plan(records: readonly Detail<R>[], links: ReadonlyMap<string, Link>, known: Known<S> | null): Planned[]
  /** Dry run: plans from now on as if these records, of a stream that this one needs, had been delivered. */
  readonly suppose?: (planned: readonly Planned[]) => void
}

/** The target as surveyed, and what our own books say of it. */
export interface Known<S> {
  readonly survey: S
  /** Linked records by target id. */
  readonly linkedTargets: ReadonlyMap<string, Link>
  /** Target keys (names) that open intents are about to take, by source id. */
  readonly reserved: ReadonlyMap<string, string>
  /** What this run looked at for others and left out, as they wait for it (`supplier:<id>`), with the code why. */
  readonly leftOut: ReadonlyMap<string, string>
}

/** A list read whole. */
export interface Listed<T> {
  readonly rows: readonly T[]
  /** One sentence for each row that could not be understood and was left out. */
  readonly unreadable: readonly string[]
}

/** Reference data of both systems: short lists without a date filter, read whole, and the orders that name departments. */
export interface RefdataSources {
  readonly plex: {
    accounts(): Promise<Result<Listed<PlexAccount>>>
    buildings(): Promise<Result<Listed<Building>>>
    /** Departments in use, where Plex has a list of them; else only the names on orders are known. */
    departments?(): Promise<Result<Listed<Place>>>
    /** Can a window of orders have an upper end? If not, half of it would be the same question again. */
    readonly canSlice: boolean
    /** Orders of a window, with the answer's `Date` (see `Source.list`). */
    orders(
      window: SourceWindow,
      onBatch: (orders: OrderPlace[], answeredAtMs: number | null) => Promise<void>,
    ): Promise<Result<ListOutcome>>
    /** Where the lines of an order belong, blanks filled in from the order; none when Plex does not show it any more. */
    linePlaces(order: OrderPlace): Promise<Result<readonly Place[]>>
    /** Null = Plex does not show it. */
    order(id: string): Promise<Result<OrderPlace | null>>
  }
  readonly procurify: {
    locations(): Promise<Result<Listed<Location>>>
    departments(): Promise<Result<Listed<Department>>>
    accountCodes(): Promise<Result<Listed<AccountCode>>>
  }
}

// ------------------------------------------------------------------------------------------------ the state database

export interface Lease {
  readonly fence: number
}

interface RunStart {
  readonly id: string
  readonly command: string
  /** A replay may work on several streams; it is no run of any of them, so it never counts as their last one. */
  readonly stream: StreamName | 'replay'
}

export interface OpenWork {
  readonly waiting: number
  readonly pending: number
  readonly dead: number
  readonly inDoubt: number
  /** When the next pending intent is due, milliseconds from now by the database's clock; null = none. */
  readonly nextDueInMs: number | null
}

/** What a person put on hold, by a reason each. */
export interface Paused {
  /** Null = the stream is not paused as a whole. */
  readonly stream: string | null
  /** By source id. */
  readonly records: ReadonlyMap<string, string>
}

/** Each method is ONE business event = ONE transaction. Times are the database's. */
export interface Store {
  openRun(run: RunStart): Promise<void>
  /** Gives back the leases of the run as well. */
  closeRun(id: string, outcome: RunOutcome, result: Json, leases: ReadonlyMap<StreamName, Lease>): Promise<void>

  /** Null = somebody else holds it; `holder` says who and until when. */
  takeLease(stream: StreamName, runId: string): Promise<Lease | { readonly holder: string; readonly expiresAt: string }>
  renewLease(stream: StreamName, lease: Lease): Promise<boolean>
  releaseLease(stream: StreamName, lease: Lease): Promise<void>

  /** Of a stream or of one of its feeds. */
  watermark(name: string): Promise<Watermark>
  /** Which of these rows are exactly as we last saw them, and not waiting to be planned. One query. */
  unchanged(name: string, scope: string, rows: readonly Touched[]): Promise<ReadonlySet<string>>
  /** Notes rows and, with `next`, moves the watermark in the same transaction. False = the lease is lost. */
  note(
    stream: StreamName,
    lease: Lease,
    rows: readonly Touched[],
    next: Watermark | null,
    firstLoad: boolean,
  ): Promise<boolean>
  /** Remembers rows of a feed and notes the records they belong to, with the feed's watermark. False = the lease is lost. */
  noteOwners(
    stream: StreamName,
    lease: Lease,
    feed: string,
    rows: readonly FeedRow[],
    next: Watermark | null,
  ): Promise<boolean>
  /** Notes every waiting record again, as it was read: what it waits for may have come. And skipped ones whose settings changed. */
  noteWaiting(stream: StreamName, scope: string): Promise<void>
  /** The notes of these records only. */
  notesOf(stream: StreamName, sourceIds: readonly string[]): Promise<Note[]>
  /** Notes records to be read by id: dependencies, replays, skipped ones whose scope changed. */
  noteIds(stream: StreamName, sourceIds: readonly string[]): Promise<void>
  /** The oldest notes first, after `afterRevision`. Records whose intent is unresolved wait behind it and are left out. */
  notes(stream: StreamName, afterRevision: number, limit: number): Promise<Note[]>
  /** Notes that a run may plan: those of paused records are left out, as in `notes`. */
  countNotes(stream: StreamName): Promise<number>

  /** The links of these records, of their parts too (`<id>/2`). */
  links(stream: StreamName, sourceIds: readonly string[]): Promise<Map<string, Link>>
  countLinks(stream: StreamName): Promise<number>
  /** Every record of the stream we ever decided about, paired or not, by source id. For short lists only. */
  everyLink(stream: StreamName): Promise<Map<string, Link>>
  /** Target ids of some linked records, newest first: proof that a look-up saw what it should. */
  witnesses(stream: StreamName, limit: number): Promise<string[]>
  /** Every linked record by target id. `kept`: of what was sent only these members, and no detail; left out = all of it. */
  linkedTargets(stream: StreamName, kept?: readonly string[]): Promise<Map<string, Link>>
  /** The links of these targets only, whole, by target id. */
  linksByTarget(stream: StreamName, targetIds: readonly string[]): Promise<Map<string, Link>>
  /** Target keys (names) that open intents are about to take, by source id. */
  reservedKeys(stream: StreamName): Promise<Map<string, string>>
  /** Records that this run looked at and skipped, never linked: by source id, with the code why. */
  leftOut(stream: StreamName, runId: string): Promise<Map<string, string>>

  /**
   * Stores decisions, one transaction for the group: link knowledge, intent or waiting reason or dead letter, audit rows, and the note
   * removed. An item is left alone (its note stays) when the link moved since it was planned or a try is unresolved.
   */
  commitPlan(
    stream: StreamName,
    runId: string,
    scope: string,
    items: readonly Planned[],
    links: ReadonlyMap<string, Link>,
  ): Promise<CommitCount>

  /** Stores what following linked records taught, with its audit rows and parked records. */
  follow(stream: StreamName, runId: string, items: readonly Followed[]): Promise<void>
  /** What the daily ration has left out: created since `since`, and creations that are decided and not delivered. */
  creations(stream: StreamName, since: string): Promise<{ readonly done: number; readonly open: ReadonlySet<string> }>
  /** When the last run of the stream that finished was started; null = none is remembered. */
  lastRun(stream: StreamName): Promise<string | null>
  /** When the newest link was made: a list that reaches back to it shows a witness. */
  lastLinked(stream: StreamName): Promise<string | null>

  /** Claims due intents (also those whose claim ran out) and opens their attempts, committed before anything is sent. */
  claim(stream: StreamName, runId: string, limit: number, sourceIds?: readonly string[]): Promise<Claim[]>
  /** Starts a new try of a record whose absence was proved: the doubt begins anew. False = the claim is lost. */
  arm(claim: Claim): Promise<boolean>
  /** Settles attempts in one transaction; answers those whose claims were still ours (fencing). */
  settle(stream: StreamName, runId: string, settled: readonly Delivery[]): Promise<readonly Delivery[]>
  /** Of the stream, or of these records only. What is paused is no work. */
  /** Parked records by source id: may a try have reached the target? */
  parked(stream: StreamName): Promise<ReadonlyMap<string, boolean>>
  /** Parked records in doubt go back to be looked for, with a `replay` row each. Answers those that did. */
  putBackDoubtful(stream: StreamName, runId: string, replays: ReadonlyMap<string, Replay>): Promise<string[]>
  openWork(stream: StreamName, sourceIds?: readonly string[]): Promise<OpenWork>
  paused(stream: StreamName): Promise<Paused>

  auditHead(): Promise<string>
}

interface CommitCount {
  /** Source ids left for the next pass because something moved meanwhile. */
  readonly left: readonly string[]
}

/** Reading the journal: `audit show`, `audit verify`, `status`. */
export interface AuditFilter {
  readonly record?: string
  readonly stream?: string
  readonly runId?: string
  readonly action?: string
  readonly outcome?: string
  readonly code?: string
  readonly since?: string
  readonly until?: string
  readonly limit: number
}
export interface Journal {
  rows(filter: AuditFilter): Promise<AuditRow[]>
  /** The whole chain in order, in batches. */
  chain(
    onBatch: (rows: AuditRow[]) => void,
  ): Promise<{ start: { seq: number; hash: string }; head: { seq: number; hash: string } }>
}

// ------------------------------------------------------------------------------------------------ the rest

/** The shared call budget of one system and login. */
export interface Pacer {
  /** Takes one call; the answer is how long to wait before asking again (0 = go now). */
  take(): Promise<{ readonly waitMs: number; readonly reason: string | null }>
  /** Nobody may call before `ms` from now. */
  coolDown(ms: number, reason: string): Promise<void>
  /** The other side answered 429. Answers how many calls a minute are made from now on. */
  throttled(): Promise<{ readonly perMinute: number }>
  /** A call timed out. Answers how many did in a row, over all processes and passes; `stop` = too many, a cool-down has begun. */
  timedOut(): Promise<{ readonly inARow: number; readonly stop: boolean }>
  answered(): Promise<void>
}

export interface Credentials {
  readonly clientId?: Secret
  readonly clientSecret?: Secret
  readonly apiKey?: Secret
  readonly apiSecret?: Secret
  readonly username?: Secret
  readonly password?: Secret
}

export interface Vault {
  /** Those that are stored. Throws ConfigError when no master key opens one. */
  logins(): Promise<Partial<Record<System, Credentials>>>
  store(system: System, credentials: Credentials): Promise<void>
  remove(system: System): Promise<boolean>
  list(): Promise<{ system: System; fields: string[]; keyId: string; current: boolean; updatedAt: string }[]>
  rotate(): Promise<number>
  token(system: System, fingerprint: string): Promise<Secret | null>
  saveToken(system: System, fingerprint: string, token: Secret, expiresInSec: number): Promise<void>
  dropToken(system: System, token?: Secret): Promise<void>
}

/** Time and patience of one pass. Monotonic; never used to order records. */
export interface Clock {
  /** Milliseconds since some fixed moment, also while the process was stopped. */
  now(): number
  /** The host's idea of the time: only where nobody else's is to be had. */
  wallMs(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Progress and log lines; the CLI decides how they look. */
export interface Reporter {
  progress(step: string, done: number, total: number | null): void
  log(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields?: Record<string, Json>): void
}
