/** `replay accept` and `replay drop`: a person ends what is parked, with a reason. */
import { ConfigError } from '../domain/errors.js'
import type { Replay } from '../domain/decision.js'
import { markOf } from '../domain/given-up.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { recordIdOf, type Json, type Link } from '../domain/record.js'
import { isOver, readDraft, readState } from '../domain/requisition.js'
import { runReplay, type ReplayResult } from '../passes/replay.js'
import { readLinks } from '../store/link.js'
import { endParked, readParked, type Ending, type Parked } from '../store/parked.js'
import { authorOf } from './author.js'
import type { SettleFlags } from './commands/replay.js'
import { performRun } from './perform.js'
import type { Context } from './program.js'
import { makeReplayPass } from './replay-streams.js'
import { withState, type State } from './state.js'
import { oneLine } from './text.js'

type Action = 'accept' | 'drop'

interface Case {
  readonly parked: Parked
  readonly link: Link | undefined
}

/**
 * An order that was sent is accepted by planning it: what Plex says now becomes the base that later changes are compared
 * with. Everything else ends by the person's word alone, without a call. Exit 2 when nothing, or more than one record, is meant.
 */
export async function settleParked(context: Context, action: Action, id: string, flags: SettleFlags): Promise<number> {
  const { ended, toPlan } = await withState(context, `replay ${action}`, async (state) => {
    const cases = await readCases(state, id, flags)
    const toPlan = action === 'accept' ? cases.filter(isSentOrder) : []
    const items = cases
      .filter((one) => !toPlan.includes(one))
      .map((one) => ({ parked: one.parked, ending: toEnding(one, action, flags.reason) }))
    return { ended: await endParked(state.database.db, authorOf(context, state.config), items), toPlan }
  })
  const planned = toPlan.length === 0 ? NOTHING_PLANNED : await acceptOrders(context, toPlan, flags)
  const exitCode = EXIT_CODES[planned.outcome]
  const { io } = context
  if (flags.json === true) {
    const records = [...ended, ...planned.settled].map(({ stream, sourceId, sourceKey, code }) => {
      return { stream, source_id: sourceId, source_key: sourceKey, code }
    })
    const { problems } = planned
    io.out(`${JSON.stringify({ schema: 'ml-connector/settled@1', action, exit_code: exitCode, records, problems })}\n`)
    return exitCode
  }
  const tell = ({ sourceKey, sourceId, code }: Parked, what: string): void =>
    io.out(`${oneLine(sourceKey ?? sourceId)} (${code}): ${what}\n`)
  ended.forEach((one) => tell(one, DONE[action]))
  planned.settled.forEach((one) => tell(one, 'settled. What Plex says now is the base.'))
  for (const { code, message, advice } of planned.problems) io.err(`${code}: ${oneLine(message)} ${advice}\n`)
  return exitCode
}

/** What became of the orders whose acceptance is a plan. */
type SettledOrders = Pick<ReplayResult, 'outcome' | 'problems'> & { readonly settled: readonly Parked[] }
const NOTHING_PLANNED: SettledOrders = { outcome: 'done', problems: [], settled: [] }

const DONE: Readonly<Record<Action, string>> = {
  accept: 'settled. It is looked at again when it changes in Plex.',
  drop: 'given up. It is looked at again when it changes in Plex.',
}

async function readCases({ config, database }: State, id: string, { stream }: SettleFlags): Promise<Case[]> {
  const { connection } = config
  const filter = stream === undefined ? {} : { stream }
  const parked = await readParked(database.db, connection, { ids: [id], ...filter })
  const records = [...new Set(parked.map((one) => `${recordIdOf(one.sourceId)} (${one.stream})`))]
  if (records.length === 0) throw new ConfigError(`Nothing is parked under ${id}. What is parked: ml-connector status`)
  if (records.length > 1)
    throw new ConfigError(`Several parked records are called ${id}: ${records.join(', ')}. Give the id, or --stream.`)
  const key = { connection, stream: parked[0]?.stream ?? '' }
  const links = await readLinks(
    database.db,
    key,
    parked.map((one) => recordIdOf(one.sourceId)),
  )
  return parked.map((one) => ({ parked: one, link: links.get(one.sourceId) }))
}

function isSentOrder({ parked, link }: Case): boolean {
  return parked.stream === 'pos' && !parked.isInDoubt && link?.targetId != null
}

function toEnding({ parked, link }: Case, action: Action, reason: string): Ending {
  return { action, reason, mark: markOf(parked), sent: learn(parked, link, action) }
}

/** What the target holds by the person's word: the draft that was refused is there, or the end of a requisition is no news. */
function learn(parked: Parked, link: Link | undefined, action: Action): Json {
  if (parked.stream !== 'pos') return action === 'accept' ? parked.draft : null
  const sent = readDraft(link?.sent ?? null)
  const { state } = readState(link?.detail ?? null)
  return sent !== null && isOver(state) ? { ...sent, accepted: state } : null
}

/** A pass: Plex is read. */
async function acceptOrders(context: Context, cases: readonly Case[], { reason }: SettleFlags): Promise<SettledOrders> {
  return performRun(context, {}, 'replay accept', async (open) => {
    const accept = new Set(cases.map(({ parked }) => parked.sourceId))
    const replays = new Map(
      cases.map(({ parked }): [string, Replay] => [parked.sourceId, { of: parked.seq, action: 'accept', reason }]),
    )
    const pass = await makeReplayPass({ ...open, accept }, 'pos', replays, {})
    const { outcome, problems } = await runReplay([pass], 'replay accept')
    return { outcome, problems, settled: outcome === 'done' ? cases.map(({ parked }) => parked) : [] }
  })
}
