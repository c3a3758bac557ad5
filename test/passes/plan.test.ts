/** How much a plan reads at a time. */
import { describe, expect, it } from 'vitest'
import type { Notebook } from '../../src/passes/notebook.js'
import type { Pass } from '../../src/passes/pass.js'
import { planNotes } from '../../src/passes/plan.js'

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
