/** Anything JSON can say. Numbers of foreign systems never appear here: they are kept as text (json-text.ts). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

export type System = 'plex' | 'procurify'

export const STREAMS = ['suppliers', 'pos', 'invoices', 'locations', 'departments', 'accounts'] as const
export type StreamName = (typeof STREAMS)[number]

/** One field of a change, for people: in a dry run, in audit rows, in a diff. */
export interface Change {
  readonly field: string
  readonly from: Json
  readonly to: Json
}

/** The data is not acceptable: every reason at once, each a sentence a person can act on. */
export interface Rejection {
  readonly code: string
  readonly reasons: readonly string[]
}

/** The record a part belongs to: a record that becomes several targets has the parts `<id>`, `<id>/2`, `<id>/3`, ... */
export function recordIdOf(sourceId: string): string {
  return sourceId.split('/', 1)[0] ?? sourceId
}

/** One row of a source window. `record` is what our schema kept of it; a row we cannot read carries a rejection. */
export interface Touched {
  readonly sourceId: string
  readonly sourceKey: string | null
  /** The source's own text, untouched: seven fractional digits and all. */
  readonly modifiedAt: string | null
  readonly createdAt: string | null
  /** Hash of `record`: equal hash = nothing we look at has changed. */
  readonly hash: string
  readonly record: Json
  readonly rejection: string | null
}

/** A touched record remembered until it is planned. `record` null = must be read by id. */
export interface Note {
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly hash: string | null
  readonly record: Json
  readonly rejection: string | null
  readonly firstLoad: boolean
  /** Grows whenever the record is noted again: a plan removes only the revision it was made from. */
  readonly revision: number
}

/** One source record we know and, once paired, its target. */
export interface Link {
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly sourceHash: string | null
  readonly targetId: string | null
  /** The name the target was last confirmed under (vendor name, PO number). */
  readonly targetKey: string | null
  readonly wantedHash: string | null
  /** The draft the target last confirmed; the base of minimal patches. */
  readonly sent: Json
  readonly detail: Json
  readonly skipCode: string | null
  /** Hash of what a person gave up; nothing is done while the record comes to the same again (given-up.ts). */
  readonly givenUp?: string | null
  readonly version: number
}
