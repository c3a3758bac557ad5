/** Why something cannot be sent yet: reasons gathered over all lines of an order, said to a person in one message. */
import type { Decision } from './decision.js'
import type { ProblemCode } from './problems.js'

export interface Obstacle {
  readonly code: ProblemCode
  /** A sentence. Equal ones are said once, with all their lines. */
  readonly text: string
  /** What a person calls the line; null = the order as a whole. */
  readonly line: string | null
  /** Null = a person must change something; else what should come by itself. */
  readonly waitsFor: string | null
}

/** Takes a reason against sending; the last argument names what would end it by itself, null = a person must. */
export type Refuse = (code: ProblemCode, text: string, waitsFor?: string | null) => void
/** Takes a sentence for the audit row. */
export type Remark = (text: string) => void

/** Gathers over a whole order: nobody should have to mend the same order twice. */
export class Findings {
  readonly obstacles: Obstacle[] = []
  readonly remarks: Pick<Obstacle, 'text' | 'line'>[] = []

  refuser(line: string | null): Refuse {
    return (code, text, waitsFor = null) => void this.obstacles.push({ code, text, line, waitsFor })
  }

  remarker(line: string | null): Remark {
    return (text) => void this.remarks.push({ text, line })
  }
}

/**
 * Parks when a person is needed for any of them, else waits for all of them; the message has every reason, those for a person
 * first, the code is that of the first. `obstacles` must not be empty.
 */
export function toDecision(obstacles: readonly Obstacle[]): Decision {
  const forPeople = obstacles.filter(({ waitsFor }) => waitsFor === null)
  const others = obstacles.filter(({ waitsFor }) => waitsFor !== null)
  const ordered = [...forPeople, ...others]
  const code = ordered[0]?.code ?? 'record_unreadable'
  const message = joinByText(ordered)
  if (forPeople.length > 0) return { kind: 'park', code, message, changes: [] }
  const waitsFor = [...new Set(others.flatMap((obstacle) => obstacle.waitsFor ?? []))]
  return { kind: 'wait', code, message, waitsFor }
}

/** Remarks and reasons as one text: equal ones once, with the lines they are about. */
export function joinByText(items: readonly Pick<Obstacle, 'text' | 'line'>[]): string {
  const linesOf = new Map<string, string[]>()
  for (const { text, line } of items) {
    const lines = linesOf.get(text) ?? []
    if (line !== null) lines.push(line)
    linesOf.set(text, lines)
  }
  return [...linesOf].map(([text, lines]) => `${nameLines(lines)}${text}`).join(' ')
}

/** `Line 3: ` or `Lines 3, 4: `; nothing for the order as a whole. */
function nameLines(lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `${lines.length === 1 ? 'Line' : 'Lines'} ${lines.join(', ')}: `
}
