import type { ProcurifyData } from '../procurify.js'
import type { Row } from '../exchange.js'
import { vendorRow } from '../procurify-vendors.js'
import { stableUuid, type Dice } from './random.js'
import { companyName } from './names.js'

/**
 * Vendors that are in Procurify before the first pass. Comments name the supplier code each one meets. The first is the
 * single OTHER vendor, which real tenants cannot be without.
 */
const KNOWN_VENDORS: readonly Row[] = [
  { name: 'OTHER', type: 1 },
  // The same company, written differently: to be adopted.
  { name: 'BRACKHOLM PRECISION CASTINGS INC', phoneOne: '555-0199' },
  { name: 'Quillmoor Plastics', comments: 'Ask for Ines.' },
  { name: 'vexley coatings ' },
  { name: 'Pendrake Tool & Die', type: 4 },
  { name: 'Würzbrück Maschinenbau GmbH', currency: 2 },
  { name: 'Ångmark & Sjölund AB' },
  { name: 'Jesperon Calibration Services' },
  { name: 'Thornquay Bearings', is_auto_email_po_enabled: true, email: ['orders@thornquay.example'] },
  // Two active ones for one supplier (MARKUP's neighbour PLUS): ambiguous.
  { name: '+49 Logistik GmbH' },
  { name: '+49 LOGISTIK GMBH' },
  // Alike but for punctuation or a legal suffix: a person decides.
  { name: 'Brandmere Inc' },
  { name: 'Montcreval Forge, Ltd.' },
  // Deleted in Procurify, hence inactive.
  { name: 'Grellick Safety Products', active: false },
  // Known by the bare supplier code, and by the key of another system.
  { name: 'Rothemar Controls', external_id: 'A/B&C%20+D' },
  { name: 'Zellmark Machining', external_id: 'OTHER-ERP-00042' },
  { name: 'Parcel Reimbursements', type: 5 },
  { name: 'Corporate Card', type: 6 },
  { name: 'Punch-out Catalogue', type: 2 },
]

/** About forty vendors; `total` includes the known ones. */
export function seedVendors(data: ProcurifyData, total: number, dice: Dice): void {
  for (let n = 0; n < total; n += 1) {
    const known = KNOWN_VENDORS[n]
    const row = vendorRow({
      id: n + 1,
      // Names far from the first supplier numbers, so that they meet nobody by chance.
      name: companyName(10_000 + n * 3, dice),
      email: known === undefined && dice.chance(0.7) ? [`ap@vendor${n + 1}.example`] : [],
      overall_score: dice.chance(0.2) ? '4.500' : null,
      dateModified: dice.micro(dice.between(30, 900)),
      ...known,
    })
    data.vendors.seed(row)
  }
}

/** Users, currencies, locations and departments of the tenant. User 7 owns the credentials. */
export function seedTenant(data: ProcurifyData): void {
  CURRENCIES.forEach((row) => data.currencies.seed(row))
  LOCATIONS.forEach((row) => data.locations.seed(row))
  DEPARTMENTS.forEach((row) => data.departments.seed(row))
  USERS.forEach((row) => data.users.seed(row))
}

/** Rates are texts; one currency is switched off. */
const CURRENCIES: readonly Row[] = [
  { id: 1, name: 'USD', description: 'US dollar', rate: '1.000000', base: true, active: true },
  { id: 2, name: 'EUR', description: 'Euro', rate: '1.082500', base: false, active: true },
  { id: 3, name: 'CAD', description: 'Canadian dollar', rate: '0.731000', base: false, active: true },
  { id: 4, name: 'MXN', description: 'Mexican peso', rate: '0.058000', base: false, active: false },
]

/** One address serves for all purposes. */
function locationRow(id: number, name: string, given: Row = {}): Row {
  const address = { id, name, addressLineOne: '1 Works Lane', city: 'Port Alder', postalCode: '48001', country: 'USA' }
  return {
    id,
    name,
    currency: 1,
    phoneOne: '555-0100',
    primary_billing_address: address,
    primary_shipping_address: address,
    shipping_addresses: [address],
    locationTimezone: 'America/Detroit',
    headquarter: id === 1,
    active: true,
    external_id: null,
    ...given,
  }
}

/** `Main Plant` and `West Annex` pair with Plex buildings by name; `SOUTH` by code; the last has no partner there. */
const LOCATIONS: readonly Row[] = [
  locationRow(1, 'Main Plant'),
  locationRow(2, 'West Annex'),
  locationRow(3, 'SOUTH'),
  locationRow(4, 'Sales Office', { active: true, currency: 2 }),
  locationRow(5, 'Old Foundry', { active: false }),
]

/** Names repeat across locations: only the pair is a key. */
const DEPARTMENTS: readonly Row[] = [
  [1, 1, 'Maintenance'],
  [2, 1, 'Production'],
  [3, 1, 'Quality'],
  [4, 1, 'Information Technology'],
  [5, 2, 'Maintenance'],
  [6, 2, 'Production'],
  [7, 3, 'Shipping'],
  [8, 4, 'Marketing'],
].map(([id, branch, name]) => ({ id, branch, name, external_id: null, active: true, punchout_email: null }))

/** `id` and `user` differ on purpose: filters want the first. */
function userRow(id: number, firstName: string, lastName: string, department: number, role: number): Row {
  return {
    id,
    _uuid: stableUuid('procurify-user', id),
    user: id + 1000,
    firstName,
    lastName,
    email: `${firstName}.${lastName}@works.example`.toLowerCase(),
    department,
    _role: role,
    is_active: true,
    phone: null,
    position: null,
    created_at: '2021-05-03T16:20:00.000000Z',
    updated_at: '2024-02-11T09:00:00.123456Z',
  }
}

/** An approver, a purchaser, and the user who owns the credentials. */
const USERS: readonly Row[] = [
  userRow(1, 'Ada', 'Brandt', 1, 1),
  userRow(2, 'Joel', 'Hale', 2, 2),
  userRow(7, 'ERP', 'Connector', 1, 7),
]
