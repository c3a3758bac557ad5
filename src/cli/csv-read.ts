/** Reading CSV that people made in a spreadsheet: RFC 4180, with the semicolons some of them write. Pure. */

export interface CsvLine {
  /** Counted as an editor does, from 1; the header is the first. */
  readonly line: number
  readonly cells: Readonly<Record<string, string>>
}

/**
 * Lines by the names of the header (trimmed, lower case); blank lines are left out. A formula guard (a leading `'` before `= + - @`)
 * is taken off again. A string = what is wrong with the text as a whole.
 */
export function readCsv(text: string): CsvLine[] | string {
  const bare = text.replace(/^\uFEFF/, '')
  const separator = /^[^\n"]*;/.test(bare) && !/^[^\n";]*,/.test(bare) ? ';' : ','
  const rows = splitRows(bare, separator)
  if (rows === null) return 'A quoted cell is never closed.'
  const [head, ...body] = rows
  if (head === undefined) return 'It is empty.'
  const names = head.cells.map((name) => name.trim().toLowerCase())
  return body
    .filter(({ cells }) => cells.some((cell) => cell.trim() !== ''))
    .map(({ line, cells }) => ({
      line,
      cells: Object.fromEntries(names.map((name, at) => [name, unguard((cells[at] ?? '').trim())])),
    }))
}

function unguard(cell: string): string {
  return cell.replace(/^'(?=[=+\-@])/, '')
}

/** Null = the text ends inside quotes. */
function splitRows(text: string, separator: string): { line: number; cells: string[] }[] | null {
  const cell = new RegExp(`"((?:[^"]|"")*)"|([^${separator}"\\r\\n]*)`, 'y')
  const rows: { line: number; cells: string[] }[] = []
  let cells: string[] = []
  let [line, start] = [1, 1]
  for (let at = 0; at < text.length;) {
    cell.lastIndex = at
    const [whole = '', quoted, plain = ''] = cell.exec(text) ?? []
    cells.push(quoted?.replaceAll('""', '"') ?? plain)
    line += whole.split('\n').length - 1
    at += whole.length
    if (text[at] === separator) {
      at += 1
      if (at === text.length) cells.push('')
      continue
    }
    const end = /^\r?\n/.exec(text.slice(at, at + 2))?.[0]
    if (end === undefined && at < text.length) return null
    at += end?.length ?? 0
    rows.push({ line: start, cells })
    cells = []
    line += 1
    start = line
  }
  return cells.length === 0 ? rows : [...rows, { line: start, cells }]
}
