/** `link`: pairs decided by people. Every change is a row of the journal with its reason. */
import { readFile } from 'node:fs/promises'
import { ConfigError } from '../domain/errors.js'
import type { Failure } from '../domain/failure.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { adviceFor } from '../domain/problems.js'
import { STREAMS } from '../domain/record.js'
import { outcomeOf } from '../passes/pass.js'
import { readLinks } from '../store/link.js'
import { listPairs, removePairs, storePairs, type Pair } from '../store/pairs.js'
import { findRecords } from '../store/pause.js'
import { authorOf } from './author.js'
import type { LinkFlags, LinkImportFlags, LinkListFlags, PairedStream } from './commands/link.js'
import { toCsv } from './csv.js'
import { readCsv, type CsvLine } from './csv-read.js'
import { resolvePairs, tellRefusal, throwIfMistaken, type NamedPair } from './link-resolve.js'
import type { Context } from './program.js'
import { makeReporter } from './reporter.js'
import { readConfig, withState } from './state.js'
import { paint, table } from './table.js'
import { oneLine } from './text.js'
import { newRunId, openWorld, type World } from './wire.js'

export function listLinks(context: Context, { stream, json, csv }: LinkListFlags): Promise<number> {
  return withState(context, 'link list', async ({ config, database }) => {
    const { io } = context
    const links = await listPairs(database.db, config.connection, stream === undefined ? STREAMS : [stream])
    const head = ['stream', 'source_id', 'source_key', 'target_id', 'target_key', 'linked_at'] as const
    if (json === true) {
      io.out(`${JSON.stringify({ schema: 'ml-connector/links@1', connection: config.connection, links })}\n`)
    } else if (csv === true) {
      io.out(
        toCsv(
          head,
          links.map((link) => head.map((name) => link[name])),
        ),
      )
    } else if (links.length === 0) {
      io.out('Nothing is paired.\n')
    } else {
      const rows = links.map((link) => [
        ...[link.stream, link.source_key ?? link.source_id, link.target_id, link.target_key ?? ''],
        link.linked_at.slice(0, 16).replace('T', ' '),
      ])
      io.out(
        `${table(io, paint(io, context.global().color), ['stream', 'Plex', 'id there', 'Procurify', 'since (UTC)'], rows)}\n`,
      )
    }
    return EXIT_CODES.done
  })
}

export function setLink(context: Context, source: string, target: string, flags: LinkFlags): Promise<number> {
  return pairUp(context, 'link set', flags.stream, [{ where: '', source, target, reason: flags.reason }])
}

/** All lines or none: every mistake is listed, with its line, before anything is written. */
export async function importLinks(context: Context, file: string, flags: LinkImportFlags): Promise<number> {
  const lines = readCsv(await readText(file))
  if (typeof lines === 'string') throw new ConfigError(`${file}: ${lines}`)
  const missing = ['source', 'target'].filter((name) => lines[0] !== undefined && !(name in lines[0].cells))
  if (missing.length > 0)
    throw new ConfigError(`${file}: its first line must name the columns source, target and, if you like, reason.`)
  const named = lines.filter(({ cells }) => cells['target'] !== '').map((line) => toNamed(line, flags.reason ?? ''))
  const left = lines.length - named.length
  if (left > 0) context.io.out(`${left} lines have no target and are left out.\n`)
  if (named.length === 0) {
    context.io.out('There is no pair in it.\n')
    return EXIT_CODES.done
  }
  return pairUp(context, 'link import', flags.stream, named)
}

function toNamed({ line, cells }: CsvLine, reason: string): NamedPair {
  const own = cells['reason'] ?? ''
  return {
    where: `line ${line}: `,
    source: cells['source'] ?? '',
    target: cells['target'] ?? '',
    reason: own === '' ? reason : own,
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function pairUp(context: Context, command: string, stream: PairedStream, named: readonly NamedPair[]): Promise<number> {
  return withWorld(context, command, async (world) => {
    const resolved = await resolvePairs(world, stream, named)
    if (!resolved.ok) return tellFailure(context, resolved)
    const { pairs, mistakes } = resolved.value
    throwIfMistaken(mistakes)
    const author = authorOf(context, world.config)
    const { stored, refused } = await storePairs(world.database.db, author, stream, [...pairs.keys()])
    throwIfMistaken(
      [...refused].flatMap(([pair, refusal]) => {
        const one = pairs.get(pair)
        return one === undefined ? [] : [tellRefusal(stream, one, refusal)]
      }),
    )
    context.io.out(`${tellStored([...pairs.keys()], stored)} Next: ml-connector sync ${stream}\n`)
    return EXIT_CODES.done
  })
}

function tellStored(pairs: readonly Pair[], stored: number): string {
  const [only] = pairs
  if (stored === 0) return 'Everything is paired so already.'
  if (pairs.length > 1 || only === undefined) {
    const others = pairs.length - stored
    return `${stored} pairs are stored${others === 0 ? '' : `, ${others} were there already`}.`
  }
  return `${oneLine(only.sourceKey ?? only.sourceId)} is paired with ${oneLine(only.targetKey ?? only.targetId)}.`
}

/** A world that writes nothing remote: both systems are only read. */
export async function withWorld(
  context: Context,
  command: string,
  use: (world: World) => Promise<number>,
): Promise<number> {
  const runId = newRunId()
  const reporter = makeReporter(context.io, { level: context.global().logLevel, quiet: false, runId })
  const { deadlineMs } = readConfig(context).sync
  const world = await openWorld(context, { command, runId, reporter, write: true, deadlineMs })
  try {
    return await use(world)
  } finally {
    reporter.clear()
    await world.close()
  }
}

export function tellFailure({ io }: Context, failure: Failure): number {
  io.err(`ml-connector: ${oneLine(failure.message)} ${adviceFor(failure.code)} Nothing was changed.\n`)
  return EXIT_CODES[outcomeOf(failure)]
}

export function removeLink(context: Context, source: string, { stream, reason }: LinkFlags): Promise<number> {
  return withState(context, 'link remove', async ({ config, database: { db } }) => {
    const { connection } = config
    const key = { connection, stream }
    const isPart = source.includes('/')
    const found = await findRecords(db, key, isPart ? (source.split('/', 1)[0] ?? '') : source)
    if (found.length > 1) {
      const ids = found.map(({ sourceId }) => sourceId).join(', ')
      throw new ConfigError(`Several records of ${stream} are called ${source}: ${ids}. Give the id.`)
    }
    const links = await readLinks(
      db,
      key,
      found.map(({ sourceId }) => sourceId),
    )
    const paired = [...links.values()].filter(
      ({ targetId, sourceId }) => targetId !== null && (!isPart || sourceId === source),
    )
    if (paired.length === 0)
      throw new ConfigError(`Nothing of ${stream} called ${source} is paired. See: ml-connector link list`)
    const ids = paired.map(({ sourceId }) => sourceId)
    const { removed, busy } = await removePairs(db, authorOf(context, config), stream, ids, reason)
    for (const { sourceKey, sourceId, targetId } of removed)
      context.io.out(`${oneLine(sourceKey ?? sourceId)} is not paired with ${oneLine(targetId ?? '')} any more.\n`)
    for (const id of busy)
      context.io.err(
        `ml-connector: ${id} is being sent, or it is not known whether it was: run ml-connector sync ${stream}, then repeat.\n`,
      )
    return busy.length > 0 ? EXIT_CODES.interrupted : EXIT_CODES.done
  })
}
