import type { Collection, Stamp } from './collection.js'
import { faultProblem, type FaultRule } from './faults.js'
import { membersOf, type Call, type Reply, type Row, type System } from './exchange.js'
import type { World } from './server.js'

/** What the control routes of one system reach besides the shared world. */
export interface Controlled {
  readonly system: System
  /** The records; `tenant` (query parameter `pcn`) picks another one than the configured, where there are several. */
  readonly collections: (tenant: string | null) => Readonly<Record<string, Collection>>
  /** Switches of the simulated system; never holds a secret. */
  readonly options: object
  readonly reset: () => void
  /** Actions of this system only, for example approving a requisition; undefined when the path is none of them. */
  readonly action: (call: Call) => Reply | undefined
}

/** No path of either API begins like this. */
const PREFIX = '/_sandbox/'

/** Answers the control routes, by which other processes steer the sandbox. Loopback only, hence no login. */
export function control(controlled: Controlled, world: World, call: Call): Reply {
  const [head = '', first, second] = call.path.slice(PREFIX.length).split('/').map(decodeURIComponent)
  if (call.text !== '' && call.body === undefined) return problem(400, 'the body must be JSON')
  switch (head) {
    case 'log':
      return controlLog(world, call)
    case 'faults':
      return controlFaults(controlled, world, call, first)
    case 'records':
      return controlRecords(controlled, call, first ?? '', second)
    case 'options':
      return controlOptions(controlled, call)
    case 'clock':
      return controlClock(world, call)
    case 'state':
      return { status: 200, json: stateOf(controlled, world) }
    case 'land':
      return { status: 200, json: { landed: world.pending.landAll() } }
    case 'reset':
      controlled.reset()
      return { status: 200, json: stateOf(controlled, world) }
    default:
      return controlled.action(call) ?? problem(404, `no control route ${call.path}`)
  }
}

/** GET answers both systems in order of arrival (`?system=` narrows), DELETE empties the log. */
function controlLog(world: World, call: Call): Reply {
  if (call.method === 'DELETE') {
    world.log.clear()
    return { status: 204 }
  }
  const system = call.query.get('system')
  return { status: 200, rows: world.log.entries.filter((entry) => system === null || entry.system === system) }
}

/** POST takes one rule or a list; `system` may be left out and is then the server that was asked. */
function controlFaults(controlled: Controlled, world: World, call: Call, id: string | undefined): Reply {
  if (call.method === 'DELETE') {
    world.faults.clear(id)
    return { status: 204 }
  }
  if (call.method !== 'POST') return { status: 200, json: world.faults.list() }
  const rules = (Array.isArray(call.body) ? (call.body as unknown[]) : [call.body]).map((rule) => ({
    system: controlled.system,
    ...membersOf(rule),
  }))
  for (const rule of rules) {
    const wrong = faultProblem(rule)
    if (wrong !== undefined) return problem(400, wrong)
  }
  // Checked above: what came over HTTP is a rule from here on.
  const ids = rules.map((rule) => world.faults.add(rule as unknown as FaultRule))
  return { status: 201, json: { ids } }
}

/** `?stamp=now|tie|keep` says how an edit is dated, `?pcn=` picks the other Plex tenant. */
function controlRecords(controlled: Controlled, call: Call, name: string, id: string | undefined): Reply {
  const collection = controlled.collections(call.query.get('pcn'))[name]
  if (collection === undefined) return problem(404, `no collection ${name}`)
  const stamp = (call.query.get('stamp') ?? 'now') as Stamp
  return id === undefined ? controlAll(collection, call, stamp) : controlOne(collection, call, id, stamp)
}

/** A whole collection: PUT replaces it, POST adds one record or a list, PATCH edits every record, DELETE empties it. */
function controlAll(collection: Collection, call: Call, stamp: Stamp): Reply {
  const given = Array.isArray(call.body) ? call.body.map(membersOf) : [membersOf(call.body)]
  switch (call.method) {
    case 'GET':
      // Internal members are shown here: control is how a test looks behind the API.
      return { status: 200, json: collection.all() }
    case 'PUT':
      collection.clear()
      return { status: 200, json: given.map((row) => collection.add(row)) }
    case 'POST':
      return { status: 201, json: given.map((row) => collection.add(row)) }
    case 'PATCH':
      for (const row of collection.all()) collection.edit(collection.keyOf(row), membersOf(call.body), stamp)
      return { status: 200, json: { changed: collection.size } }
    case 'DELETE':
      collection.clear()
      return { status: 204 }
    default:
      return problem(405, 'method not offered')
  }
}

/** One record: PUT adds or replaces it under the id of the path, PATCH changes members. */
function controlOne(collection: Collection, call: Call, id: string, stamp: Stamp): Reply {
  const missing = problem(404, `no record ${id}`)
  switch (call.method) {
    case 'GET': {
      const row = collection.get(id)
      return row === undefined ? missing : { status: 200, json: row }
    }
    case 'PUT': {
      // Whole-number ids are numbers in every answer of Procurify; as text they would be another record.
      const key = /^\d+$/.test(id) ? Number(id) : id
      return { status: 200, json: collection.add({ [collection.key]: key, ...membersOf(call.body) }) }
    }
    case 'PATCH': {
      const row = collection.edit(id, membersOf(call.body), stamp)
      return row === undefined ? missing : { status: 200, json: row }
    }
    case 'DELETE':
      return collection.remove(id) ? { status: 204 } : missing
    default:
      return problem(405, 'method not offered')
  }
}

/** PATCH takes known switches only: a misspelt one must not pass for a switch that was set. */
function controlOptions(controlled: Controlled, call: Call): Reply {
  if (call.method === 'PATCH') {
    const changes = membersOf(call.body)
    const unknown = Object.keys(changes).filter((name) => !(name in controlled.options))
    if (unknown.length > 0) return problem(400, `no option ${unknown.join(', ')}`)
    Object.assign(controlled.options, changes)
  }
  return { status: 200, json: controlled.options }
}

/** POST `{ "advanceMs": n }` or `{ "now": iso }`. */
function controlClock(world: World, call: Call): Reply {
  const { advanceMs, now } = membersOf(call.body)
  if (call.method === 'POST') {
    if (typeof advanceMs === 'number') world.clock.advance(advanceMs)
    else if (typeof now === 'string' && !Number.isNaN(Date.parse(now))) world.clock.set(now)
    else return problem(400, 'advanceMs (number) or now (ISO text) wanted')
  }
  return { status: 200, json: { now: new Date(world.clock.now()).toISOString() } }
}

/** What is in a system right now, in numbers: enough to see that a reset or an edit has happened. */
function stateOf(controlled: Controlled, world: World): Row {
  const collections = controlled.collections(null)
  return {
    system: controlled.system,
    now: new Date(world.clock.now()).toISOString(),
    options: controlled.options,
    records: Object.fromEntries(Object.entries(collections).map(([name, collection]) => [name, collection.size])),
    requests: world.log.entries.filter((entry) => entry.system === controlled.system).length,
    faults: world.faults.list().filter((fault) => fault.system === controlled.system).length,
    pending_effects: world.pending.size,
  }
}

/** Mistakes of the one who steers get a member that no answer of either API has. */
function problem(status: number, message: string): Reply {
  return { status, json: { problem: message } }
}
