/** What planning orders works with: its settings, what the orders of one pass share, and one order on its way to decisions. */
import type { Decision } from './decision.js'
import type { MapOrderOptions } from './map-order.js'
import type { ExistingIndex } from './match-requisition.js'
import type { OrderLookup } from './order-lookup.js'
import type { OrderParts } from './order-parts.js'
import type { ScopeOptions, Standing } from './order-scope.js'
import type { ReadOrder } from './read-order.js'
import type { RequisitionDraft } from './requisition.js'

export interface PlanOrdersOptions extends ScopeOptions, MapOrderOptions {
  /** Name of the connection: part of every key. */
  readonly connection: string
  /** New requisitions a day; 0 = any number. */
  readonly maxPerDay: number
  /** IANA zone of the plant. */
  readonly zone: string
  /** Source ids of parts a person has put right in Procurify: what Plex says now is taken for what it holds. */
  readonly accept: ReadonlySet<string>
}

/** What the orders of one pass share. */
export interface PlanContext {
  readonly options: PlanOrdersOptions
  readonly lookup: OrderLookup
  readonly existing: ExistingIndex
  /** Creations the daily ration still allows: goes down as parts are planned. */
  room: number
}

export interface OrderCase {
  readonly id: string
  readonly read: ReadOrder
  readonly parts: OrderParts
  readonly standing: Standing
  /** Why lines that were never sent are not sent at all; null = they are. */
  readonly out: Decision | null
  /** Set while the order was touched within the quiet time. */
  readonly fresh: Decision | null
}

/** The decision for one part. */
export interface Decided {
  readonly part: number
  readonly decision: Decision
  /** With `observe`: what `link.sent` becomes, so that the same change is not observed again. Null otherwise. */
  readonly learned: RequisitionDraft | null
}
