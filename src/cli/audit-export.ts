/**
 * Journal rows in a file: one JSON document a line, the first one says what the others are, each of them is a row as
 * `audit show --json` prints it. The hashes make the file provable by itself, by anyone who can compute sha256.
 */
import { createReadStream } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { AuditRow } from '../domain/audit.js'
import { ConfigError } from '../domain/errors.js'
import { inOrder } from './audit-show.js'

const SCHEMA = 'ml-connector/audit-export@1'

/** The first line of a file. Places as `SEQ:HASH`: the row before the first one, and the last one. */
export interface ExportHead {
  readonly schema: typeof SCHEMA
  readonly connection: string
  readonly before: string
  readonly rows: number
  readonly start: string
  readonly end: string
}

/**
 * Writes a file that is not there yet, readable by its owner only, and returns once it is on the disk, its name included.
 * Whatever goes wrong on the way takes the file back. Throws ConfigError when it exists or cannot be written.
 */
export async function writeExport(
  path: string,
  head: Omit<ExportHead, 'schema'>,
  batches: AsyncIterable<readonly AuditRow[]>,
): Promise<void> {
  const file = await create(path)
  try {
    await file.chmod(0o600)
    await write(file, path, [{ schema: SCHEMA, ...head }])
    for await (const rows of batches) await write(file, path, rows.map(inOrder))
    await file.sync()
  } catch (error) {
    await file.close()
    await unlink(path)
    throw error
  }
  await file.close()
  await syncDirectory(dirname(resolve(path)))
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    const isThere = codeOf(error) === 'EEXIST'
    const why = isThere ? 'it exists already and is not overwritten; name another file' : messageOf(error)
    throw new ConfigError(`--export ${path}: ${why}. Nothing was removed from the journal.`)
  }
}

/** A full disk is no bug of ours. */
async function write(file: FileHandle, path: string, documents: readonly object[]): Promise<void> {
  try {
    await file.writeFile(documents.map((one) => `${toLine(one)}\n`).join(''))
  } catch (error) {
    throw new ConfigError(`--export ${path}: ${messageOf(error)}. Nothing was removed from the journal.`)
  }
}

/** Some readers of lines take these two for the end of one. */
function toLine(document: object): string {
  return JSON.stringify(document).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** The name of a new file is part of its directory. Not every system lets a directory be opened. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r')
    await directory.sync().finally(() => directory.close())
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes(codeOf(error))) throw error
  }
}

/**
 * Reads a file line by line, whatever its size; `begin` answers what is to be called with each row, or with null for a line
 * that is none. Throws ConfigError when the file is not there or is not of this kind.
 */
export async function readExport(
  path: string,
  begin: (head: ExportHead) => (row: AuditRow | null) => void,
): Promise<ExportHead> {
  let head: ExportHead | null = null
  let onRow: (row: AuditRow | null) => void = () => undefined
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (head !== null) onRow(parseRow(line))
      else onRow = begin((head = parseHead(path, line)))
    }
  } catch (error) {
    if (error instanceof ConfigError || codeOf(error) === '') throw error
    throw new ConfigError(`--file ${path}: ${messageOf(error)}.`)
  }
  return head ?? parseHead(path, '')
}

function parseHead(path: string, line: string): ExportHead {
  const head = parse(line) as Partial<ExportHead> | null
  if (head?.schema === SCHEMA && typeof head.start === 'string' && typeof head.end === 'string')
    return head as ExportHead
  throw new ConfigError(`--file ${path}: its first line is not that of a file made by \`audit prune --export\`.`)
}

/** Null = no row of a journal, or the first half of one. */
function parseRow(line: string): AuditRow | null {
  const row = parse(line) as Partial<AuditRow> | null
  return Number.isSafeInteger(row?.seq) && typeof row?.hash === 'string' && Array.isArray(row.changes)
    ? (row as AuditRow)
    : null
}

function parse(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
