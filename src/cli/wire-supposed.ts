/** What a dry run of orders takes as delivered: the suppliers that a run would sync first, in the same pass. */
import type { Planned } from '../domain/decision.js'
import type { LinkedVendor, OrderKnown } from '../domain/order.js'

/** Filled as the suppliers are planned; empty in every run that writes. */
export interface Supposed {
  readonly suppliers: Map<string, { readonly code: string | null; readonly wanted: SupposedVendor }>
  /** By Plex supplier id: the code why it would be left out. */
  readonly leftOut: Map<string, string>
}

interface SupposedVendor {
  /** Of the vendor that would be taken over; null = it would be made. */
  readonly id: string | null
  readonly name: string
  readonly active: boolean
}

export function nothingSupposed(): Supposed {
  return { suppliers: new Map(), leftOut: new Map() }
}

/** What is parked or waits is not delivered, so its orders go on waiting. */
export function suppose({ suppliers, leftOut }: Supposed, planned: readonly Planned[]): void {
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
