import type { Failure } from './failure.js'
import type { Change, Json, Link, Note } from './record.js'

/** One noted record read in detail. */
export type Detail<R> =
  | { readonly kind: 'record'; readonly note: Note; readonly record: R; readonly hash: string }
  | { readonly kind: 'gone'; readonly note: Note }
  | { readonly kind: 'rejected'; readonly note: Note; readonly code: string; readonly message: string }
  | { readonly kind: 'failed'; readonly note: Note; readonly failure: Failure }

/** A wanted change of one target object, complete enough to be sent without asking anything again. */
export interface Wanted {
  /** `adopt` = the object exists and becomes ours; its payload may be null when nothing has to be written. */
  readonly action: 'create' | 'update' | 'adopt'
  /** Null exactly for a creation. */
  readonly targetId: string | null
  /** The name the target will have, where later streams refer to it by name. */
  readonly targetKey: string | null
  /** The whole record as the target should hold it: becomes `link.sent`. */
  readonly draft: Json
  /** The body to send: all of it for a creation, only what changed otherwise; null = nothing to write. */
  readonly payload: Json
  readonly wantedHash: string
  readonly changes: readonly Change[]
  /** Remarks for the audit row, e.g. fields left different on adoption. */
  readonly message: string | null
}

/** What planning one record came to. */
export type Decision =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'send'; readonly wanted: Wanted }
  /** Nothing is written to the target, but the link learns something worth an audit row. */
  | { readonly kind: 'observe'; readonly code: string; readonly message: string; readonly changes: readonly Change[] }
  | { readonly kind: 'skip'; readonly code: string; readonly message: string }
  | { readonly kind: 'wait'; readonly code: string; readonly message: string; readonly waitsFor: readonly string[] }
  | { readonly kind: 'park'; readonly code: string; readonly message: string; readonly changes: readonly Change[] }

/** A person put a parked record back to be tried again, or settled it. */
export interface Replay {
  /** The row of the journal (seq) that parked it; null = it was pruned. */
  readonly of: number | null
  /** `told` = its row of the journal is written already. */
  readonly action: 'replay' | 'accept' | 'told'
  /** What the person said; null where no reason is asked for. */
  readonly reason: string | null
}

/** One record's decision with what the store needs to keep it. */
export interface Planned {
  readonly note: Note
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly sourceHash: string | null
  /** The record as it was read: kept with a waiting or parked intent for comparison. */
  readonly record: Json
  readonly decision: Decision
  /** With `observe`: what `link.sent` becomes, so that the same is not observed again. */
  readonly learned?: Json
  /** Told to people under `problems`, though nothing is parked. */
  readonly problem?: { readonly code: string; readonly message: string }
  /** The object in the target that the decision is about, where the link has none. */
  readonly about?: string
  readonly replay?: Replay
}

/** What a look at the target taught about a linked record: its state, and perhaps something worth a row or a person. */
export interface Followed {
  readonly link: Link
  /** Becomes `link.detail`. */
  readonly detail: Json
  readonly targetKey: string | null
  readonly decision: Decision
}
