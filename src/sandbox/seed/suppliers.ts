import type { PlexData } from '../plex.js'
import type { Row } from '../exchange.js'
import { CITIES, FIRST_NAMES, LAST_NAMES, companyName } from './names.js'
import { ODD_SUPPLIERS } from './odd-suppliers.js'
import { USER_IDS, stableUuid, type Dice } from './random.js'

/** Rows that one bulk job touched at the same tick, so a watermark falls into the middle of them. */
const BULK_JOB = { from: 60, to: 85 } as const

/** The suppliers of a tenant with addresses, defaults and contacts: the odd ones first, then ordinary ones. */
export function seedSuppliers(data: PlexData, count: number, dice: Dice): void {
  const bulkStamp = dice.instant(40)
  for (let n = 0; n < count; n += 1) {
    const supplier = supplierRow(n, dice)
    if (n >= BULK_JOB.from && n < BULK_JOB.to) supplier['modifiedDate'] = bulkStamp
    data.suppliers.seed(supplier)
    seedAddresses(data, supplier, n, dice)
    if (n % 9 !== 8) seedDefaults(data, supplier, n, dice)
    seedContacts(data, supplier, n, dice)
  }
}

/** Ids depend on the number alone, so a larger seed has the same first suppliers. */
function supplierId(n: number): string {
  return stableUuid('supplier', n)
}

/** An ordinary supplier, over which an odd one is laid while there are any. */
function supplierRow(n: number, dice: Dice): Row {
  const createdDaysAgo = dice.between(200, 2900)
  const isEdited = dice.chance(0.9)
  const row: Row = {
    id: supplierId(n),
    code: `S${String(n + 1).padStart(5, '0')}`,
    oldCode: dice.chance(0.1) ? `OLD-${n}` : null,
    name: companyName(n, dice),
    language: 'English',
    category: dice.pick(['Production', 'MRO', 'Services', 'Production']),
    status: dice.chance(0.9) ? 'Active' : dice.pick(['Inactive', 'Inactive', 'On Hold']),
    type: dice.pick(['Raw Material', 'MRO', 'Outside Processing', 'Service', 'MRO']),
    parentSupplierId: null,
    webAddress: dice.chance(0.4) ? `www.supplier${n + 1}.example` : null,
    contactNote: null,
    note: dice.chance(0.1) ? 'Certified supplier.' : null,
    createdById: dice.pick(USER_IDS),
    createdDate: dice.instant(createdDaysAgo),
    modifiedById: isEdited ? dice.pick(USER_IDS) : null,
    modifiedDate: isEdited ? dice.instant(dice.between(3, createdDaysAgo - 1)) : null,
  }
  const odd = ODD_SUPPLIERS[n]
  if (odd === undefined) return row
  return withoutUndefined({ ...row, status: 'Active', modifiedDate: row['modifiedDate'] ?? dice.instant(90), ...odd })
}

/** Absent is a case of its own: an undefined member must not come out as null. */
function withoutUndefined(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined))
}

/** None, one or two addresses; some break the limits of the other system (city 50, zip 20, phone 20). */
function seedAddresses(data: PlexData, supplier: Row, n: number, dice: Dice): void {
  const count = n % 11 === 10 ? 0 : n % 4 === 3 ? 2 : 1
  for (let i = 0; i < count; i += 1) {
    const place = dice.pick(CITIES)
    data.addresses.seed({
      _supplierId: supplier['id'],
      id: stableUuid('address', n, i),
      code: i === 0 ? 'MAIN' : 'REMIT',
      type: null,
      country: n % 13 === 12 ? null : place.country,
      address: n % 5 === 4 ? `${100 + n} Foundry Road\r\nBuilding ${i + 1}, Dock 4` : `${100 + n} Foundry Road`,
      city: n % 37 === 36 ? `${place.city} Township of the Greater Upper Alder River Basin` : place.city,
      zip: n % 41 === 40 ? `${place.zip} / P.O. Box 110022` : place.zip,
      state: place.state,
      main: i === 0,
      remit: count === 1 || i === 1,
      phone: n % 6 === 5 ? `+1 (555) 010-${1000 + n} ext. 42` : `555-010-${String(n).padStart(4, '0')}`,
      fax: null,
      email: n % 7 === 6 ? `office@supplier${n + 1}.example` : null,
      alternateSupplierName: null,
      createdById: dice.pick(USER_IDS),
      createdDate: supplier['createdDate'] ?? null,
      modifiedById: null,
      modifiedDate: supplier['modifiedDate'] ?? null,
    })
  }
}

/** Currency and terms are found here only (contract section 6). */
function seedDefaults(data: PlexData, supplier: Row, n: number, dice: Dice): void {
  data['purchasing-defaults'].seed({
    _supplierId: supplier['id'],
    defaultCarrierId: null,
    customs: null,
    defaultShipTo: 'Main Plant',
    defaultShipVia: null,
    defaultFreightTerms: dice.pick(['Collect', 'Prepaid']),
    defaultINCOTerms: null,
    defaultFOB: null,
    defaultPaymentTerms: dice.pick(['Net 30', 'Net 45', '2% 10 Net 30', '']),
    // Lower case, empty, and one that Procurify does not know.
    defaultCurrencyCode:
      n % 29 === 28 ? 'usd' : n % 31 === 30 ? 'SEK' : n % 17 === 16 ? '' : dice.pick(['USD', 'USD', 'EUR']),
    defaultTaxCode: null,
    defaultPOType: null,
    defaultExpenseAccount: null,
  })
}

/** Addresses as people type them: missing, unfinished, two in one field, the same one twice in other case. */
const ODD_EMAILS: readonly [string | null, ...(string | null)[]] = [
  'n/a',
  'sales@',
  'a.vance@odd.example; b.hale@odd.example',
  ' orders@odd.example ',
  'ORDERS@ODD.EXAMPLE',
  'orders@odd.example',
  null,
  'call first',
]

/** None, one or two people; the first is not always the one with a usable address. */
function seedContacts(data: PlexData, supplier: Row, n: number, dice: Dice): void {
  const count = n % 3 === 0 ? 2 : n % 8 === 7 ? 0 : 1
  for (let i = 0; i < count; i += 1) {
    data.contacts.seed({
      id: stableUuid('contact', n, i),
      customerId: null,
      firstName: dice.pick(FIRST_NAMES),
      lastName: dice.pick(LAST_NAMES),
      supplierId: supplier['id'],
      phone: `555-011-${String(n).padStart(4, '0')}`,
      fax: null,
      mobilePhone: null,
      title: dice.pick(['Sales', 'Accounts Receivable', '']),
      note: null,
      email: n % 5 === 0 ? dice.pick(ODD_EMAILS) : `contact${i + 1}@supplier${n + 1}.example`,
      companyName: supplier['name'] ?? null,
      officeAddress: null,
      private: 0,
      sortOrder: i + 1,
      type: 'Supplier',
      associatedWithId: null,
      createdDate: supplier['createdDate'] ?? null,
      modifiedDate: supplier['modifiedDate'] ?? null,
    })
  }
}
