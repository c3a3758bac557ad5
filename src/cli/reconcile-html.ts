/**
 * A report as one self-contained page: readable without scripts, in print and on a phone; loads nothing. Its policy allows
 * exactly our own style and script, by their hashes, so that a supplier called `<script>` stays a name even if escaping failed.
 */
import { createHash } from 'node:crypto'
import { KINDS, type Finding, type Kind, type Report, type StreamFigures } from '../domain/reconcile.js'
import { REASONS, type MonthFigures, type Reason } from '../domain/reconcile-amounts.js'
import { sum } from '../domain/money.js'
import { tellRange } from '../domain/reconcile-range.js'
import { drawMonths } from './reconcile-chart.js'
import { escapeHtml as text, money, nameOf, tellDays } from './reconcile-format.js'
import { SCRIPT, STYLE } from './reconcile-page.js'

export function toHtml(report: Report): string {
  const title = text(`Reconciliation, ${tellRange(report.range)}`)
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="ml-connector">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body><main>
${head(report, title)}
${totals(report.amounts)}
${charts(report.amounts)}
${amountsTable(report)}
${findingsTable(report.findings)}
${suppliersTable(report)}
${coverage(report.streams)}
${foot(report)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`
}

function hashOf(source: string): string {
  return `sha256-${createHash('sha256').update(source).digest('base64')}`
}

// ----------------------------------------------------------------------------------------------------------- the parts

const KIND_WORDS: Readonly<Record<Kind, string>> = {
  ...{ missing: 'missing', orphaned: 'orphaned', drifted: 'drifted', duplicate: 'duplicate', stuck: 'stuck' },
  amount_differs: 'amount differs',
}
const STREAM_WORDS: Readonly<Record<string, string>> = {
  ...{
    suppliers: 'suppliers',
    pos: 'orders',
    invoices: 'invoices',
    locations: 'locations',
    departments: 'departments',
  },
  accounts: 'accounts',
}

function head({ connection, pcn, taken_at, finished_at, range, findings, problems }: Report, title: string): string {
  const [day, begun, ended] = [taken_at.slice(0, 10), taken_at.slice(11, 19), finished_at.slice(11, 19)]
  const count = findings.length
  const verdict =
    count === 0
      ? '<p class="verdict good">Both sides agree. Nothing needs a person.</p>'
      : `<p class="verdict">${count === 1 ? '1 finding needs' : `${count} findings need`} a person.</p>`
  const cards = KINDS.map((kind) => {
    const of = findings.filter((one) => one.kind === kind).length
    return `<li class="${of === 0 ? 'none' : 'some'}"><b>${of}</b><small>${KIND_WORDS[kind]}</small></li>`
  })
  const notes = problems.map(({ message, advice }) => `<p>${text(`${message} ${advice}`)}</p>`)
  return `<h1>${title}</h1>
<p class="soft">Plex PCN ${text(pcn)} and Procurify, connection ${text(connection)}. Taken on ${day} from ${begun} to ${ended} UTC.
Days and months are those of ${text(range.zone)}. Differences are Plex less Procurify; currencies are never added up.</p>
${verdict}
<ul class="cards">${cards.join('')}</ul>
${notes.join('\n')}`
}

/** One drawing for each stream and currency, the ones with most records first; few are enough, all are in the tables. */
const MOST_CHARTS = 4

function charts(amounts: readonly MonthFigures[]): string {
  const dated = amounts.filter(({ month, currency }) => month !== 'unknown' && currency !== 'unknown')
  if (dated.length === 0) return ''
  const countOf = (months: readonly MonthFigures[]): number =>
    months.reduce((count, { plex, procurify }) => count + plex.count + procurify.count, 0)
  const drawn = groupsOf(dated)
    .sort((a, b) => countOf(b) - countOf(a))
    .slice(0, MOST_CHARTS)
  const figures = drawn.map((months) => {
    const [first] = months
    const name = `${STREAM_WORDS[first?.stream ?? ''] ?? ''}, ${first?.currency ?? ''}`
    const legend = '<span><i class="plex"></i>Plex</span> <span><i class="procurify"></i>Procurify</span>'
    return `<figure><figcaption>${text(name.charAt(0).toUpperCase() + name.slice(1))} ${legend}</figcaption>${drawMonths(months)}</figure>`
  })
  return `<h2>Totals by month</h2>\n<div class="charts">${figures.join('\n')}</div>`
}

/** Months of one stream and currency: all that may be added up. */
function groupsOf(amounts: readonly MonthFigures[]): MonthFigures[][] {
  const groups = new Map<string, MonthFigures[]>()
  for (const one of amounts) {
    const key = `${one.stream}\n${one.currency}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
}

const TOTAL_COLUMNS: readonly Column[] = [
  ...[{ name: 'Stream' }, { name: 'Currency' }],
  ...([
    { name: 'Plex', kind: 'n' },
    { name: 'Procurify', kind: 'n' },
    { name: 'Difference', kind: 'n' },
  ] as const),
]

/** Over all months, where there are several. */
function totals(amounts: readonly MonthFigures[]): string {
  const groups = groupsOf(amounts)
  if (groups.every((months) => months.length < 2)) return ''
  const rows = groups.map((months) => {
    const { stream = '', currency = '' } = months[0] ?? {}
    const add = (of: (one: MonthFigures) => string): string => sum(months.map(of))
    const cells = [money(add(({ plex }) => plex.total)), money(add(({ procurify }) => procurify.total))]
    const difference = add((one) => one.difference)
    return row(TOTAL_COLUMNS, [
      text(STREAM_WORDS[stream] ?? stream),
      text(currency),
      ...cells,
      differenceCell(difference),
    ])
  })
  return `<h2>In total</h2>\n${sheet('totals', TOTAL_COLUMNS, rows)}`
}

interface Column {
  readonly name: string
  /** `n` = a number, to the right; `k` = a key, on one line. */
  readonly kind?: 'n' | 'k'
}

function sheet(id: string, columns: readonly Column[], rows: readonly string[]): string {
  const heads = columns.map(
    ({ name, kind }) => `<th${kind === undefined ? '' : ` class="${kind}"`} scope="col">${name}</th>`,
  )
  return `<div class="sheet"><table id="${id}"><thead><tr>${heads.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`
}

/** Cells hold markup that is made here; all foreign text in it went through `text`. */
function row(columns: readonly Column[], cells: readonly string[], data = ''): string {
  const made = cells.map((cell, at) => {
    const { name = '', kind } = columns[at] ?? {}
    const off = cell.startsWith(OFF) ? ' off' : ''
    const classes = kind === undefined ? '' : ` class="${kind}${off}"`
    const content = cell.replace(OFF, '')
    return `<td${classes} data-label="${name}">${content === '' ? '' : `<div>${content}</div>`}</td>`
  })
  return `<tr${data}>${made.join('')}</tr>`
}

/** Marks a number that is not what it should be. */
const OFF = '\u0000'

function differenceCell(difference: string): string {
  return `${difference === '0' ? '' : OFF}${money(difference)}`
}

const AMOUNT_COLUMNS: readonly Column[] = [
  ...([{ name: 'Stream' }, { name: 'Month', kind: 'k' }, { name: 'Currency' }] as const),
  ...([
    { name: 'Plex', kind: 'n' },
    { name: 'Procurify', kind: 'n' },
    { name: 'Difference', kind: 'n' },
  ] as const),
  { name: 'Where the difference comes from' },
]

const REASON_WORDS: Readonly<Record<Reason, string>> = {
  within_tolerance: 'cents within the tolerance',
  amount_differs: 'amounts that differ',
  missing: 'missing in Procurify',
  only_in_procurify: 'only in Procurify',
  duplicate: 'entered twice',
  other_month: 'dated in another month, or in another currency',
  in_progress: 'in progress',
}

function amountsTable({ amounts }: Report): string {
  if (amounts.length === 0) return ''
  const rows = amounts.map((one) =>
    row(AMOUNT_COLUMNS, [
      text(STREAM_WORDS[one.stream] ?? one.stream),
      text(one.month),
      text(one.currency),
      ...sides(one),
    ]),
  )
  return `<h2>Amounts</h2>
<p class="soft">Each difference is the sum of the amounts to its right.</p>
${sheet('amounts', AMOUNT_COLUMNS, rows)}`
}

function countWords(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

function sides({ plex, procurify, difference, because }: MonthFigures): string[] {
  const booked =
    plex.booked === null || plex.unbooked === null
      ? ''
      : `<small>booked ${money(plex.booked)}</small><small>not booked ${money(plex.unbooked)}</small>`
  const approved = `<small>approved ${money(procurify.approved)}</small><small>not approved ${money(procurify.open)}</small>`
  const reasons = REASONS.flatMap((reason) =>
    because[reason] === '0' ? [] : [`${money(because[reason])} ${REASON_WORDS[reason]}`],
  )
  return [
    `${money(plex.total)}<small>${countWords(plex.count)}</small>${booked}`,
    `${money(procurify.total)}<small>${countWords(procurify.count)}</small>${approved}`,
    differenceCell(difference),
    reasons.join('<br>'),
  ]
}

const FINDING_COLUMNS: readonly Column[] = [
  ...[{ name: 'Finding' }, { name: 'Record' }, { name: 'What, and what to do' }],
  ...[{ name: 'Plex' }, { name: 'Procurify' }],
  { name: 'Difference', kind: 'n' },
]

function findingsTable(findings: readonly Finding[]): string {
  if (findings.length === 0) return ''
  const rows = findings.map((finding) => {
    const { kind, stream, month, age_days, currency, difference } = finding
    const details = [month, age_days === null ? null : `${age_days} days`].filter((one) => one !== null)
    const cells = [
      `<span class="tag">${KIND_WORDS[kind]}</span><br><small>${text(STREAM_WORDS[stream] ?? stream)}</small>`,
      `${text(nameOf(finding))}${details.length === 0 ? '' : `<br><small>${text(details.join(', '))}</small>`}`,
      findingCell(finding),
      side(finding, finding.plex),
      side(finding, finding.procurify),
      difference === null ? '' : `${differenceCell(difference)}<small>${text(currency ?? '')}</small>`,
    ]
    return row(FINDING_COLUMNS, cells, ` data-kind="${kind}" data-stream="${text(stream)}"`)
  })
  const streams = [...new Set(findings.map(({ stream }) => stream))]
  const kinds = [...new Set(findings.map(({ kind }) => kind))]
  return `<h2>Findings</h2>
<form class="filter" data-table="findings" hidden>
<input name="text" type="search" placeholder="Search" aria-label="Search">
${select(
  'stream',
  'All streams',
  streams.map((one) => [one, STREAM_WORDS[one] ?? one] as const),
)}
${select(
  'kind',
  'All kinds',
  kinds.map((one) => [one, KIND_WORDS[one]] as const),
)}
<output></output>
</form>
${sheet('findings', FINDING_COLUMNS, rows)}`
}

function findingCell({ message, advice, next, code }: Finding): string {
  const command = next === null ? '' : `<br><small><code>${text(next)}</code></small>`
  return `<div class="what">${text(message)}<br><small>${withCode(text(advice))}</small>${command}<br><small>${text(code)}</small></div>`
}

/** Commands and settings, between backticks in the catalogue. */
function withCode(markup: string): string {
  return markup.replace(/`([^`]+)`/g, '<code>$1</code>')
}

function side({ field, difference }: Finding, value: string | null): string {
  if (value === null) return ''
  // With a difference the two are amounts.
  return `${text(difference === null ? value : money(value))}${field === null ? '' : `<br><small>${text(field)}</small>`}`
}

function select(name: string, all: string, options: readonly (readonly [string, string])[]): string {
  const made = options.map(([value, words]) => `<option value="${text(value)}">${text(words)}</option>`)
  return `<select name="${name}" aria-label="${all}"><option value="">${all}</option>${made.join('')}</select>`
}

const SUPPLIER_COLUMNS: readonly Column[] = [{ name: 'Supplier' }, ...AMOUNT_COLUMNS]

function suppliersTable({ by_supplier: suppliers }: Report): string {
  if (suppliers.length === 0) return ''
  const rows = suppliers.map((one) => {
    const name = text(one.supplier ?? one.supplier_id ?? '')
    return row(SUPPLIER_COLUMNS, [
      name,
      text(STREAM_WORDS[one.stream] ?? one.stream),
      text(one.month),
      text(one.currency),
      ...sides(one),
    ])
  })
  return `<h2>Amounts by supplier</h2>
<form class="filter" data-table="suppliers" hidden><input name="text" type="search" placeholder="Search" aria-label="Search"><output></output></form>
${sheet('suppliers', SUPPLIER_COLUMNS, rows)}`
}

const COVERAGE_COLUMNS: readonly Column[] = [
  { name: 'Stream' },
  ...(['Plex', 'Paired', 'Unpaired', 'In progress', 'Left out', 'Procurify', 'Not ours'] as const).map((name) => {
    return { name, kind: 'n' } as const
  }),
]

function coverage(streams: readonly StreamFigures[]): string {
  const rows = streams.map(({ stream, plex, procurify, places, unmanaged }) => {
    const numbers = [plex, places.paired, places.unpaired, places.in_progress, places.left_out, procurify, unmanaged]
    return row(COVERAGE_COLUMNS, [text(STREAM_WORDS[stream] ?? stream), ...numbers.map(String)])
  })
  const bases = streams.map(
    ({ stream, basis, days }) =>
      `<dt>${text(STREAM_WORDS[stream] ?? stream)}</dt><dd>${text(tellDays(days) + basis)}</dd>`,
  )
  return `<h2>What was compared</h2>
<p class="soft">Records of Plex are in exactly one of: paired, unpaired, in progress, left out.</p>
${sheet('coverage', COVERAGE_COLUMNS, rows)}
<dl>${bases.join('')}</dl>`
}

function foot({ report_id: id }: Report): string {
  return `<footer><p>Report ${text(id)}, stored as it was taken. To see it again: <code>ml-connector reconcile --report ${text(id.slice(0, 8))}</code></p></footer>`
}
