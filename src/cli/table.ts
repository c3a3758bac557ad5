/** How text for people is laid out: colours only where they can be seen, tables that fit the terminal, wrapped lines. */
import { Chalk } from 'chalk'
import Table from 'cli-table3'
import { cleanLine, cut } from '../domain/text.js'
import type { Io } from './io.js'

/** Marks text for the eye. Every member returns the text unchanged where colours are not wanted. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
}

/** Colours only on a terminal, unless `--no-color`, NO_COLOR (any value, see no-color.org) or TERM=dumb speak against it. */
export function paint(io: Pick<Io, 'env' | 'isOutTerminal'>, color: boolean): Style {
  const isPlain = !color || !io.isOutTerminal || (io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb'
  const chalk = new Chalk({ level: isPlain ? 0 : 1 })
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    warn: (text) => chalk.yellow(text),
    bad: (text) => chalk.red(text),
  }
}

/** Nothing is laid out narrower than this: a terminal of 10 columns would only make noise. */
const MIN_COLUMNS = 40
const GAP = '  '
/** A cell of more lines hides the other rows; the rest is behind `...` here and whole in `--json`. */
const MAX_CELL_LINES = 6

/** The columns text is laid out for: 80 where the output is no terminal. */
export function columnsOf(io: Pick<Io, 'columns'>): number {
  return Math.max(MIN_COLUMNS, io.columns || 80)
}

/**
 * Rows of foreign text as a table no wider than the terminal; without a newline at the end. The widest columns give way
 * first; what does not fit is wrapped. Columns whose name is among `numbers` stand to the right. Cells hold plain text: control characters are taken out, so colours would be too.
 */
export function table(
  io: Pick<Io, 'columns'>,
  style: Style,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly string[] = [],
): string {
  const cells = rows.map((row) => head.map((_, at) => cleanLine(row[at] ?? '')))
  const widths = fitWidths(head, cells, columnsOf(io))
  const toTheRight = head.map((name) => numbers.includes(name))
  const headLines = toLines(head, widths, toTheRight)
  const laidOut = new Table({
    colWidths: widths,
    chars: BORDERLESS,
    // Colours of its own would be printed into pipes and despite NO_COLOR.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  })
  // Line by line: the library measures a cell of six lines 36 times, which takes seconds for a few hundred rows.
  laidOut.push(...headLines, ...cells.flatMap((row) => toLines(row, widths, toTheRight)))
  const lines = laidOut
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
  return lines.map((line, at) => (at < headLines.length ? style.bold(line) : line)).join('\n')
}

/** One row of wrapped cells as rows of one line each. */
function toLines(row: readonly string[], widths: readonly number[], toTheRight: readonly boolean[]): string[][] {
  const wrapped = row.map((cell, at) => {
    const width = widths[at] ?? 1
    const lines = wrapCell(cell, width)
    return toTheRight[at] === true ? lines.map((line) => ' '.repeat(Math.max(0, width - widthOf(line))) + line) : lines
  })
  const height = Math.max(...wrapped.map((lines) => lines.length))
  return Array.from({ length: height }, (_, at) => wrapped.map((lines) => lines[at] ?? ''))
}

const BORDER_PARTS = [
  ...(['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'] as const),
  ...(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'] as const),
]
const BORDERLESS = { ...Object.fromEntries(BORDER_PARTS.map((part) => [part, ''])), middle: GAP }

function fitWidths(head: readonly string[], cells: readonly (readonly string[])[], columns: number): number[] {
  const widths = head.map((name, at) => Math.max(1, ...[name, ...cells.map((row) => row[at] ?? '')].map(widthOf)))
  let excess = sum(widths) + GAP.length * (head.length - 1) - columns
  for (; excess > 0; excess -= 1) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = Math.max(1, (widths[widest] ?? 1) - 1)
  }
  return widths
}

function wrapCell(text: string, width: number): string[] {
  const lines = wrap(text, width)
  if (lines.length <= MAX_CELL_LINES) return lines
  const last = lines[MAX_CELL_LINES - 1] ?? ''
  return [...lines.slice(0, MAX_CELL_LINES - 1), `${cut(last, Math.max(0, width - 1))}…`]
}

/** Lines of at most `width` columns, broken between words where that is possible. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((one) => breakWord(one, width))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) {
      line = longer
      continue
    }
    lines.push(line)
    line = word
  }
  return [...lines, line]
}

/** A word wider than the line is cut into pieces between characters as people see them. */
function breakWord(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word]
  const pieces = ['']
  for (const { segment } of new Intl.Segmenter('en').segment(word)) {
    const piece = pieces.at(-1) ?? ''
    if (piece === '' || widthOf(piece + segment) <= width) pieces[pieces.length - 1] = piece + segment
    else pieces.push(segment)
  }
  return pieces
}

/** What East Asian scripts and emoji take two columns for, as terminals do it. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const ZERO = /^[\p{M}\p{Cf}]$/u

/** Columns that a line without control characters takes. */
export function widthOf(text: string): number {
  // Almost all text is ASCII, where characters are columns.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  return sum(Array.from(text, (point) => (ZERO.test(point) ? 0 : WIDE.test(point) ? 2 : 1)))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
