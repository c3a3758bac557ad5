import { totalOf } from '../decimals.js'
import type { PlexData } from '../plex.js'
import type { Row } from '../exchange.js'
import { ODD_ORDERS, type OddLine } from './odd-orders.js'
import { USER_IDS, ZERO_UUID, stableUuid, type Dice } from './random.js'
import { accountId, accountNumber } from './reference.js'

/** Where an order belongs; the pairs exist in Procurify as location and department. */
const PLACES: readonly [Place, ...Place[]] = [
  { building: 'MAIN', department: 'Maintenance', centre: '010' },
  { building: 'MAIN', department: 'Production', centre: '020' },
  { building: 'MAIN', department: 'Quality', centre: '030' },
  { building: 'WEST', department: 'Production', centre: '020' },
  { building: 'SOUTH', department: 'Shipping', centre: '040' },
]

/** A building, a department in it, and the cost centre its accounts have. */
interface Place {
  readonly building: string
  readonly department: string
  readonly centre: string
}

/** What lines are for; quotes and commas included. */
const GOODS: readonly [string, ...string[]] = [
  'Bearing 6204-2RS',
  'Cutting oil, 55 gal drum',
  'Nitrile gloves, size L',
  'Carbide insert CNMG 432',
  'Steel sheet 1/8" x 48" x 96"',
  'Hydraulic filter HF-200',
  'Calibration of gauge blocks',
  'Stretch wrap, 18 in',
  'Proximity sensor M12 PNP',
  "Operator's chair",
]

/** Orders of a tenant with lines, releases and receipts: the odd ones first, then `count` ordinary ones. */
export function seedOrders(data: PlexData, count: number, dice: Dice): void {
  seedItems(data, dice)
  const suppliers = data.suppliers
    .all()
    .filter((row) => row['status'] === 'Active' && row['type'] !== 'Carrier' && typeof row['name'] === 'string')
  const supplierOf = (n: number): Row => suppliers[n % suppliers.length] ?? {}
  ODD_ORDERS.forEach(({ number, order = {}, lines }, n) => {
    // The other order of a shared number goes to the next supplier.
    const supplier = supplierOf(order['_other'] === true ? 3 : 2)
    seedOrder(data, { n, number, supplier, given: { status: 'On order', ...order }, lines }, dice)
  })
  for (let i = 0; i < count; i += 1) {
    const n = ODD_ORDERS.length + i
    const lines = Array.from({ length: dice.between(1, 5) }, () => ordinaryLine(dice))
    const given = { status: dice.pick(STATUSES) }
    seedOrder(
      data,
      { n, number: `PO${String(4700 + i).padStart(6, '0')}`, supplier: supplierOf(dice.between(0, 200)), given, lines },
      dice,
    )
  }
}

/** Three in eight orders are of the kind that is to be sent on. */
const STATUSES: readonly [string, ...string[]] = [
  'On order',
  'On order',
  'On order',
  'Received',
  'New',
  'Approved',
  'Hold',
  'Cancelled',
]

/** One release, now and then two; prices mostly in cents. */
function ordinaryLine(dice: Dice): OddLine {
  const quantities = Array.from({ length: dice.chance(0.2) ? 2 : 1 }, () => String(dice.between(1, 200)))
  return { price: (dice.between(50, 90_000) / 100).toFixed(dice.chance(0.8) ? 2 : 4), quantities }
}

/** What is decided about an order before its rows are made. */
interface OrderPlan {
  readonly n: number
  readonly number: string | null
  readonly supplier: Row
  readonly given: Row
  readonly lines: readonly OddLine[]
}

/** The header. Its flags are copied from its status, as Plex does; a status that is gone leaves its own. */
function seedOrder(data: PlexData, { n, number, supplier, given, lines }: OrderPlan, dice: Dice): void {
  const place = dice.pick(PLACES)
  const daysAgo = dice.between(4, 380)
  const id = stableUuid('order', n)
  const status = data['order-statuses'].get(String(given['status'])) ?? {}
  const createdDate = dice.instant(daysAgo)
  const order: Row = {
    id,
    poNumber: number,
    currencyCode: dice.chance(0.9) ? 'USD' : 'EUR',
    active: status['active'] ?? true,
    receive: status['receive'] ?? false,
    type: dice.pick(['MRO', 'Direct Materials', 'Services']),
    supplierId: supplier['id'] ?? null,
    supplierAddressId: data.addresses.where('_supplierId', supplier['id'])[0]?.['id'] ?? null,
    issuedById: dice.pick(USER_IDS),
    poDate: createdDate,
    terms: 'Net 30',
    freightTerms: null,
    lineItemCount: lines.length,
    lineItemTotal: Number(orderTotal(lines)),
    shipTo: 'Main Plant',
    orderedDate: status['onOrder'] === true ? dice.instant(daysAgo - 1) : null,
    dueDate: dice.localMidnight(daysAgo - 30),
    internalNote: null,
    note: dice.chance(0.2) ? 'Deliver to dock 4.\r\n"Call ahead".' : null,
    consignment: false,
    carrierId: dice.chance(0.2) ? ZERO_UUID : null,
    building: place.building,
    department: place.department,
    blanketOrder: false,
    createdById: dice.pick(USER_IDS),
    createdDate,
    modifiedById: dice.pick(USER_IDS),
    modifiedDate: dice.instant(Math.max(1, daysAgo - dice.between(1, 40))),
    ...given,
  }
  data.orders.seed(order)
  lines.forEach((line, i) => seedLine(data, { order, supplier, place, line, n, i }, dice))
}

/** A line together with the order it belongs to. */
interface LinePlan {
  readonly order: Row
  readonly supplier: Row
  readonly place: Place
  readonly line: OddLine
  readonly n: number
  readonly i: number
}

/** One line and its releases. The account is one that Procurify knows and has linked. */
function seedLine(data: PlexData, { order, supplier, place, line, n, i }: LinePlan, dice: Dice): void {
  const id = stableUuid('line', n, i)
  const isItem = dice.chance(0.6)
  const base = dice.pick(['61100', '61200', '61300', '50100', '66000'])
  const row: Row = {
    _poId: order['id'],
    id,
    lineItemNumber: i + 1,
    status: 'Open',
    expirationDate: null,
    unit: 'EA',
    orderUnit: 'EA',
    description: dice.pick(GOODS),
    unitPrice: Number(line.price ?? '1'),
    estimatedPrice: false,
    accountId: accountId(accountNumber(base, place.centre)),
    manufacturer: null,
    supplierPartNumber: dice.chance(0.5) ? `SP-${n}-${i}` : null,
    itemId: isItem ? stableUuid('item', dice.between(0, 19)) : null,
    taxCode: null,
    partId: null,
    internalNote: null,
    note: null,
    // Lines mostly repeat the place of the order, and sometimes leave it to the order.
    building: dice.chance(0.8) ? order['building'] : null,
    department: dice.chance(0.8) ? order['department'] : null,
    blanketQuantity: 0,
    createdDate: order['createdDate'],
    modifiedById: null,
    modifiedDate: order['modifiedDate'],
    ...line.line,
  }
  data.lines.seed(row)
  ;(line.quantities ?? []).forEach((quantity, k) =>
    seedRelease(data, { order, supplier, row, line, quantity, k }, dice),
  )
}

/** A release together with its line and order. */
interface ReleasePlan {
  readonly order: Row
  readonly supplier: Row
  readonly row: Row
  readonly line: OddLine
  readonly quantity: string
  readonly k: number
}

/** A release carries number, supplier and building of its order with it; a received one has its receipt. */
function seedRelease(data: PlexData, { order, supplier, row, line, quantity, k }: ReleasePlan, dice: Dice): void {
  const id = stableUuid('release', String(row['id']), k)
  const isReceived = order['status'] === 'Received'
  const release: Row = {
    id,
    poLineItemId: row['id'],
    status: isReceived ? 'Received' : order['status'] === 'Cancelled' ? 'Cancelled' : 'Open',
    releaseDate: order['orderedDate'],
    quantity: Number(quantity),
    dueDate: order['dueDate'],
    releaseLineNumber: k + 1,
    note: null,
    weightQuantity: 0,
    createdDate: order['createdDate'],
    modifiedById: null,
    modifiedDate: order['modifiedDate'],
    partId: row['partId'],
    originalDueDate: order['dueDate'],
    poId: order['id'],
    supplierId: order['supplierId'],
    type: 'Firm',
    lineItemNo: row['lineItemNumber'],
    poNumber: order['poNumber'],
    supplierCode: supplier['code'] ?? null,
    poShipTo: order['shipTo'],
    buildingCode: order['building'],
    ...line.release,
  }
  data.releases.seed(release)
  if (!isReceived) return
  data.receipts.seed({
    id: stableUuid('receipt', id),
    poLineItemId: row['id'],
    supplierId: order['supplierId'],
    poId: order['id'],
    partId: null,
    itemId: row['itemId'],
    releaseId: id,
    supplierShipperNumber: `SH-${dice.between(1000, 9999)}`,
    receiveDate: order['modifiedDate'],
    createdDate: order['modifiedDate'],
    quantity: Number(quantity),
    priceUnit: 'EA',
    orderUnit: 'EA',
    unitPrice: row['unitPrice'],
    exchangeRate: 1,
  })
}

/** What the header says the lines add up to; cancelled releases do not count. */
function orderTotal(lines: readonly OddLine[]): string {
  return totalOf(
    lines
      .filter((line) => line.release?.['status'] !== 'Cancelled')
      .flatMap(({ price = '1', quantities = [] }) => quantities.map((quantity) => ({ price, quantity }))),
  )
}

/** Twenty supply items and five parts, for lines that point to one. */
function seedItems(data: PlexData, dice: Dice): void {
  for (let n = 0; n < 20; n += 1) {
    data['supply-items'].seed({
      id: stableUuid('item', n),
      supplyItemNumber: `MRO-${1000 + n}`,
      type: 'MRO',
      category: dice.pick(['Tooling', 'Safety', 'Maintenance']),
      description: dice.pick(GOODS),
      briefDescription: dice.pick(GOODS),
      inventoryUnit: 'EA',
      accountId: accountId(accountNumber('61200', '010')),
      active: true,
      createdDate: dice.instant(900),
      modifiedDate: dice.instant(100),
    })
  }
  for (let n = 0; n < 5; n += 1) {
    data.parts.seed({
      id: stableUuid('part', n),
      number: `PT-${2000 + n}`,
      name: `Bracket ${n}`,
      revision: 'A',
      status: 'Production',
      createdDate: dice.instant(900),
      modifiedDate: dice.instant(100),
    })
  }
}
