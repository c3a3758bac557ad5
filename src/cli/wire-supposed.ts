/** What is taken as done before it is stored: in a dry run the suppliers that a run would sync first; creations against the daily ration. */
import type { Planned } from '../domain/decision.js'
import type { LinkedVendor, OrderKnown } from '../domain/order.js'

/** Filled as the suppliers are planned; empty in every run that writes. */
export interface Supposed {
  readonly suppliers: Map<string, { readonly code: string | null; readonly wanted: SupposedVendor }>
  /** By Plex supplier id: the code why it would be left out. */
  readonly leftOut: Map<string, string>
  /** Parts of orders that were planned before, to be made. */
  readonly creations: Set<string>
}

interface SupposedVendor {
  /** Of the vendor that would be taken over; null = it would be made. */
  readonly id: string | null
  readonly name: string
  readonly active: boolean
}

export function nothingSupposed(): Supposed {
  return { suppliers: new Map(), leftOut: new Map(), creations: new Set() }
}

/** What is parked or waits is not delivered, so its orders go on waiting. */
export function suppose(
  { suppliers, leftOut, creations }: Supposed,
  planned: readonly Planned[],
  given: ReadonlySet<string>,
): void {
  given.forEach((sourceId) => creations.add(sourceId))
  for (const { sourceId, sourceKey, decision } of planned) {
    if (decision.kind === 'skip') leftOut.set(sourceId, decision.code)
    if (decision.kind !== 'send') continue
    const { targetId, targetKey, draft } = decision.wanted
    const active = (draft as { readonly active?: unknown } | null)?.active !== false
    suppliers.set(sourceId, { code: sourceKey, wanted: { id: targetId, name: targetKey ?? '', active } })
  }
}

/** The suppliers an order may name, with those that would be there by the time it is sent. A vendor that exists is as it is there. */
export function withSupposed(
  linked: readonly (readonly [string, { readonly code: string | null; readonly vendor: LinkedVendor | null }])[],
  { suppliers }: Supposed,
  vendorOf: (id: string, name: string | null) => LinkedVendor | null,
): OrderKnown['suppliers'] {
  const supposed = [...suppliers].map(([sourceId, { code, wanted }]) => {
    const { id, name, active } = wanted
    const vendor = id === null ? { id: 'new', name, active, type: '3', autoEmail: false } : vendorOf(id, name)
    return [sourceId, { code, vendor }] as const
  })
  return new Map([...linked, ...supposed])
}

/** Source ids of what is to be made. */
export function creationsOf(planned: readonly Planned[]): string[] {
  return planned.flatMap(({ sourceId, decision }) =>
    decision.kind === 'send' && decision.wanted.action === 'create' ? [sourceId] : [],
  )
}

/** What was planned for today takes from the ration like what was sent today; planned again, it takes nothing more. */
export function withCreations(
  { used, held }: OrderKnown['ration'],
  creations: ReadonlySet<string>,
): OrderKnown['ration'] {
  const fresh = [...creations].filter((sourceId) => !held.has(sourceId))
  return { used: used + fresh.length, held: new Set([...held, ...fresh]) }
}
