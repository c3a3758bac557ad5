import type { Note, StreamName, Touched } from '../domain/record.js'
import type { Watermark } from '../domain/window.js'
import type { FeedRow, Lease, Store, Stream } from '../ports.js'
import { Spool } from './spool.js'

/** Where poll puts what it touched and planning takes it from. The database in a run; memory in a dry run. */
export interface Notebook {
  /** False = the lease is lost: nothing was noted. */
  add(rows: readonly Touched[], next: Watermark | null, firstLoad: boolean): Promise<boolean>
  /** Notes the records that rows of a feed belong to. */
  addOwners(feed: string, rows: readonly FeedRow[], next: Watermark | null): Promise<boolean>
  /** Notes records to be planned as they are: something around them changed. */
  addIds(sourceIds: readonly string[]): Promise<void>
  page(afterRevision: number, limit: number): Promise<Note[]>
  /** How many there are to be planned; null = not known beforehand. */
  count(): Promise<number | null>
}

export function storeNotebook(store: Store, stream: StreamName, lease: Lease): Notebook {
  return {
    add: (rows, next, firstLoad) => store.note(stream, lease, rows, next, firstLoad),
    addOwners: (feed, rows, next) => store.noteOwners(stream, lease, feed, rows, next),
    addIds: (sourceIds) => store.noteIds(stream, sourceIds),
    page: (afterRevision, limit) => store.notes(stream, afterRevision, limit),
    count: () => store.countNotes(stream),
  }
}

/** Some records only: a dependency of another stream, a replay. Nothing is polled into it. */
export function chosenNotebook(store: Store, stream: StreamName, sourceIds: readonly string[]): Notebook {
  return {
    add: () => Promise.resolve(true),
    addOwners: () => Promise.resolve(true),
    addIds: () => Promise.resolve(),
    page: async (afterRevision, limit) => {
      const notes = await store.notesOf(stream, sourceIds)
      return notes.filter((note) => note.revision > afterRevision).slice(0, limit)
    },
    count: () => Promise.resolve(null),
  }
}

/** Above every revision of a stored note, so that a plan made from these never removes one. */
const FRESH_REVISION = 2 ** 52

/**
 * Some records as the source shows them now, read when their page is asked for; one that could not be read comes without its
 * row, for the source to say why. Nothing is noted: a replay that is stopped leaves no work behind.
 */
export function freshNotebook(
  { source }: Pick<Stream, 'source'>,
  sourceIds: readonly string[],
  concurrency: number,
): Notebook {
  const toNote = async (sourceId: string, at: number): Promise<Note> => {
    const probed = await source.probe(sourceId)
    const row = probed.ok ? probed.value : null
    const { sourceKey = null, hash = null, record = null, rejection = null } = row ?? {}
    return { sourceId, sourceKey, hash, record, rejection, firstLoad: false, revision: FRESH_REVISION + at + 1 }
  }
  return {
    add: () => Promise.resolve(true),
    addOwners: () => Promise.resolve(true),
    addIds: () => Promise.resolve(),
    page: async (afterRevision, limit) => {
      const start = Math.max(0, afterRevision - FRESH_REVISION)
      const notes: Note[] = []
      for (let at = start; at < Math.min(start + limit, sourceIds.length); at += concurrency) {
        const group = sourceIds.slice(at, Math.min(at + concurrency, start + limit))
        notes.push(...(await Promise.all(group.map((sourceId, place) => toNote(sourceId, at + place)))))
      }
      return notes
    },
    count: () => Promise.resolve(null),
  }
}

/** What a dry run keeps of a record until it is planned. */
type Kept = Omit<Note, 'sourceId' | 'revision'>

/** Above every revision of a stored note: what this pass touched comes after what was noted before. */
const TOUCHED_REVISION = FRESH_REVISION

/** What is already noted, then what this pass touched: exactly what a run started now would plan. Writes nothing. */
export function memoryNotebook(store: Store, stream: StreamName): Notebook {
  const kept = new Spool<Kept>()
  /** Where the newest of a record is kept. */
  const touched = new Map<string, number>()
  /** Touched again since they were noted: told in the place of the note. */
  const told = new Set<string>()
  let order: string[] | null = null
  const keep = (sourceId: string, note: Kept): void => {
    touched.set(sourceId, kept.length)
    kept.push(note)
  }
  const stored = async (after: number, limit: number): Promise<Note[]> =>
    (await store.notes(stream, after, limit)).map((note) => {
      const newer = kept.at(touched.get(note.sourceId) ?? -1)
      if (newer === undefined) return note
      told.add(note.sourceId)
      return { ...newer, sourceId: note.sourceId, revision: note.revision }
    })
  const rest = (after: number, limit: number): Note[] => {
    order ??= [...touched.keys()].filter((sourceId) => !told.has(sourceId))
    const start = Math.max(0, after - TOUCHED_REVISION)
    return order.slice(start, start + limit).flatMap((sourceId, at) => {
      const note = kept.at(touched.get(sourceId) ?? -1)
      return note === undefined ? [] : [{ ...note, sourceId, revision: TOUCHED_REVISION + start + at + 1 }]
    })
  }
  const touch = (sourceIds: readonly string[]): void => {
    const unread = { sourceKey: null, hash: null, record: null, rejection: null, firstLoad: false }
    for (const sourceId of sourceIds) if (!touched.has(sourceId)) keep(sourceId, unread)
  }
  return {
    add: (rows, _next, firstLoad) => {
      for (const { sourceId, sourceKey, hash, record, rejection } of rows) {
        keep(sourceId, { sourceKey, hash, record, rejection, firstLoad })
      }
      return Promise.resolve(true)
    },
    addOwners: (_feed, rows) => {
      touch(rows.flatMap(({ owner }) => owner ?? []))
      return Promise.resolve(true)
    },
    addIds: (sourceIds) => Promise.resolve(touch(sourceIds)),
    page: async (afterRevision, limit) => {
      const notes = afterRevision < TOUCHED_REVISION ? await stored(afterRevision, limit) : []
      return notes.length > 0 ? notes : rest(afterRevision, limit)
    },
    count: () => Promise.resolve(null),
  }
}
