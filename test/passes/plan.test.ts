/** How much a plan reads at a time, and what of it it holds. */
import { describe, expect, it } from 'vitest'
import type { Notebook } from '../../src/passes/notebook.js'
import type { Pass } from '../../src/passes/pass.js'
import { planNotes } from '../../src/passes/plan.js'
import type { Planned } from '../../src/domain/decision.js'
import type { Note } from '../../src/domain/record.js'
import { Tally } from '../../src/domain/tally.js'
import { aNote, aPlanned } from '../support/factories.js'

/** The size of the first page asked for; the notebook is empty. */
async function firstPage(leftMs: number, options: { concurrency?: number; limit?: number } = {}): Promise<number> {
  const asked: number[] = []
  const pass = {
    stream: { name: 'suppliers' },
    store: { paused: () => Promise.resolve({ stream: null, records: new Map() }) },
    clock: { now: () => 5_000 },
    deadlineAt: 5_000 + leftMs,
    signal: new AbortController().signal,
    settings: { concurrency: options.concurrency ?? 4, maxChanges: 500 },
    options: { dryRun: true, limit: options.limit ?? null },
  } as unknown as Pass
  const notebook = {
    page: (_after: number, most: number) => Promise.resolve((asked.push(most), [])),
    count: () => Promise.resolve(null),
  } as unknown as Notebook
  await planNotes(pass, notebook)
  return asked[0] ?? 0
}

describe('a chunk of notes', () => {
  it('is no larger than what the rest of the pass can read and keep: a record a second, all workers busy', async () => {
    expect(await firstPage(15 * 60_000)).toBe(200)
    expect(await firstPage(60_000)).toBe(60)
    expect(await firstPage(1_500)).toBe(4)
    expect(await firstPage(1_500, { concurrency: 16 })).toBe(16)
  })

  it('is no larger than --limit', async () => {
    expect(await firstPage(15 * 60_000, { limit: 3 })).toBe(3)
  })
})

describe('a record noted anew while others are planned', () => {
  it('is left to the next round: this plan holds it already', async () => {
    const stored: string[] = []
    const touched = (sourceId: string, revision: number): Note => aNote(sourceId, { revision })
    const pages = [
      ['a', 'b', 'c', 'd'].map((sourceId, at) => touched(sourceId, at + 1)),
      [touched('a', 5), touched('e', 6)],
    ]
    const pass = {
      stream: {
        name: 'suppliers',
        scope: 'scope',
        source: {
          read: (notes: Note[]) => Promise.resolve({ ok: true, value: notes.map((note) => ({ kind: 'read', note })) }),
        },
        needsSurvey: () => false,
        plan: (details: { note: Note }[]) => details.map(({ note }) => aPlanned(note)),
      },
      store: {
        paused: () => Promise.resolve({ stream: null, records: new Map() }),
        links: () => Promise.resolve(new Map()),
        commitPlan: (_stream: string, _run: string, _scope: string, items: Planned[]) =>
          Promise.resolve(
            (stored.push(...items.map(({ sourceId, note }) => `${sourceId} ${note.revision}`)), { left: [] }),
          ),
      },
      clock: { now: () => 0 },
      deadlineAt: 4_000,
      signal: new AbortController().signal,
      settings: { concurrency: 4, maxChanges: 500 },
      options: { dryRun: false, limit: null },
      tally: new Tally('suppliers', () => ''),
      reporter: { progress: () => undefined },
    } as unknown as Pass
    const notebook = {
      page: () => Promise.resolve(pages.shift()),
      count: () => Promise.resolve(5),
    } as unknown as Notebook
    // A page that is not full is the last: there is no third one to be asked for.
    await planNotes(pass, notebook)
    expect(stored).toEqual(['a 1', 'b 2', 'c 3', 'd 4', 'e 6'])
  })
})
