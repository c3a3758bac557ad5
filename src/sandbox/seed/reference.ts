import type { PlexData } from '../plex.js'
import type { ProcurifyData } from '../procurify.js'
import type { Row } from '../exchange.js'
import { stableUuid, type Dice } from './random.js'

/** Setup tables of Plex: the default statuses, and one a real tenant has with flags that contradict each other. */
export function seedSetup(data: PlexData): void {
  for (const row of ORDER_STATUSES) data['order-statuses'].seed(row)
  for (const row of RELEASE_STATUSES) data['release-statuses'].seed(row)
  for (const name of ['Direct Materials', 'MRO', 'Services', 'Blanket']) {
    data['order-types'].seed({
      name,
      note: null,
      active: true,
      default: name === 'MRO',
      includeInMRP: name !== 'Services',
    })
  }
  for (const row of BUILDINGS) data.buildings.seed(row)
}

/** Flags are independent of each other and of the name (contract section 10). */
function orderStatus(name: string, flags: Row): Row {
  const none = { receive: false, default: false, includeInMrp: true, cancelled: false, release: false, onOrder: false }
  return { name, active: true, ...none, received: false, ...flags }
}

/** The default set; `Denied` was seen on a real tenant with all three end flags true. */
const ORDER_STATUSES: readonly Row[] = [
  orderStatus('New', { default: true }),
  orderStatus('Requested', {}),
  orderStatus('Review', {}),
  orderStatus('Approved', { release: true }),
  orderStatus('On order', { release: true, onOrder: true, receive: true }),
  orderStatus('Hold', { includeInMrp: false }),
  orderStatus('Cancelled', { cancelled: true, active: false }),
  orderStatus('Received', { received: true, onOrder: true, active: false }),
  orderStatus('Denied', { cancelled: true, onOrder: true, received: true, active: false }),
]

/** Release statuses have a set of flags of their own. */
function releaseStatus(name: string, flags: Row): Row {
  const none = { default: false, cancelled: false, received: false, partial: false, forecast: false, open: false }
  return {
    name,
    active: true,
    includeInMrp: true,
    ...none,
    planStatus: false,
    mrpAutoChange: false,
    immediateStatus: false,
    ...flags,
  }
}

/** Enough to tell open, received, cancelled and merely forecast quantities apart. */
const RELEASE_STATUSES: readonly Row[] = [
  releaseStatus('Open', { open: true, default: true }),
  releaseStatus('Partial', { open: true, partial: true }),
  releaseStatus('Received', { received: true }),
  releaseStatus('Forecast', { forecast: true, planStatus: true }),
  releaseStatus('Cancelled', { cancelled: true, active: false }),
]

/** `MAIN` and `WEST` pair with Procurify by name, `SOUTH` by code, `NORTH` with nothing; `OLD` is closed. */
const BUILDINGS: readonly Row[] = [
  ['MAIN', 'Main Plant', true],
  ['WEST', 'West Annex', true],
  ['SOUTH', 'South Works', true],
  ['NORTH', 'North Yard', true],
  ['OLD', 'Old Foundry', false],
].map(([buildingCode, name, active]) => ({
  id: stableUuid('building', String(buildingCode)),
  buildingCode,
  buildingType: 'Plant',
  name,
  oldBuildingCode: null,
  active,
  address: '1 Works Lane',
  city: 'Port Alder',
  state: 'MI',
  country: 'USA',
  zipCode: '48001',
  phone: null,
}))

/** First segment, name and category of an account. */
type Base = readonly [number: string, name: string, category: string]

/** A small chart of accounts with every category. */
const BASES: readonly Base[] = [
  ['10100', 'Cash', 'Asset'],
  ['12000', 'Raw Material Inventory', 'Asset'],
  ['15000', 'Machinery', 'Asset'],
  ['20100', 'Accounts Payable', 'Liability'],
  ['21000', 'Accrued Freight', 'Liability'],
  ['30000', 'Retained Earnings', 'Equity'],
  ['40000', 'Product Sales', 'Revenue'],
  ['41000', 'Scrap Sales', 'Revenue'],
  ['50100', 'Direct Materials', 'Expense'],
  ['50200', 'Outside Processing', 'Expense'],
  ['51000', 'Packaging', 'Expense'],
  ['61100', 'Shop Supplies', 'Expense'],
  ['61200', 'Maintenance Supplies', 'Expense'],
  ['61300', 'Perishable Tooling', 'Expense'],
  ['61400', 'Safety Equipment', 'Expense'],
  ['62000', 'Calibration', 'Expense'],
  ['63000', 'Freight In', 'Expense'],
  ['64000', 'Office Supplies', 'Expense'],
  ['65000', 'Software & Licences', 'Expense'],
  ['66000', 'Contract Services', 'Expense'],
]

/** Second segment of an account number. */
const COST_CENTRES = [
  '000',
  '010',
  '020',
  '030',
  '040',
  '050',
  '060',
  '070',
  '080',
  '090',
  '100',
  '110',
  '120',
] as const

/** Three segments, the last one unused (contract section 11). */
export function accountNumber(base: string, costCentre: string): string {
  return `${base}-${costCentre}-0000`
}

/** Derived from the number, so that orders and invoices can name an account before it is seeded. */
export function accountId(number: string): string {
  return stableUuid('account', number)
}

/** Some hundred GL accounts: a few inactive, a name too long for the other side, one without a name or category. */
export function seedAccounts(data: PlexData, dice: Dice): void {
  for (const [base, name, categoryType] of BASES) {
    for (const centre of COST_CENTRES) {
      const number = accountNumber(base, centre)
      const isInactive = centre === '120' && dice.chance(0.4)
      data.accounts.seed({
        id: accountId(number),
        accountNumber: number,
        name: centre === '000' ? name : `${name} - cost centre ${centre}`,
        categoryType,
        active: !isInactive,
        inactiveDate: isInactive ? dice.instant(200) : null,
        createdDate: dice.instant(2000),
        modifiedBy: null,
        modifiedDate: dice.instant(dice.between(20, 900)),
      })
    }
  }
  const longName = `Maintenance of "presses", conveyors & cranes\r\n${'(see note) '.repeat(20)}`
  data.accounts.edit(accountId(accountNumber('61200', '110')), { name: longName }, 'keep')
  data.accounts.edit(accountId(accountNumber('66000', '110')), { name: null, categoryType: null }, 'keep')
}

/** Plex category -> Procurify account type. */
const ACCOUNT_TYPES: Readonly<Record<string, number>> = { Asset: 0, Liability: 1, Expense: 2, Revenue: 3, Equity: 4 }

/** Bases of which Procurify has the codes already. */
const KNOWN_BASES = ['50100', '51000', '61100', '61200', '61300', '61400', '62000', '64000', '65000', '66000']

/**
 * Account codes and their links to departments. All expense codes of cost centres 000 to 040 are there; one is
 * described differently, one is inactive, `61400-040` is linked to no department, tooling (`61300`) only to those of the
 * main plant, and two codes are Procurify's own.
 */
export function seedAccountCodes(data: ProcurifyData): void {
  const everywhere = data.departments.all()
  const mainPlant = everywhere.filter((row) => row['branch'] === 1)
  let id = 0
  const add = (row: Row, departments: readonly Row[]): void => {
    id += 1
    data['account-codes'].seed({ id, account_type: 2, active: true, parent: null, ...row })
    for (const department of departments) {
      data.accounts.add({
        account_code: id,
        department: department['id'],
        active: row['active'] ?? true,
        budget: '250000.00',
      })
    }
  }
  for (const [base, name, category] of BASES) {
    if (!KNOWN_BASES.includes(base)) continue
    for (const centre of COST_CENTRES.slice(0, 5)) {
      const code = accountNumber(base, centre)
      const description = centre === '000' ? name : `${name} - cost centre ${centre}`
      const odd =
        code === '62000-040-0000'
          ? { description: 'Gauge calibration' }
          : code === '64000-040-0000'
            ? { active: false }
            : {}
      add(
        { code, description, account_type: ACCOUNT_TYPES[category], ...odd },
        code === '61400-040-0000' ? [] : base === '61300' ? mainPlant : everywhere,
      )
    }
  }
  add({ code: 'MKT-EVENTS', description: 'Trade shows' }, everywhere)
  add({ code: 'T&E', description: 'Travel' }, [])
}

/** Order-item custom fields: the one the connector may fill, a dropdown, and a retired one. */
export function seedCustomFields(data: ProcurifyData): void {
  const field = (id: number, name: string, given: Row): Row => {
    return {
      id,
      name,
      content_type: 12,
      default_value: '',
      is_required: false,
      field_choices: [],
      field_type: 't',
      field_label: name,
      is_active: true,
      ...given,
    }
  }
  data['custom-fields'].seed(field(1, 'Plex PO', {}))
  data['custom-fields'].seed(field(2, 'Project', { field_type: 'm', field_choices: ['Line 4', 'Paint shop'] }))
  data['custom-fields'].seed(field(3, 'Old reference', { is_active: false }))
}
