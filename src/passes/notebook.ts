import type { Note, StreamName, Touched } from '../domain/record.js'
import type { Watermark } from '../domain/window.js'
import type { FeedRow, Lease, Store, Stream } from '../ports.js'

/** Where poll puts what it touched and planning takes it from. The database in a run; memory in a dry run. */
export interface Notebook {
  /** False = the lease is lost: nothing was noted. */
  add(rows: readonly Touched[], next: Watermark | null, firstLoad: boolean): Promise<boolean>
  /** Notes the records that rows of a feed belong to. */
  addOwners(feed: string, rows: readonly FeedRow[], next: Watermark | null): Promise<boolean>
  page(afterRevision: number, limit: number): Promise<Note[]>
}

export function storeNotebook(store: Store, stream: StreamName, lease: Lease): Notebook {
  return {
    add: (rows, next, firstLoad) => store.note(stream, lease, rows, next, firstLoad),
    addOwners: (feed, rows, next) => store.noteOwners(stream, lease, feed, rows, next),
    page: (afterRevision, limit) => store.notes(stream, afterRevision, limit),
  }
}

/** Some records only: a dependency of another stream, a replay. Nothing is polled into it. */
export function chosenNotebook(store: Store, stream: StreamName, sourceIds: readonly string[]): Notebook {
  return {
    add: () => Promise.resolve(true),
    addOwners: () => Promise.resolve(true),
    page: async (afterRevision, limit) => {
      const notes = await store.notesOf(stream, sourceIds)
      return notes.filter((note) => note.revision > afterRevision).slice(0, limit)
    },
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
    page: async (afterRevision, limit) => {
      const start = Math.max(0, afterRevision - FRESH_REVISION)
      const notes: Note[] = []
      for (let at = start; at < Math.min(start + limit, sourceIds.length); at += concurrency) {
        const group = sourceIds.slice(at, Math.min(at + concurrency, start + limit))
        notes.push(...(await Promise.all(group.map((sourceId, place) => toNote(sourceId, at + place)))))
      }
      return notes
    },
  }
}

/** What is already noted, then what this pass touched: exactly what a run started now would plan. Writes nothing. */
export function memoryNotebook(store: Store, stream: StreamName): Notebook {
  const touched = new Map<string, Note>()
  const load = async (): Promise<Note[]> => {
    const stored = await store.notes(stream, 0, Number.MAX_SAFE_INTEGER)
    const merged = new Map([...stored.map((note) => [note.sourceId, note] as const), ...touched])
    return [...merged.values()].map((note, index) => ({ ...note, revision: index + 1 }))
  }
  let merged: Promise<Note[]> | null = null
  return {
    add: (rows, _next, firstLoad) => {
      for (const { sourceId, sourceKey, hash, record, rejection } of rows) {
        touched.set(sourceId, { sourceId, sourceKey, hash, record, rejection, firstLoad, revision: 0 })
      }
      return Promise.resolve(true)
    },
    addOwners: (_feed, rows) => {
      for (const { owner } of rows) {
        if (owner === null || touched.has(owner)) continue
        touched.set(owner, {
          sourceId: owner,
          sourceKey: null,
          hash: null,
          record: null,
          rejection: null,
          firstLoad: false,
          revision: 0,
        })
      }
      return Promise.resolve(true)
    },
    page: async (afterRevision, limit) => (await (merged ??= load())).slice(afterRevision, afterRevision + limit),
  }
}
