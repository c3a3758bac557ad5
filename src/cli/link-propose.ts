/** `link propose`: what a first load would do with each supplier that has no vendor, for people to approve. Writes nothing. */
import type { Detail, Planned } from '../domain/decision.js'
import { EXIT_CODES } from '../domain/outcome.js'
import type { Touched } from '../domain/record.js'
import type { Supplier, SupplierDetail, Vendor } from '../domain/supplier.js'
import { findCandidates, indexCandidates, type CandidateIndex } from '../domain/vendor-candidates.js'
import type { Result } from '../domain/failure.js'
import type { LinkProposeFlags } from './commands/link.js'
import { toCsv } from './csv.js'
import { tellFailure, withWorld } from './link.js'
import type { Context } from './program.js'
import { paint, table } from './table.js'
import { supplierStream, type World } from './wire.js'

/** `target` is filled in only where the program itself is sure: what it would adopt. */
interface Proposal {
  readonly source: string
  readonly target: string | null
  readonly reason: string | null
  /** adopt, create, ambiguous, similar, or another problem code. */
  readonly proposal: string
  readonly source_id: string
  readonly source_name: string | null
  readonly target_name: string | null
  readonly candidates: readonly { readonly id: string; readonly name: string; readonly active: boolean }[]
}

const CANDIDATES = 3

export function proposeLinks(context: Context, flags: LinkProposeFlags): Promise<number> {
  return withWorld(context, 'link propose', async (world) => {
    const proposed = await propose(world)
    if (!proposed.ok) return tellFailure(context, proposed)
    print(context, flags, world.config.connection, proposed.value)
    return EXIT_CODES.done
  })
}

/** Two list reads. Addresses and e-mails decide nothing about a pair, so they are not asked for. */
async function propose(world: World): Promise<Result<Proposal[]>> {
  const stream = supplierStream(world, { repairDrift: false })
  const rows: Touched[] = []
  const listed = await stream.source.list(null, (batch) => Promise.resolve(void rows.push(...batch)))
  if (!listed.ok) return listed
  const vendors = await stream.survey()
  if (!vendors.ok) return vendors
  const linkedTargets = await world.store.linkedTargets('suppliers')
  const links = new Map([...linkedTargets.values()].map((link) => [link.sourceId, link]))
  const details = rows.flatMap(toDetail)
  const reserved = await world.store.reservedKeys('suppliers')
  const planned = stream.plan(details, links, { survey: vendors.value, linkedTargets, reserved, leftOut: new Map() })
  const codes = countCodes(details)
  const index = indexCandidates(vendors.value.filter(({ id }) => !linkedTargets.has(id)))
  const open = planned.filter(({ sourceId, decision }) => !links.has(sourceId) && decision.kind !== 'skip')
  const nameOf = new Map(vendors.value.map(({ id, name }) => [id, name]))
  const names = new Map(
    details.flatMap((one) => (one.kind === 'record' ? [[one.record.supplier.id, one.record.supplier.name]] : [])),
  )
  return {
    ok: true,
    value: open.map((item) => toProposal(item, names.get(item.sourceId) ?? null, { codes, index, nameOf })),
  }
}

/** What the list shows is the supplier as our schema keeps it. */
function toDetail({ sourceId, sourceKey, hash, record, rejection }: Touched): Detail<SupplierDetail>[] {
  if (rejection !== null) return []
  const note = { sourceId, sourceKey, hash, record, rejection, firstLoad: true, revision: 1 }
  const supplier = record as unknown as Supplier
  return [{ kind: 'record', note, record: { supplier, address: undefined, emails: undefined }, hash }]
}

function countCodes(details: readonly Detail<SupplierDetail>[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { note } of details) counts.set(note.sourceKey ?? '', (counts.get(note.sourceKey ?? '') ?? 0) + 1)
  return counts
}

interface Known {
  readonly codes: ReadonlyMap<string, number>
  readonly index: CandidateIndex
  readonly nameOf: ReadonlyMap<string, string>
}

const WORDS: Readonly<Record<string, string>> = { vendor_ambiguous: 'ambiguous', vendor_similar: 'similar' }

function toProposal(
  { sourceId, sourceKey, decision }: Planned,
  name: string | null,
  { codes, index, nameOf }: Known,
): Proposal {
  const isOnly = sourceKey !== null && sourceKey.trim() !== '' && codes.get(sourceKey) === 1
  const target = decision.kind === 'send' ? decision.wanted.targetId : null
  const found: Vendor[] = target === null && name !== null ? findCandidates(name, index, CANDIDATES) : []
  const candidates = found.map(({ id, name: called, active }) => ({ id, name: called, active }))
  const identity = { source: isOnly ? sourceKey : sourceId, source_id: sourceId, source_name: name }
  const base = { ...identity, target, target_name: target === null ? null : (nameOf.get(target) ?? null), candidates }
  if (decision.kind === 'send') {
    const reason = decision.wanted.message
    return { ...base, proposal: decision.wanted.action, reason: target === null ? null : (reason ?? 'proposed') }
  }
  const { code, message } = 'code' in decision ? decision : { code: decision.kind, message: null }
  return { ...base, proposal: WORDS[code] ?? code, reason: message }
}

function print(
  context: Context,
  { json, csv }: LinkProposeFlags,
  connection: string,
  proposals: readonly Proposal[],
): void {
  const { io } = context
  const tell = ({ candidates }: Proposal) =>
    candidates.map(({ id, name, active }) => `${id} ${name}${active ? '' : ' (inactive)'}`).join('; ')
  if (json === true) {
    io.out(`${JSON.stringify({ schema: 'ml-connector/link-proposals@1', connection, proposals })}\n`)
  } else if (csv === true) {
    const head = ['source', 'target', 'reason', 'proposal', 'source_name', 'target_name', 'candidates', 'source_id']
    const rows = proposals.map((one) => [
      ...[one.source, one.target, one.reason, one.proposal, one.source_name, one.target_name, tell(one), one.source_id],
    ])
    io.out(toCsv(head, rows))
  } else if (proposals.length === 0) {
    io.out('Every active supplier has its vendor.\n')
  } else {
    const rows = proposals.map((one) => [
      ...[one.source, one.source_name ?? '', one.proposal],
      one.target === null ? tell(one) : `${one.target} ${one.target_name ?? ''}`,
    ])
    io.out(`${table(io, paint(io, context.global().color), ['supplier', 'name', 'proposal', 'vendor'], rows)}\n`)
  }
}
