/** Finds both sides of the pairs people name, by reading them. Nothing is written. */
import { ConfigError } from '../domain/errors.js'
import type { Result } from '../domain/failure.js'
import type { Json, Link, Touched } from '../domain/record.js'
import type { Source } from '../ports.js'
import type { Pair, PairRefusal } from '../store/pairs.js'
import type { PairedStream } from './commands/link.js'
import { supplierStream, type World } from './wire.js'
import { findOrderTargets } from './wire-order-targets.js'
import { wireOrders } from './wire-orders.js'

/** A pair as it is named: by a line of a file, or on the command line. */
export interface NamedPair {
  /** `line 7: ` or nothing. */
  readonly where: string
  readonly source: string
  readonly target: string
  readonly reason: string
}

export interface Resolved {
  readonly pairs: ReadonlyMap<Pair, NamedPair>
  /** A sentence each. */
  readonly mistakes: readonly string[]
}

interface Named {
  readonly id: string
  readonly key: string | null
  readonly detail: Json
}

/** Ways a record may be called -> those called so. */
type Names = ReadonlyMap<string, readonly Named[]>

const NOUNS = {
  suppliers: { source: 'supplier of Plex', target: 'vendor of Procurify', taken: 'vendor' },
  pos: { source: 'purchase order of Plex', target: 'PO or requisition of Procurify', taken: 'PO or requisition' },
} as const

/** Reads Plex and Procurify once, whatever the number of pairs. Throws ConfigError only for settings. */
export async function resolvePairs(
  world: World,
  stream: PairedStream,
  named: readonly NamedPair[],
): Promise<Result<Resolved>> {
  const sources = await readSources(stream === 'suppliers' ? supplierSource(world) : wireOrders(world).stream.source)
  if (!sources.ok) return sources
  const targets = await readTargets(world, stream, new Set(named.map(({ target }) => target)))
  if (!targets.ok) return targets
  const linked = await world.store.linkedTargets(stream)
  return { ok: true, value: pairAll(stream, named, sources.value, targets.value, linked) }
}

function supplierSource(world: World) {
  return supplierStream(world, { repairDrift: false }).source
}

async function readSources({ list }: Pick<Source<unknown>, 'list'>): Promise<Result<Names>> {
  const names = new Map<string, Named[]>()
  const listed = await list(null, (rows) => {
    rows.forEach((row) => addSource(names, row))
    return Promise.resolve()
  })
  return listed.ok ? { ok: true, value: names } : listed
}

function addSource(names: Map<string, Named[]>, { sourceId: id, sourceKey: key }: Touched): void {
  const one = { id, key, detail: null }
  for (const name of new Set([id, ...(key === null ? [] : [key.trim()])]))
    names.set(name, [...(names.get(name) ?? []), one])
}

async function readTargets(world: World, stream: PairedStream, wanted: ReadonlySet<string>): Promise<Result<Names>> {
  const names = new Map<string, Named[]>()
  const add = (name: string, one: Named): void => void names.set(name, [...(names.get(name) ?? []), one])
  if (stream === 'suppliers') {
    const vendors = await supplierStream(world, { repairDrift: false }).survey()
    if (!vendors.ok) return vendors
    for (const { id, name } of vendors.value) if (wanted.has(id)) add(id, { id, key: name, detail: null })
    return { ok: true, value: names }
  }
  const found = await findOrderTargets(world, wanted)
  if (!found.ok) return found
  for (const { name, targetId: id, key, detail } of found.value) add(name, { id, key, detail })
  return { ok: true, value: names }
}

function pairAll(
  stream: PairedStream,
  named: readonly NamedPair[],
  sources: Names,
  targets: Names,
  linked: ReadonlyMap<string, Link>,
): Resolved {
  const mistakes: string[] = []
  const pairs = new Map<Pair, NamedPair>()
  const bySource = new Map([...linked.values()].map((link) => [link.sourceId, link]))
  const given = { sources: new Set<string>(), targets: new Set<string>() }
  for (const one of named) {
    const wrong = (text: string): void => void mistakes.push(`${one.where}${text}`)
    const source = pick(sources, one.source, NOUNS[stream].source, wrong)
    const target = pick(targets, one.target, NOUNS[stream].target, wrong)
    if (one.reason === '') wrong('There is no reason: fill the column reason, or give --reason for all lines.')
    if (source === null || target === null || one.reason === '') continue
    if (given.sources.has(source.id)) wrong(`${one.source} is paired twice in this list.`)
    if (given.targets.has(target.id)) wrong(`${one.target} is paired twice in this list.`)
    given.sources.add(source.id)
    given.targets.add(target.id)
    const others = [bySource.get(source.id), linked.get(target.id)].flatMap((link) => link ?? [])
    const inTheWay = others.filter((link) => link.sourceId !== source.id || link.targetId !== target.id)
    inTheWay.forEach((link) => wrong(tellTaken(stream, link)))
    const { id: sourceId, key: sourceKey } = source
    pairs.set(
      { sourceId, sourceKey, targetId: target.id, targetKey: target.key, detail: target.detail, reason: one.reason },
      one,
    )
  }
  return { pairs, mistakes }
}

function pick(names: Names, name: string, noun: string, wrong: (text: string) => void): Named | null {
  const [only, ...others] = names.get(name) ?? []
  if (only === undefined) wrong(`There is no ${noun} called ${name}.`)
  else if (others.length > 0)
    wrong(`Several are called ${name}: ${[only, ...others].map(({ id }) => id).join(', ')}. Give the id.`)
  else return only
  return null
}

function tellTaken(
  stream: PairedStream,
  { sourceId, sourceKey, targetId }: { sourceId: string; sourceKey: string | null; targetId: string | null },
): string {
  return `${sourceKey ?? sourceId} is paired with ${NOUNS[stream].taken} ${targetId ?? ''} already: ml-connector link remove --stream ${stream} ${sourceKey ?? sourceId}`
}

/** Why the database did not take a pair. */
export function tellRefusal(stream: PairedStream, { where }: NamedPair, refusal: PairRefusal): string {
  if (refusal.kind === 'taken') return `${where}${tellTaken(stream, refusal)}`
  return `${where}A run is sending this record just now. Repeat the command when it has ended.`
}

/** All mistakes at once, as exit 2; nothing was written. */
export function throwIfMistaken(mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new ConfigError([...mistakes])
}
