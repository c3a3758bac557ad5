/** A comparison of both systems as data: what differs, by how much, and what to do. Types, and how findings are made. */
import { adviceFor, type ProblemCode } from './problems.js'
import type { StreamName } from './record.js'
import { stampMs } from './day.js'
import { stampKey } from './window.js'
import type { MonthFigures, SupplierFigures } from './reconcile-amounts.js'

/**
 * What can be wrong with a record:
 *   missing         one side has it and the other has not       orphaned   a counterpart of ours without its other half
 *   drifted         both have it, a field of it differs         duplicate  one record has several counterparts
 *   amount_differs  both have it, the money differs             stuck      it has been on its way for too long
 */
export const KINDS = ['missing', 'orphaned', 'drifted', 'duplicate', 'stuck', 'amount_differs'] as const
export type Kind = (typeof KINDS)[number]

/** One thing a person has to look at. Amounts are decimal text, days as in `2026-10-31`; null = does not apply. */
export interface Finding {
  readonly stream: StreamName
  readonly kind: Kind
  readonly code: ProblemCode
  readonly source_id: string | null
  readonly source_key: string | null
  readonly target_id: string | null
  readonly target_key: string | null
  /** Name of the supplier or vendor it is about. */
  readonly supplier: string | null
  readonly field: string | null
  /** What each side holds in the field. */
  readonly plex: string | null
  readonly procurify: string | null
  readonly month: string | null
  readonly currency: string | null
  /** Plex less Procurify. */
  readonly difference: string | null
  readonly age_days: number | null
  readonly message: string
  readonly advice: string
  /** The command to begin with; null = the advice is all there is. */
  readonly next: string | null
}

type Blank = 'source_id' | 'source_key' | 'target_id' | 'target_key' | 'supplier' | 'field' | 'plex' | 'procurify'
type BlankToo = 'month' | 'currency' | 'difference' | 'age_days' | 'next'
/** What must be said of a finding; everything else is null unless given. */
export type FindingParts = Omit<Finding, Blank | BlankToo | 'advice'> & Partial<Pick<Finding, Blank | BlankToo>>

const NOTHING: Pick<Finding, Blank | BlankToo> = {
  ...{ source_id: null, source_key: null, target_id: null, target_key: null, supplier: null, field: null },
  ...{ plex: null, procurify: null, month: null, currency: null, difference: null, age_days: null, next: null },
}

export function makeFinding(parts: FindingParts): Finding {
  return { ...NOTHING, ...parts, advice: adviceFor(parts.code) }
}

/**
 * Where a record of Plex stands. Each record read is counted in exactly one place:
 *   paired       has its counterpart                         unpaired     should have one and has none
 *   in_progress  changed a moment ago; the next runs carry it
 *   left_out     not sent, by a setting or by a person's word
 */
export const PLACES = ['paired', 'unpaired', 'in_progress', 'left_out'] as const
export type Place = (typeof PLACES)[number]

/** What was found out about one record. */
export interface Judged {
  readonly place: Place
  readonly findings: readonly Finding[]
}

export interface StreamFigures {
  readonly stream: StreamName
  /** Records read on each side, inside the range where the stream has one. */
  readonly plex: number
  readonly procurify: number
  readonly places: Readonly<Record<Place, number>>
  /** Counterparts in Procurify that no program of ours made or paired. No fault: people may work there on their own. */
  readonly unmanaged: number
  readonly findings: Readonly<Record<Kind, number>>
  /** Days of the plant that were compared, both ends included, null = open; null as a whole = not by days. */
  readonly days: { readonly since: string | null; readonly until: string | null } | null
  /** How the figures are meant: which dates, which records, what was not looked at. */
  readonly basis: string
}

/** The days that are compared, both ends included, as calendar days of the plant; null = open. */
export interface Range {
  readonly since: string | null
  readonly until: string | null
  /** Set when exactly one month was asked for. */
  readonly month: string | null
  readonly zone: string
}

/** The document of `reconcile --json`, as it is stored. */
export interface Report {
  readonly schema: 'ml-connector/reconcile@1'
  readonly report_id: string
  readonly connection: string
  readonly pcn: string
  /** False = a side could not be read: then there are no figures and no findings. */
  readonly complete: boolean
  readonly outcome: string
  readonly exit_code: number
  /** By the clock of the database: what changed later may be in it or not. */
  readonly taken_at: string
  readonly finished_at: string
  readonly range: Range
  readonly streams: readonly StreamFigures[]
  readonly amounts: readonly MonthFigures[]
  /** Empty unless asked for. */
  readonly by_supplier: readonly SupplierFigures[]
  readonly findings: readonly Finding[]
  readonly calls: { readonly plex: number; readonly procurify: number }
  readonly problems: readonly {
    readonly code: string
    readonly stream: string
    readonly message: string
    readonly advice: string
  }[]
}

/** Counts places and findings of one stream. */
export class StreamCount {
  readonly findings: Finding[] = []
  plex = 0
  procurify = 0
  unmanaged = 0
  private readonly places: Record<Place, number> = { paired: 0, unpaired: 0, in_progress: 0, left_out: 0 }

  constructor(
    readonly stream: StreamName,
    private readonly basis: string,
    private readonly days: StreamFigures['days'],
  ) {}

  add({ place, findings }: Judged): void {
    this.plex += 1
    this.places[place] += 1
    this.tell(findings)
  }

  tell(findings: readonly Finding[]): void {
    for (const finding of findings) this.findings.push(finding)
  }

  figures(): StreamFigures {
    const { stream, plex, procurify, unmanaged, basis, days } = this
    const kinds = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>
    for (const { kind } of this.findings) kinds[kind] += 1
    return { stream, plex, procurify, places: { ...this.places }, unmanaged, findings: kinds, days, basis }
  }
}

// ------------------------------------------------------------------------------------------------------- our own books

/** What our books say of a record, or of a part of it (`<id>/2`), at the moment of the report. */
export interface BookEntry {
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly sourceHash: string | null
  readonly targetId: string | null
  readonly targetKey: string | null
  readonly skipCode: string | null
  readonly isGivenUp: boolean
  readonly sent: unknown
  readonly detail: unknown
  /** Changed since the report began: both sides were read at different moments of it. */
  readonly isMoving: boolean
  /** Touched in Plex within the last day and not planned yet. */
  readonly isNoted: boolean
}

/** A pair as far as it must be known to miss one of its halves. */
export interface BookPair {
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly targetId: string
  readonly targetKey: string | null
  readonly isMoving: boolean
}

/** A change that is decided and not delivered. */
export interface OpenChange {
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly targetId: string | null
  readonly state: 'waiting' | 'parked' | 'pending' | 'in_doubt'
  readonly code: string | null
  readonly message: string | null
  readonly ageSeconds: number
}

const HOUR_SEC = 3600
const DAY_SEC = 24 * HOUR_SEC
/** As for `status`: longer than this needs a person. */
const LONGEST_SEC = { waiting: 3 * DAY_SEC, pending: 3 * DAY_SEC, in_doubt: HOUR_SEC, parked: -1 } as const

/** A change that has been on its way for too long, or waits for a person; null = it is in progress. */
export function judgeOpen(stream: StreamName, open: OpenChange): Finding | null {
  if (open.ageSeconds <= LONGEST_SEC[open.state]) return null
  const days = Math.max(0, Math.floor(open.ageSeconds / DAY_SEC))
  const code = (open.code ?? (open.state === 'in_doubt' ? 'in_doubt' : 'waits_long')) as ProblemCode
  const words = {
    parked: 'parked for a person',
    waiting: 'waiting',
    pending: 'decided and not delivered',
    in_doubt: 'sent, and it is not known whether it arrived',
  }
  const age = days === 0 ? '' : ` for ${days} ${days === 1 ? 'day' : 'days'}`
  const message = `${words[open.state]}${age}: ${open.message ?? code}`
  return makeFinding({
    ...{ stream, kind: 'stuck', code, message, age_days: days },
    ...{ source_id: open.sourceId, source_key: open.sourceKey, target_id: open.targetId },
    next:
      open.state === 'parked'
        ? `ml-connector replay ${open.sourceKey ?? open.sourceId}`
        : `ml-connector audit show --record ${open.sourceKey ?? open.sourceId}`,
  })
}

/** A change of the last day that the newest run has not seen: `stamp` is Plex's own, `startedAt` when the report began. */
export function isFresh(stamp: string | null, watermark: string | null, startedAt: string): boolean {
  const key = stamp === null ? null : stampKey(stamp)
  const mark = watermark === null ? null : stampKey(watermark)
  if (key === null || mark === null || key <= mark) return false
  return (stampMs(startedAt) ?? 0) - (stampMs(stamp) ?? 0) < DAY_SEC * 1000
}

/** Worst first: what is missing or doubled before what merely looks different; then by stream and key. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const rank = ({ kind, stream }: Finding): number => ORDER.indexOf(kind) * 10 + STREAM_ORDER.indexOf(stream)
  const name = ({ code, source_key: key, source_id: id, target_id: target, field }: Finding): string =>
    `${code}\n${key ?? id ?? target ?? ''}\n${field ?? ''}`
  return [...findings].sort((a, b) => rank(a) - rank(b) || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0))
}

/** Where money is first. */
const STREAM_ORDER: readonly StreamName[] = ['invoices', 'pos', 'suppliers', 'accounts', 'departments', 'locations']
const ORDER: readonly Kind[] = ['duplicate', 'amount_differs', 'missing', 'orphaned', 'stuck', 'drifted']
