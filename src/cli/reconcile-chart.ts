/** Both totals of each month as a drawing (inline SVG). Geometry may round; the figures themselves are in the table below it. */
import type { MonthFigures } from '../domain/reconcile-amounts.js'
import { escapeHtml, money } from './reconcile-format.js'

const WIDTH = 640
const HEIGHT = 240
const LEFT = 58
const BOTTOM = 32
const TOP = 12
const STEPS = 4
const LARGEST_BAR = 40

/** One stream in one currency, month by month. */
export function drawMonths(given: readonly MonthFigures[]): string {
  const months = fillGaps(given)
  const totals = months.flatMap(({ plex, procurify }) => [Number(plex.total), Number(procurify.total)])
  const scale = makeScale(Math.min(0, ...totals), Math.max(0, ...totals))
  const slot = (WIDTH - LEFT) / Math.max(1, months.length)
  const bar = Math.min(LARGEST_BAR, slot * 0.36)
  const bars = months.map((one, at) => drawMonth(one, { middle: LEFT + slot * (at + 0.5), bar, scale }))
  // Long ranges would print their months over each other; small screens leave out more of them.
  const every = Math.ceil(months.length / 7)
  const names = months.map(({ month }, at) => {
    const rank = at % (every * 2) === 0 ? '' : ' class="less"'
    return at % every > 0 ? '' : text(LEFT + slot * (at + 0.5), HEIGHT - 8, month, `text-anchor="middle"${rank}`)
  })
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Totals of both sides by month">${drawGrid(scale)}${bars.join('')}${names.join('')}</svg>`
}

/** Months without records have their place on the axis all the same. */
function fillGaps(months: readonly MonthFigures[]): MonthFigures[] {
  const byMonth = new Map(months.map((one) => [one.month, one]))
  const [first] = months
  const last = months.at(-1)
  if (first === undefined || last === undefined) return []
  const filled: MonthFigures[] = []
  for (let month = first.month; month <= last.month && filled.length < MOST_MONTHS; month = nextMonth(month)) {
    const none = { ...first, month, plex: { ...first.plex, total: '0' }, procurify: { ...first.procurify, total: '0' } }
    filled.push(byMonth.get(month) ?? none)
  }
  return filled
}

/** A wrongly typed year must not draw a thousand months. */
const MOST_MONTHS = 60

function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7)
}

interface Scale {
  readonly ticks: readonly number[]
  readonly y: (value: number) => number
}

/** Round numbers at the lines: 1, 2, 2.5 or 5 times a power of ten. */
function makeScale(least: number, most: number): Scale {
  const rough = Math.max(most - least, 1) / STEPS
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const bottom = Math.floor(least / step) * step
  const top = Math.max(Math.ceil(most / step), bottom / step + 1) * step
  const ticks = Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_, at) => bottom + at * step)
  const y = (value: number): number => TOP + ((top - value) / (top - bottom)) * (HEIGHT - TOP - BOTTOM)
  return { ticks, y }
}

/** `1.5M`: axes are for the eye. */
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })

function drawGrid({ ticks, y }: Scale): string {
  return ticks
    .map((tick) => {
      const kind = tick === 0 ? ' class="zero"' : ''
      const line = `<line${kind} x1="${LEFT}" x2="${WIDTH}" y1="${round(y(tick))}" y2="${round(y(tick))}"/>`
      return line + text(LEFT - 8, y(tick) + 4, SHORT.format(tick), 'text-anchor="end"')
    })
    .join('')
}

interface Place {
  readonly middle: number
  readonly bar: number
  readonly scale: Scale
}

function drawMonth({ month, currency, plex, procurify }: MonthFigures, { middle, bar, scale }: Place): string {
  const draw = (side: 'plex' | 'procurify', total: string, left: number): string => {
    const [from, to] = [scale.y(Number(total)), scale.y(0)]
    const name = side === 'plex' ? 'Plex' : 'Procurify'
    const title = `<title>${escapeHtml(`${month} ${name} ${money(total)} ${currency}`)}</title>`
    const height = Math.max(Math.abs(to - from), Number(total) === 0 ? 0 : 1)
    return `<rect class="${side}" x="${round(left)}" y="${round(Math.min(from, to))}" width="${round(bar)}" height="${round(height)}">${title}</rect>`
  }
  return draw('plex', plex.total, middle - bar - 1) + draw('procurify', procurify.total, middle + 1)
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escapeHtml(words)}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
