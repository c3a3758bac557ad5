/**
 * Windows of a data source. What was changed and what was created since a moment is one question to most of them: asked twice in a
 * row, it is answered from the first answer. A range that is too much for one answer is cut in halves, by the date of change, which
 * every source with an upper end can be asked by; the caller cannot do that, as its other half may be the same question.
 */
import type { Failure, Result } from '../../domain/failure.js'
import { halve, type SourceWindow } from '../../domain/window.js'
import type { PlexRow } from './cells.js'
import type { Block } from './map.js'
import { planWindow } from './questions.js'
import type { OnRows, RunSource } from './source.js'

/** Larger answers are not kept. */
const MAX_KEPT = 2_000
/** What asking for less helps against. */
const TOO_MUCH = new Set(['timed_out', 'answer_too_large'])
/** Of the halves of a window, none is shorter. */
const SHORTEST_MS = 60_000

type Page = readonly [rows: PlexRow[], dateMs: number | null]

interface Asked {
  readonly question: string
  readonly outcome: Result<readonly Page[]>
}

export function makeWindowReader(run: RunSource, pcn: string, nowMs: () => number) {
  let last: Asked | null = null
  /** What was too much once is not asked for again in this run. */
  const tooMuch = new Map<string, Failure>()
  // One moment for the whole run: the same range always has the same halves.
  const openEndMs = nowMs()
  /** One call; the one before is remembered, its failure too: the same is not asked twice in a row. */
  const ask = async (
    block: Block,
    inputs: Readonly<Record<string, string>>,
    onRows: OnRows,
  ): Promise<Result<unknown>> => {
    const question = JSON.stringify([block.name, inputs])
    const failed = tooMuch.get(question)
    if (failed !== undefined) return failed
    const known = last
    // An answer serves once more; a failure holds until something else is asked.
    last = known?.question === question && !known.outcome.ok ? known : null
    if (known?.question === question) return replay(known.outcome, onRows)
    let kept: Page[] | null = []
    const answered = await run(block, inputs, (rows, dateMs) => {
      kept?.push([rows, dateMs])
      if (kept !== null && kept.reduce((sum, [some]) => sum + some.length, 0) > MAX_KEPT) kept = null
      return onRows(rows, dateMs)
    })
    if (!answered.ok && TOO_MUCH.has(answered.code)) tooMuch.set(question, answered)
    if (!answered.ok) last = { question, outcome: answered }
    else if (kept !== null) last = { question, outcome: { ok: true, value: kept } }
    return answered
  }
  const askRange = async (
    plan: ReturnType<typeof planWindow>,
    block: Block,
    onRows: OnRows,
  ): Promise<Result<unknown>> => {
    const answered = await ask(block, plan.inputs, onRows)
    if (answered.ok || !TOO_MUCH.has(answered.code) || plan.range === null) return answered
    const halves = halve(plan.range, openEndMs)
    const spanMs = Date.parse(halves?.[1].from ?? '') - Date.parse(plan.range.from ?? '2000-01-01T00:00:00Z')
    if (halves === null || spanMs < SHORTEST_MS) return answered
    for (const half of halves) {
      const part = await askRange({ ...plan, ...plan.ofRange(half) }, block, onRows)
      if (!part.ok) return part
    }
    return { ok: true, value: null }
  }
  return (block: Block, window: SourceWindow | null, onRows: OnRows): Promise<Result<unknown>> => {
    const plan = planWindow(block, window, pcn)
    return askRange(plan, block, async (rows, dateMs) => {
      const wanted = rows.filter(plan.isWanted)
      return wanted.length === 0 ? null : onRows(wanted, dateMs)
    })
  }
}

async function replay(outcome: Asked['outcome'], onRows: OnRows): Promise<Result<unknown>> {
  if (!outcome.ok) return outcome
  for (const [rows, dateMs] of outcome.value) {
    const stopped = await onRows(rows, dateMs)
    if (stopped !== null) return stopped
  }
  return { ok: true, value: null }
}
