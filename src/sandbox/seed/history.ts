import type { SandboxClock } from '../clock.js'
import { membersOf, textOf, type Row } from '../exchange.js'
import { submitRequisition } from '../procurify-requisitions.js'
import type { ProcurifyState } from '../procurify.js'
import { stableUuid } from './random.js'

const DAY_MS = 86_400_000

/**
 * Requisitions that people typed into Procurify before the first pass, in every state of their life. They go the way of
 * all others, with the clock set back, so they cannot differ from real ones in form.
 */
export function seedHistory(state: ProcurifyState, clock: SandboxClock, anchor: string): void {
  TYPED.forEach((lines, n) => {
    clock.set(Date.parse(anchor) - (60 - n * 5) * DAY_MS)
    const uuid = stableUuid('requisition', n)
    submitRequisition(state, requisition(lines), { uuid, userId: n % 2 === 0 ? 1 : 2 })
    clock.advance(3_600_000)
    const life = LIVES[n % LIVES.length]
    if (life === 'denied') state.lifecycle.deny(uuid, 4, 'Duplicate of an order placed by phone.')
    if (life === 'approved' || life === 'ordered') state.lifecycle.approve(uuid)
    clock.advance(3_600_000)
    if (life === 'ordered') makeOrder(state, uuid, n)
  })
}

/** How far each one came, in turn. */
const LIVES = ['ordered', 'pending', 'denied', 'approved', 'ordered', 'ordered'] as const

/** POs of the seed get stable ids as well. */
function makeOrder(state: ProcurifyState, uuid: string, n: number): void {
  for (const po of state.lifecycle.order(uuid) ?? []) {
    state.data['purchase-orders'].edit(textOf(po['procurify_PO']), { uuid: stableUuid('po', n) }, 'keep')
  }
}

/** Price and quantity are texts, as the API takes them. */
type Line = readonly [name: string, vendor: string, price: string, quantity: string]

/** The fourth names a Plex order by hand, the way people did before there was a connector. */
const TYPED: readonly (readonly Line[])[] = [
  [['Bearing 6204-2RS', 'Quillmoor Plastics', '12.5', '4']],
  [['Nitrile gloves, size L', 'BRACKHOLM PRECISION CASTINGS INC', '9.80', '20']],
  [
    ['Cutting oil, 55 gal drum', 'Ångmark & Sjölund AB', '410', '2'],
    ['Drum pump', 'Ångmark & Sjölund AB', '88.25', '1'],
  ],
  [['PO004700 carbide inserts', 'Jesperon Calibration Services', '7.125', '100']],
  [['Rush order, typed by hand', 'OTHER', '55', '1']],
  [['Forklift inspection', 'Würzbrück Maschinenbau GmbH', '350', '1']],
]

/** All for one place and account: variety is not the point here. */
function requisition(lines: readonly Line[]): Row {
  return membersOf({
    required_date: '2026-06-15',
    location_name: 'Main Plant',
    department_name: 'Maintenance',
    line_items: lines.map(([item_name, vendor_name, unit_price, quantity]) => ({
      item_name,
      vendor_name,
      unit_price,
      quantity,
      account_code: '61200-010-0000',
      unit: 'ea',
      currency_code: 'USD',
      custom_fields: [],
    })),
  })
}
