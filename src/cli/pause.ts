/** `pause` and `resume`: a stream or one record on hold, with a row of the journal each. */
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { STREAMS, type StreamName } from '../domain/record.js'
import { appendAudit } from '../store/journal.js'
import { addPause, findRecords, removePause } from '../store/pause.js'
import { BLANK_EVENT } from '../domain/audit.js'
import { authorOf } from './author.js'
import type { PauseFlags } from './commands/pause.js'
import type { Context } from './program.js'
import { withState, type State } from './state.js'
import { oneLine } from './text.js'

interface Held {
  readonly stream: StreamName
  /** Null = the whole stream. */
  readonly record: { readonly sourceId: string; readonly sourceKey: string | null } | null
}

/** Exit 0 also where there was nothing to resume; ConfigError (exit 2) for a record nobody knows, or that is several. */
export function changePause(
  context: Context,
  action: 'pause' | 'resume',
  stream: StreamName | null,
  flags: PauseFlags,
): Promise<number> {
  return withState(context, action, async (state) => {
    const held = await findHeld(state, stream, flags)
    const { config, database } = state
    const { sourceId = null, sourceKey = null } = held.record ?? {}
    const key = { connection: config.connection, stream: held.stream }
    const { reason } = flags
    const isChanged = await database.db.transaction().execute(async (trx) => {
      const by = `${context.io.user}@${context.io.host}`
      if (action === 'pause') await addPause(trx, key, { sourceId, sourceKey, reason, by })
      else if (!(await removePause(trx, key, sourceId))) return false
      const message = `${action === 'pause' ? 'paused' : 'resumed'} by a person: ${reason}`
      const event = { stream: held.stream, source_id: sourceId, source_key: sourceKey, message }
      await appendAudit(trx, authorOf(context, config), null, [
        { ...BLANK_EVENT, ...event, action: 'admin', outcome: 'done' },
      ])
      return true
    })
    context.io.out(`${nameOf(held)} ${tell(action, isChanged)}\n`)
    return EXIT_CODES.done
  })
}

function tell(action: 'pause' | 'resume', isChanged: boolean): string {
  if (!isChanged) return 'was not paused.'
  return action === 'pause'
    ? 'is paused: nothing of it is planned or sent until `ml-connector resume`.'
    : 'is resumed: the next run takes up what Plex changed meanwhile.'
}

function nameOf({ stream, record }: Held): string {
  return record === null ? `The stream ${stream}` : `${oneLine(record.sourceKey ?? record.sourceId)} (${stream})`
}

/** The stream may stand alone or behind --stream; a record without one is looked for in all of them. */
async function findHeld(state: State, named: StreamName | null, flags: PauseFlags): Promise<Held> {
  const { record, stream: optional } = flags
  if (named !== null && optional !== undefined && named !== optional)
    throw new ConfigError(`Two streams are named, ${named} and ${optional}: leave one out.`)
  const stream = named ?? optional ?? null
  if (record !== undefined) return findRecord(state, stream, record)
  if (stream !== null) return { stream, record: null }
  throw new ConfigError('Name the stream (ml-connector pause pos ...), or a record with --record.')
}

async function findRecord({ config, database }: State, stream: StreamName | null, record: string): Promise<Held> {
  const found: Held[] = []
  for (const name of stream === null ? STREAMS : [stream]) {
    const key = { connection: config.connection, stream: name }
    found.push(...(await findRecords(database.db, key, record)).map((one) => ({ stream: name, record: one })))
  }
  const [only, ...others] = found
  const where = stream === null ? '' : ` of ${stream}`
  if (only === undefined)
    throw new ConfigError(`No record${where} is called ${record}. A record is known once a run has read it.`)
  if (others.length === 0) return only
  const ids = found.map((one) => `${one.record?.sourceId ?? ''} (${one.stream})`)
  throw new ConfigError(`Several records${where} are called ${record}: ${ids.join(', ')}. Give the id and --stream.`)
}
