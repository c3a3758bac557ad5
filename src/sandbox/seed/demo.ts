import type { SandboxClock } from '../clock.js'
import type { PlexState } from '../plex.js'
import type { ProcurifyState } from '../procurify.js'
import { seedHistory } from './history.js'
import { seedInvoices } from './invoices.js'
import { seedOrders } from './orders.js'
import { Dice, stableUuid } from './random.js'
import { seedAccountCodes, seedAccounts, seedCustomFields, seedSetup } from './reference.js'
import { seedSuppliers } from './suppliers.js'
import { seedTenant, seedVendors } from './vendors.js'

export interface SeedOptions {
  readonly kind: 'demo' | 'empty'
  readonly suppliers: number
  /** Instant that all dates are counted back from. */
  readonly anchor: string
}

/**
 * Fills both systems and leaves the clock at real time. `empty` leaves only what they cannot be without: tenants, setup
 * tables and buildings, the names of the Procurify tenant, the connector's user and the OTHER vendor.
 *
 * Each part has dice of its own: more suppliers must not change what the accounts look like.
 */
export function seedDemo(plex: PlexState, procurify: ProcurifyState, clock: SandboxClock, options: SeedOptions): void {
  const { anchor, kind, suppliers } = options
  plex.data.tenants.seed({ id: stableUuid('tenant', 'main'), code: 'WORKS' })
  plex.otherData.tenants.seed({ id: stableUuid('tenant', 'other'), code: 'WORKS-CANADA' })
  for (const data of [plex.data, plex.otherData]) seedSetup(data)
  seedTenant(procurify.data)
  seedCustomFields(procurify.data)
  seedOtherTenant(plex, anchor)
  seedVendors(procurify.data, kind === 'demo' ? 40 : 1, new Dice(2, anchor))
  if (kind === 'empty') return
  seedSuppliers(plex.data, suppliers, new Dice(1, anchor))
  seedAccounts(plex.data, new Dice(4, anchor))
  seedAccountCodes(procurify.data)
  seedOrders(plex.data, 220, new Dice(5, anchor))
  seedInvoices(plex.data, procurify.data, 320, new Dice(6, anchor))
  seedHistory(procurify, clock, anchor)
  clock.reset()
}

/** A few suppliers of another company under the same key, recognisable by their codes. */
function seedOtherTenant(plex: PlexState, anchor: string): void {
  const dice = new Dice(3, anchor)
  for (let n = 1; n <= 3; n += 1) {
    plex.otherData.suppliers.seed({
      id: stableUuid('other-supplier', n),
      code: `CANADA-${n}`,
      name: `Norhaven Supply ${n} (Canada)`,
      status: 'Active',
      type: 'MRO',
      createdDate: dice.instant(500),
      modifiedDate: dice.instant(100),
    })
  }
}
