/** What PLEX_SOAP_MAP comes to: checked, every mistake told at once, defaults filled in (contracts/plex-soap.md sections 6 to 8). */
import { formatProblem, type DateOrder } from './dates.js'
import { BLOCK_NAMES, ruleOf, type BlockName, type BlockRule } from './members.js'
import { mistakesOf, WrittenMap, type WrittenBlock } from './schema.js'

export interface CellFormat {
  readonly timeZone: string
  readonly dateFormat: DateOrder
  readonly decimalFormat: '1,234.56' | '1.234,56'
  /** In small letters. */
  readonly yes: readonly string[]
  readonly no: readonly string[]
}

export interface Paging {
  readonly mode: 'after-key' | 'offset'
  readonly size: number
  readonly topInput: string
  readonly afterInput: string
  /** Empty for `offset`. */
  readonly keyColumn: string
  /** What the first page starts after. */
  readonly startKey: string
}

/** One data source and what its columns mean. */
export interface Block extends CellFormat {
  readonly name: BlockName
  readonly rule: BlockRule
  readonly dataSourceKey: string | null
  readonly dataSourceName: string | null
  /** Counted from 1. */
  readonly resultSet: number
  readonly inputs: Readonly<Record<string, string>>
  readonly createdInputs: Readonly<Record<string, string>> | null
  readonly inputDateFormat: string
  readonly idsPerCall: number
  readonly rowCap: number | null
  readonly paging: Paging | null
  readonly keyColumns: readonly string[]
  /** Member -> column, the cursor among them. */
  readonly columns: Readonly<Record<string, string>>
  /** The column that says which company a row is of. */
  readonly pcnColumn: string | null
}

export interface SoapMap {
  readonly soapVersion: '1.1' | '1.2'
  readonly legacyTls: boolean
  readonly blocks: Readonly<Partial<Record<BlockName, Block>>>
}

/** Placeholders of inputs. */
const PLACEHOLDERS = ['since', 'until', 'ids', 'pcn']
/** Asked for by date: each pass reads what changed since the last one. */
const WINDOWED: readonly BlockName[] = ['suppliers', 'orders', 'releases', 'invoices']
/** Columns that belong to every block: the PCN of the row, and the UUID Plex has besides the key (it is not looked at). */
const COMMON_MEMBERS = ['id', 'pcn']

const DEFAULTS = {
  dateFormat: 'M/D/YYYY',
  decimalFormat: '1,234.56',
  inputDateFormat: 'YYYY-MM-DD HH:mm:ss',
  flags: { true: ['1', 'true', 'y', 'yes'], false: ['0', 'false', 'n', 'no'] },
} as const
const PAGE_SIZE = 1000
const IDS_PER_CALL = 100

/** `plantZone`: PLEX_TIMEZONE, for blocks without a zone of their own. */
export function parseSoapMap(
  text: string,
  plantZone: string | null,
): SoapMap | { readonly problems: readonly string[] } {
  const file = parseJson(text)
  if (file === undefined) return { problems: ['the file is no JSON (a comma too many, or a quote too few?).'] }
  const written = WrittenMap.safeParse(file)
  if (!written.success) return { problems: mistakesOf(written.error) }
  const { soapVersion = '1.1', legacyTls = false } = written.data
  const given = BLOCK_NAMES.flatMap((name) => {
    const block = written.data[name]
    return block === undefined ? [] : [{ name, block }]
  })
  const problems = given.flatMap(({ name, block }) =>
    problemsOf(name, block, written.data, plantZone).map((problem) => `${name}.${problem}.`),
  )
  if (given.length === 0) problems.push(`the file names no data source: add a block such as ${BLOCK_NAMES[0] ?? ''}.`)
  problems.push(...statusProblems(written.data))
  if (problems.length > 0) return { problems }
  const blocks = given.map(({ name, block }) => [name, resolve(name, block, written.data, plantZone)] as const)
  return { soapVersion, legacyTls, blocks: Object.fromEntries(blocks) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** The cursor is written as a member of its own, and means the date of the last change. */
function columnsOf(block: WrittenBlock): Record<string, string> {
  const { cursorColumn, columns } = block
  return cursorColumn == null ? columns : { ...columns, modifiedDate: cursorColumn }
}

function problemsOf(name: BlockName, block: WrittenBlock, map: WrittenMap, plantZone: string | null): string[] {
  const rule = ruleOf(name)
  const columns = columnsOf(block)
  const known = [...Object.keys(rule.members), ...COMMON_MEMBERS]
  const unknown = Object.keys(block.columns).filter((member) => !known.includes(member))
  const inputs = Object.entries({ ...block.inputs, ...block.createdInputs })
  const odd = inputs.filter(([, value]) => placeholdersIn(value).some((one) => !PLACEHOLDERS.includes(one)))
  const isDated = Object.keys(columns).some((member) => rule.members[member] === 'date')
  const zone = block.timeZone ?? map.defaults?.timeZone ?? plantZone
  const format = block.inputDateFormat ?? map.defaults?.inputDateFormat ?? DEFAULTS.inputDateFormat
  const isMoved =
    block.columns['modifiedDate'] !== undefined && block.columns['modifiedDate'] !== columns['modifiedDate']
  return [
    ...(block.dataSourceKey == null && block.dataSourceName == null ? ['dataSourceKey is required'] : []),
    ...unknown.map((member) => `columns.${member} is not known: use ${known.join(', ')}`),
    ...rule.required.flatMap((member) => (columns[member] === undefined ? [`columns.${member} is required`] : [])),
    ...odd.map(([input]) => `inputs.${input} may hold ${PLACEHOLDERS.map((one) => `{${one}}`).join(', ')} only`),
    ...(WINDOWED.includes(name) && columns['modifiedDate'] === undefined ? ['cursorColumn is required'] : []),
    ...(isMoved ? ['columns.modifiedDate is another column than cursorColumn: leave it out'] : []),
    ...(isDated && zone === null ? ['timeZone is required, or set PLEX_TIMEZONE'] : []),
    ...[formatProblem(format)].flatMap((wrong) => (wrong === null ? [] : [`inputDateFormat ${wrong}`])),
    ...pagingProblems(block),
  ]
}

function pagingProblems({ paging, inputs = {} }: WrittenBlock): string[] {
  if (paging === undefined || paging.mode === 'none') return []
  const needed = paging.mode === 'offset' ? (['topInput', 'afterInput'] as const) : PAGING_BY_KEY
  const missing = needed.filter((member) => paging[member] === undefined)
  const twice = [paging.topInput, paging.afterInput].filter((input) => input !== undefined && input in inputs)
  return [
    ...missing.map((member) => `paging.${member} is required with the mode ${paging.mode}`),
    ...twice.map((input) => `inputs.${input} is filled by paging: leave it out`),
  ]
}

const PAGING_BY_KEY = ['topInput', 'afterInput', 'keyColumn'] as const

/** Whether an order is open, and whether a release counts, hangs on the flags of their statuses: never on the names. */
function statusProblems({ orders, orderStatuses, releases, releaseStatuses }: WrittenMap): string[] {
  const lacks = (block: WrittenBlock | undefined, members: readonly string[]): boolean =>
    block !== undefined && members.some((member) => block.columns[member] === undefined)
  return [
    ...(orderStatuses === undefined && lacks(orders, ['cancelled', 'received', 'onOrder'])
      ? ['orders.columns needs cancelled, received and onOrder (flags of the status), or add the block orderStatuses.']
      : []),
    ...(releaseStatuses === undefined && lacks(releases, ['cancelled', 'received'])
      ? ['releases.columns needs cancelled and received (flags of the status), or add the block releaseStatuses.']
      : []),
  ]
}

function resolve(name: BlockName, block: WrittenBlock, map: WrittenMap, plantZone: string | null): Block {
  const { defaults = {} } = map
  const columns = columnsOf(block)
  const flags = block.flags ?? defaults.flags ?? DEFAULTS.flags
  const small = (words: readonly string[]): string[] => words.map((word) => word.toLowerCase())
  return {
    name,
    rule: ruleOf(name),
    dataSourceKey: block.dataSourceKey ?? null,
    dataSourceName: block.dataSourceName ?? null,
    resultSet: block.resultSet ?? 1,
    inputs: block.inputs ?? {},
    createdInputs: block.createdInputs ?? null,
    inputDateFormat: block.inputDateFormat ?? defaults.inputDateFormat ?? DEFAULTS.inputDateFormat,
    idsPerCall: block.idsPerCall ?? IDS_PER_CALL,
    rowCap: block.rowCap ?? null,
    paging: pagingOf(block),
    keyColumns: block.keyColumns,
    columns: Object.fromEntries(Object.entries(columns).filter(([member]) => !COMMON_MEMBERS.includes(member))),
    pcnColumn: columns['pcn'] ?? null,
    // Without dates no zone is needed, and none was asked for.
    timeZone: block.timeZone ?? defaults.timeZone ?? plantZone ?? 'UTC',
    dateFormat: block.dateFormat ?? defaults.dateFormat ?? DEFAULTS.dateFormat,
    decimalFormat: block.decimalFormat ?? defaults.decimalFormat ?? DEFAULTS.decimalFormat,
    yes: small(flags.true),
    no: small(flags.false),
  }
}

function pagingOf({ paging }: WrittenBlock): Paging | null {
  if (paging === undefined || paging.mode === 'none') return null
  const { mode, size = PAGE_SIZE, topInput = '', afterInput = '', keyColumn = '', startKey = '0' } = paging
  return { mode, size, topInput, afterInput, keyColumn, startKey }
}

export function placeholdersIn(value: string): string[] {
  return [...value.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}
