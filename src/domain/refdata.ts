/** Reference data of both systems as the alignment sees it, and what becomes of each pair. Types, and the few facts about them. */
import type { Planned } from './decision.js'
import type { ProblemCode } from './problems.js'
import type { Json, Link, Note, System } from './record.js'

/** In the order they are aligned: a department needs its location, an account code the departments it is made for. */
export const ALIGN_STREAMS = ['locations', 'departments', 'accounts'] as const
export type AlignStream = (typeof ALIGN_STREAMS)[number]
export type Direction = 'both' | 'to-procurify' | 'to-plex'

/** GL account of Plex. `category`: Asset, Equity, Expense, Liability or Revenue (contracts/plex.md section 11). */
export interface PlexAccount {
  readonly id: string
  readonly number: string | null
  readonly name: string | null
  readonly category: string | null
  readonly active: boolean
}

export interface Building {
  readonly id: string
  readonly code: string | null
  readonly name: string | null
  readonly active: boolean
}

/** Account code of Procurify; `type` 0 to 5 and `parent`, an id, as text (contracts/procurify.md section 9). */
export interface AccountCode {
  readonly id: string
  readonly code: string
  readonly description: string
  readonly type: string | null
  readonly parent: string | null
  readonly active: boolean
}

export interface Location {
  readonly id: string
  readonly name: string
  readonly active: boolean
}

/** Names repeat across locations: the pair is the key. */
export interface Department {
  readonly id: string
  readonly name: string
  readonly locationId: string | null
  readonly active: boolean
  readonly externalId: string | null
}

/** Where an order or one of its lines belongs, in the words a person typed into Plex. */
export interface Place {
  readonly building: string | null
  readonly department: string | null
}

/** An order as far as it tells where it belongs. Stamps are Plex's own text. */
export interface OrderPlace extends Place {
  readonly id: string
  readonly modifiedAt: string | null
  readonly createdAt: string | null
  /** Null = Plex did not say. */
  readonly lineCount: number | null
}

export type PairState = 'paired' | 'only_in_plex' | 'only_in_procurify' | 'conflict'

/** One side of a pair for people: `key` is the account number or code, the building code, the place. */
export interface Shown {
  readonly id: string
  readonly key: string
  readonly name: string | null
  readonly active: boolean
}

/** One line of `align refdata --list`. */
export interface Pair {
  readonly stream: AlignStream
  readonly state: PairState
  readonly plex: Shown | null
  readonly procurify: Shown | null
  /** A code of the catalogue when there is something to know or to do about the pair. */
  readonly code: ProblemCode | null
  readonly message: string | null
}

/** A pair with what is done about it. */
export interface Aligned {
  readonly pair: Pair
  /** Null = only listed: there is no Plex record our books could hold. */
  readonly planned: Planned | null
  /** The system a send with a payload writes to. */
  readonly writesTo: System | null
}

/** Both sides, read whole. */
export interface RefdataSurvey {
  readonly buildings: readonly Building[]
  readonly locations: readonly Location[]
  /** As far as this run read orders; places seen earlier are in the books. */
  readonly places: readonly Place[]
  readonly departments: readonly Department[]
  readonly accounts: readonly PlexAccount[]
  readonly codes: readonly AccountCode[]
}

/** What we know of a stream from earlier runs. */
export interface Book {
  /** Every record ever seen, by Plex id, paired or not. */
  readonly links: ReadonlyMap<string, Link>
  /** Records to be decided anew, whatever the links say. */
  readonly notes: ReadonlyMap<string, Note>
  /** Records whose last write was refused: whoever runs again may have removed the reason. */
  readonly parked: ReadonlySet<string>
  /** Records whose last write was given up on without knowing whether it arrived. */
  readonly doubtful: ReadonlySet<string>
}
export type Books = Readonly<Record<AlignStream, Book>>

/** What the accounts of a new code are made for. */
export interface LinkedDepartments {
  /** Ids that exist already, as text. */
  readonly ids: readonly string[]
  /** For people: also those this plan is about to create. */
  readonly names: readonly string[]
}

/** What makes an account number and a code the same: everything but the white space around them. */
export function codeKey(text: string): string {
  return text.trim()
}

export function writesToPlex(direction: Direction): boolean {
  return direction !== 'to-procurify'
}

export function writesToProcurify(direction: Direction): boolean {
  return direction !== 'to-plex'
}

/** The members of a stored merge base; none when there is no base. */
export function baseOf(sent: Json, side: System): Readonly<Record<string, Json | undefined>> | null {
  const whole = objectOf(sent)
  return whole === null ? null : objectOf(whole[side] ?? null)
}

function objectOf(value: Json): Readonly<Record<string, Json | undefined>> | null {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, Json | undefined>>) : null
}
