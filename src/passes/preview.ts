/** A dry run: the same poll and the same plan as in a run, and nothing is noted, stored or sent. */
import { freshNotebook, memoryNotebook } from './notebook.js'
import type { Pass, PlanLine, PlanLines } from './pass.js'
import { planNotes, type PlanResult } from './plan.js'
import { poll, type Polled } from './poll.js'

export async function preview(pass: Pass): Promise<{ polled: Polled; planned: PlanResult | null }> {
  const notebook = memoryNotebook(pass.store, pass.stream.name)
  const polled = await poll(pass, notebook)
  if (!polled.goOn) return { polled, planned: null }
  const planned = await planNotes(pass, notebook)
  return { polled, planned: { ...planned, lines: await withNeeds(pass, planned) } }
}

/**
 * What records of this stream wait for is planned as a run would deliver it (run.ts, supplyNeeds), and then they are planned once more,
 * as if it was there. The hash stays that of the first plan: a safety stop judges that one.
 */
async function withNeeds(pass: Pass, { lines, waitsFor }: PlanResult): Promise<PlanLines> {
  const { stream, settings } = pass
  const all: PlanLines[] = [lines]
  const freed = new Set<string>()
  for (const [kind, needed] of Object.entries(pass.needs)) {
    const ids = neededIds(waitsFor, kind)
    if (ids.size === 0 || stream.suppose === undefined) continue
    const notes = freshNotebook(needed.stream, [...ids.keys()], settings.concurrency)
    // Every decision is wanted, as in the preview of a replay.
    const supplied = await planNotes({ ...needed, replays: new Map() }, notes)
    pass.tally.absorb(needed.tally, new Set((await pass.store.parked(needed.stream.name)).keys()))
    stream.suppose(supplied.items)
    all.unshift(supplied.lines)
    for (const { sourceId, decision } of supplied.items)
      if (decision.kind !== 'park') ids.get(sourceId)?.forEach((waiting) => freed.add(waiting))
  }
  if (freed.size > 0) all.push((await planNotes(pass, freshNotebook(stream, [...freed], settings.concurrency))).lines)
  return joinLines(all)
}

/** Ids of the records of that kind which are waited for, and the records that wait for each. */
export function neededIds(waitsFor: PlanResult['waitsFor'], kind: string): Map<string, readonly string[]> {
  const start = `${kind}:`
  const wanted = [...waitsFor].filter(([need]) => need.startsWith(start))
  return new Map(wanted.map(([need, records]) => [need.slice(start.length), records]))
}

function joinLines(all: readonly PlanLines[]): PlanLines {
  return {
    length: all.reduce((sum, { length }) => sum + length, 0),
    *[Symbol.iterator](): Iterator<PlanLine> {
      for (const lines of all) yield* lines
    },
  }
}
