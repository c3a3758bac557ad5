import { ConfigError } from '../domain/errors.js'
import { explain, PROBLEMS } from '../domain/problems.js'
import type { ExplainFlags } from './commands/explain.js'
import type { Context } from './program.js'
import { columnsOf, paint, table, wrap, type Style } from './table.js'

/** One entry of the catalogue, or all of them. A code that is not in it is a ConfigError with those that look like it. */
export function explainCode({ io, global }: Context, code: string | undefined, flags: ExplainFlags): number {
  const codes = code === undefined ? Object.keys(PROBLEMS).sort() : [find(code)]
  const entries = codes.map((one) => ({ code: one, what: '', advice: '', ...explain(one) }))
  const style = paint(io, global().color)
  if (flags.json === true) {
    const problems = entries.map(({ what, advice, retryable = false, ...entry }) => ({
      ...entry,
      what,
      advice,
      retryable,
    }))
    io.out(`${JSON.stringify({ schema: 'ml-connector/explain@1', problems })}\n`)
  } else if (code === undefined) {
    const rows = entries.map((entry) => [entry.code, entry.what])
    io.out(`${table(io, style, ['code', 'what happened'], rows)}\n`)
  } else {
    for (const entry of entries) io.out(tell(entry, style, columnsOf(io)))
  }
  return 0
}

function tell(
  entry: { code: string; what: string; advice: string; retryable?: boolean },
  style: Style,
  width: number,
): string {
  const again = entry.retryable === true ? ['The next run tries again by itself.'] : []
  const paragraphs = [entry.what, ...again, entry.advice].flatMap((text) => wrap(text, width))
  return `${style.bold(entry.code)}\n${paragraphs.join('\n')}\n`
}

function find(code: string): string {
  const wanted = code.trim().toLowerCase().replaceAll('-', '_')
  if (explain(wanted) !== null) return wanted
  const near = nearest(wanted)
  const hint = near.length === 0 ? 'Run: ml-connector explain (lists all codes)' : `Did you mean ${near.join(' or ')}?`
  throw new ConfigError(`${JSON.stringify(code)} is not a problem code. ${hint}`)
}

const MAX_HINTS = 3
/** Shared pairs of letters, 0 to 1: less than this is chance. */
const LEAST_LIKENESS = 0.4
/** Behind the best by more than this is no candidate any more. */
const LARGEST_GAP = 0.2

/** The codes that share most pairs of letters with the word (Dice's coefficient). */
function nearest(word: string): string[] {
  const rated = Object.keys(PROBLEMS).map((code) => ({ code, likeness: likenessOf(pairsOf(word), pairsOf(code)) }))
  const best = Math.max(...rated.map(({ likeness }) => likeness))
  const near = rated.filter(({ likeness }) => likeness >= Math.max(LEAST_LIKENESS, best - LARGEST_GAP))
  return near
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, MAX_HINTS)
    .map(({ code }) => code)
}

function likenessOf(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  const shared = [...left].filter((pair) => right.has(pair)).length
  return (2 * shared) / (left.size + right.size || 1)
}

function pairsOf(word: string): Set<string> {
  return new Set(Array.from(word.slice(1), (letter, at) => `${word[at] ?? ''}${letter}`))
}
