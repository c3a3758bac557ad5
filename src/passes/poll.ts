/**
 * Reads what the source changed since the watermark and notes it; the watermark moves in the transaction of the last
 * notes. An answer that cannot be true stops the pass here, before anything is concluded from it.
 */
import { contentHash } from '../domain/content-hash.js'
import { mayBeTooMuch, type Failure, type Result } from '../domain/failure.js'
import type { Touched } from '../domain/record.js'
import { findMark, halve, planWindows, stampIn, stampKey, type SourceWindow, type Watermark } from '../domain/window.js'
import type { Feed, FeedRow, ListOutcome, Source } from '../ports.js'
import type { Notebook } from './notebook.js'
import { endByFailure, isConfirmed, isOver, type Pass, type Patience } from './pass.js'

export interface Polled {
  /** False = nothing new is planned in this pass. */
  readonly goOn: boolean
  /** The source could not be read, but nothing speaks against delivering what was planned before. */
  readonly mayPush: boolean
  readonly from: string | null
  readonly to: string | null
}

/** One list to be read: the stream's own, or a feed whose rows belong to records of the stream. */
interface Reader {
  readonly markName: string
  readonly list: Pick<Source<unknown>, 'canSlice' | 'list' | 'probe'>
  readonly add: (rows: readonly Touched[], next: Watermark | null) => Promise<boolean>
  /** The record of the stream that a row concerns. */
  readonly recordOf: (row: Touched) => string | null
  readonly isFeed: boolean
  /** Whose list it is, for people. */
  readonly system: 'Plex' | 'Procurify'
  readonly isModifiedOnly: boolean
  /** With --full it is read whole. */
  readonly isWholeOnFull: boolean
  /** Where a whole list begins; null = it has no beginning. */
  readonly floor: string | null
}

export async function poll(pass: Pass, notebook: Notebook): Promise<Polled> {
  const { store, stream } = pass
  const mark = await store.watermark(stream.name)
  const own: Reader = {
    markName: stream.name,
    list: stream.source,
    add: (rows, next) => notebook.add(rows, next, !mark.loaded && stream.firstLoadIsExempt),
    recordOf: (row) => row.sourceId,
    ...{ isFeed: false, system: 'Plex', isModifiedOnly: false, isWholeOnFull: true, floor: stream.floor },
  }
  const polled = await readList(pass, own, mark)
  if (!polled.goOn) return polled
  for (const feed of stream.feeds) {
    const fed = await readList(pass, toReader(feed, notebook, stream.floor), await store.watermark(feed.name))
    if (!fed.goOn) return { ...fed, from: polled.from, to: polled.to }
  }
  const stale = (await stream.stale?.()) ?? []
  if (stale.length > 0) await notebook.addIds(stale)
  return polled
}

function toReader(feed: Feed, notebook: Notebook, streamFloor: string | null): Reader {
  const { system = 'Plex', isModifiedOnly = false, isWholeOnFull = false, floor = streamFloor } = feed
  return {
    markName: feed.name,
    list: { ...feed, list: (window, onBatch) => feed.list(window, onBatch) },
    add: (rows, next) => notebook.addOwners(feed.name, rows as readonly FeedRow[], next),
    recordOf: (row) => (row as FeedRow).owner,
    ...{ isFeed: true, system, isModifiedOnly, isWholeOnFull, floor },
  }
}

async function readList(pass: Pass, reader: Reader, mark: Watermark): Promise<Polled> {
  const { settings, options } = pass
  const { isModifiedOnly, floor } = reader
  const planned = planWindows(mark, settings.overlapMs, options.since, options.full && reader.isWholeOnFull)
  const wanted = isModifiedOnly ? planned.filter((window) => window?.by !== 'created') : planned
  const isWhole = wanted.includes(null)
  const by = isModifiedOnly ? 'modified' : 'created'
  const windows = isWhole && floor !== null ? [{ by, from: floor, to: null } as const] : wanted
  const reading = startReading(pass, reader, mark)
  const from = windows[0]?.from ?? null
  let outside = 0
  for (const window of windows) {
    const listed = await readWindow(pass, reader, window, reading.onBatch)
    if (!listed.ok) {
      await reading.flush(null)
      endByFailure(pass, listed)
      return { goOn: false, mayPush: listed.kind === 'transient', from, to: mark.position }
    }
    reading.rows += listed.value.rows
    outside += listed.value.outside
  }
  if (outside > 0) reportIgnoredFilter(pass, reader, outside)
  const isBelievable = await checkAnswer(pass, reader, mark, windows, reading)
  const moved = isBelievable ? reading.mark.next(mark, isWhole) : null
  // A person has allowed an empty answer: what is gone need not come back any more.
  const isLetGo = options.confirm !== null && reading.rows === 0 && reading.seen.size === 0
  const next = moved !== null && isLetGo ? { ...moved, anchors: [] } : moved
  const isNoted = await reading.flush(next)
  if (!isNoted) {
    pass.tally.end('interrupted')
    pass.tally.problem('lease_lost', 'Another run took this stream over; nothing more was noted here.')
  }
  return { goOn: isBelievable && isNoted, mayPush: false, from, to: next?.position ?? mark.position }
}

/** A list that can be read in windows: see `Source`. */
interface SlicedList<T, W> {
  readonly canSlice: boolean
  list(
    window: W | SourceWindow,
    onBatch: (rows: T[], answeredAtMs: number | null) => Promise<void>,
  ): Promise<Result<ListOutcome>>
}

/** A window too large to be answered in time is halved, never asked again at the same size. */
export async function readWindow<T, W extends SourceWindow | null>(
  pass: Patience & Pick<Pass, 'reporter'>,
  reader: Pick<Reader, 'markName'> & { readonly list: SlicedList<T, W> },
  window: W | SourceWindow,
  onBatch: (rows: T[], answeredAtMs: number | null) => Promise<void>,
): Promise<Result<ListOutcome>> {
  if (isOver(pass)) return stopped()
  const listed = await reader.list.list(window, onBatch)
  if (listed.ok || !mayBeTooMuch(listed) || !reader.list.canSlice) return listed
  const halves = halve(window ?? { by: 'created', from: null, to: null }, pass.clock.wallMs())
  if (halves === null) return listed
  const { from = null, to = null } = window ?? {}
  pass.reporter.log('warn', 'window_halved', { stream: reader.markName, code: listed.code, from, to })
  let total: ListOutcome = { rows: 0, outside: 0 }
  for (const half of halves) {
    const part = await readWindow(pass, reader, half, onBatch)
    if (!part.ok) return part
    total = { rows: total.rows + part.value.rows, outside: total.outside + part.value.outside }
  }
  return { ok: true, value: total }
}

function stopped(): Failure {
  const message = 'The pass ended before the window was read.'
  return { ok: false, kind: 'stop', code: 'out_of_time', message, status: null, http: null, retryAfterMs: null }
}

interface Reading {
  rows: number
  readonly mark: ReturnType<typeof findMark>
  /** Anchors of the former watermark that came back. */
  readonly seen: Set<string>
  readonly onBatch: (rows: Touched[], answeredAtMs: number | null) => Promise<void>
  /** Notes what is left, with the watermark. False = the lease is lost. */
  readonly flush: (next: Watermark | null) => Promise<boolean>
}

/** Rows are noted in groups of this size: bounded memory, few transactions. */
const NOTE_GROUP = 500

function startReading(pass: Pass, reader: Reader, before: Watermark): Reading {
  const { store, stream, tally, reporter, options } = pass
  let ceiling = pass.clock.wallMs()
  const mark = findMark(() => ceiling)
  const anchors = new Set(before.anchors)
  const seen = new Set<string>()
  // A row may be in the modified and the created window: it is judged once. A whole list shows each row once anyway.
  const judged = new Map<string, string | null>()
  const isNew = ({ sourceId, hash }: Touched): boolean => {
    if (judged.get(sourceId) === hash) return false
    if (before.loaded && !options.full) judged.set(sourceId, hash)
    return true
  }
  let buffer: Touched[] = []
  let noting = Promise.resolve(true)
  let read = 0
  const note = async (isOurs: boolean, rows: readonly Touched[], next: Watermark | null): Promise<boolean> =>
    isOurs && (rows.length > 0 || isMoved(before, next)) ? reader.add(rows, next) : isOurs
  /** One group at a time; the next rows are read and parsed meanwhile. */
  const noteBehind = async (next: Watermark | null): Promise<void> => {
    const isOurs = await noting
    noting = note(isOurs, buffer, next)
    buffer = []
    // Whoever comes next, or the end, is told.
    noting.catch(() => undefined)
  }
  const flush = async (next: Watermark | null): Promise<boolean> => {
    await noteBehind(next)
    return noting
  }
  const onBatch = async (rows: Touched[], answeredAtMs: number | null): Promise<void> => {
    if (answeredAtMs !== null) ceiling = answeredAtMs
    // With --full everything is planned anew: addresses and e-mails change without touching their supplier.
    const compareAll = options.full && before.loaded && !reader.isFeed
    const fresh = rows.filter(isNew)
    const isKnown = compareAll || fresh.length === 0
    const same = isKnown ? new Set<string>() : await store.unchanged(reader.markName, stream.scope, fresh)
    for (const row of rows) {
      mark.see(row)
      if (anchors.has(row.sourceId)) seen.add(row.sourceId)
    }
    for (const row of fresh) {
      if (same.has(row.sourceId)) {
        if (!reader.isFeed) tally.countUnchanged(1)
        continue
      }
      const record = reader.recordOf(row)
      if (record !== null) tally.markTouched(record)
      buffer.push(row)
    }
    read += rows.length
    reporter.progress('reading', read, null)
    if (buffer.length >= NOTE_GROUP) await noteBehind(null)
  }
  return { rows: 0, mark, seen, onBatch, flush }
}

/** A pass that saw nothing new writes nothing. */
function isMoved(before: Watermark, next: Watermark | null): boolean {
  const anchorsOf = (mark: Watermark): string => [...mark.anchors].sort().join('\n')
  return (
    next !== null &&
    (next.position !== before.position || next.loaded !== before.loaded || anchorsOf(next) !== anchorsOf(before))
  )
}

/** Once a list, however many windows it was asked for. */
function reportIgnoredFilter({ tally }: Pass, { markName, system }: Reader, outside: number): void {
  const message = `${system} sent ${outside} rows of ${markName} outside the window asked for: the date filter was ignored. They were filtered here.`
  tally.problem('filter_ignored', message)
}

/**
 * An empty answer is not a fact. Rows that must be there prove the answer; where they are missing they are asked for by
 * id before anything is believed.
 */
async function checkAnswer(
  pass: Pass,
  reader: Reader,
  mark: Watermark,
  windows: readonly (SourceWindow | null)[],
  reading: Reading,
): Promise<boolean> {
  if (windows.includes(null)) return checkWholeList(pass, reader, mark, reading.rows)
  const { from = null, by = 'modified' } = windows[0] ?? {}
  const positionKey = mark.position === null ? null : stampKey(mark.position)
  const reachesMark = from !== null && positionKey !== null && (stampKey(from) ?? '') <= positionKey
  if (!reachesMark || mark.anchors.length === 0 || reading.seen.size > 0) return true
  for (const anchor of mark.anchors) {
    const probed = await reader.list.probe(anchor)
    if (!probed.ok) {
      endByFailure(pass, probed)
      return false
    }
    if (probed.value === null) continue
    // Read whole from a floor on, the window is one of creation: what was made before that is rightly missing.
    const stamp = stampIn(probed.value, by)
    const isStillInside = stamp === null || (stampKey(stamp) ?? '') >= (stampKey(from ?? '') ?? '')
    if (!isStillInside) return true
    const message = `${reader.system} answered without record ${anchor}, which it shows when asked by id: the list is not complete.`
    return isConfirmed(pass, {
      code: 'answer_incomplete',
      message,
      hash: answerHash(reader, 'answer_incomplete', anchor),
    })
  }
  if (reading.rows > 0) return true
  const message = `${reader.system} answered with nothing, and the records last seen there (${mark.anchors.join(', ')}) are not visible any more.`
  return isConfirmed(pass, {
    code: 'empty_answer',
    message,
    hash: answerHash(reader, 'empty_answer', mark.position ?? ''),
  })
}

async function checkWholeList(pass: Pass, reader: Reader, mark: Watermark, rows: number): Promise<boolean> {
  const { markName, system } = reader
  if (rows === 0) {
    const message = `${system} answered the whole list of ${markName} with nothing.`
    return isConfirmed(pass, {
      code: 'empty_answer',
      message,
      hash: answerHash(reader, 'empty_answer', mark.position ?? ''),
    })
  }
  const known = mark.loaded ? await pass.store.countLinks(pass.stream.name) : 0
  if (rows * 2 >= known) return true
  const message = `${system} answered the whole list of ${markName} with ${rows} rows, and ${known} are known here.`
  return isConfirmed(pass, { code: 'answer_short', message, hash: answerHash(reader, 'answer_short', String(rows)) })
}

function answerHash({ markName }: Reader, code: string, about: string): string {
  return contentHash({ stream: markName, code, about }).slice(0, 16)
}
