import type { Collection } from './collection.js'
import { NumberText, membersOf, textOf, type Row } from './exchange.js'
import type { PlexData, PlexOptions } from './plex.js'
import type { Cells } from './plex-soap-text.js'

/** The plant of the simulated company: dates of data sources are in its time, without saying so. */
const PLANT_ZONE = 'America/Detroit'

/** Whole-number keys, which the classic system has in the place of ids: one for each record, for as long as the sandbox lives. */
export class ClassicKeys {
  readonly #keys = new Map<string, Map<string, number>>()

  /** Each kind has a range of its own, so that mixing two of them up shows at once. */
  of(kind: keyof typeof FIRST_KEYS, id: unknown): number {
    const known = this.#keys.get(kind) ?? new Map<string, number>()
    this.#keys.set(kind, known)
    const name = textOf(id).toLowerCase()
    const key = known.get(name) ?? FIRST_KEYS[kind] + known.size
    known.set(name, key)
    return key
  }

  clear(): void {
    this.#keys.clear()
  }
}

const FIRST_KEYS = { suppliers: 4001, orders: 50_001, lines: 70_001, invoices: 30_001, buildings: 11, departments: 101 }

/** What one data source selects from. */
interface Select {
  readonly data: PlexData
  readonly keys: ClassicKeys
  readonly inputs: ReadonlyMap<string, string>
  readonly options: PlexOptions
  readonly pcn: string
}

export interface DataSource {
  readonly name: string
  readonly select: (from: Select) => Cells[]
}

/** Keys are those of the example map (src/plex/soap-map.example.json); a customer has others. */
export const DATA_SOURCES: ReadonlyMap<string, DataSource> = new Map<string, DataSource>([
  ['990001', { name: 'Connector_Suppliers_Get', select: suppliers }],
  ['990002', { name: 'Connector_POs_Get', select: orders }],
  ['990003', { name: 'Connector_PO_Lines_Get', select: lines }],
  ['990004', { name: 'Connector_PO_Releases_Get', select: releases }],
  ['990005', { name: 'Connector_AP_Invoices_Get', select: invoices }],
  ['990006', { name: 'Connector_AP_Invoice_Dists_Get', select: distributions }],
  ['990007', { name: 'Connector_Accounts_Get', select: accounts }],
  ['990008', { name: 'Connector_Departments_Get', select: departments }],
  ['990009', { name: 'Connector_Buildings_Get', select: buildings }],
])

function suppliers(from: Select): Cells[] {
  const { data, keys } = from
  const rows = changed(from, data.suppliers, 'supplier_nos', 'suppliers')
  return rows.map((row) => {
    const address = mainAddress(data, row)
    return cells(from, {
      Plexus_Customer_No: from.pcn,
      Supplier_No: keys.of('suppliers', row['id']),
      ...{ Resource_ID: row['id'], Supplier_Code: row['code'], Old_Supplier_Code: row['oldCode'], Name: row['name'] },
      ...{
        Supplier_Status: row['status'],
        Supplier_Type: row['type'],
        Web_Address: row['webAddress'],
        Note: row['note'],
      },
      ...{ Address: address['address'], City: address['city'], State: address['state'], Zip: address['zip'] },
      ...{
        Country: address['country'],
        Phone: address['phone'],
        Fax: address['fax'],
        Email: emailOf(data, row, address),
      },
      ...{ Add_Date: new Stamp(row['createdDate']), Updated_Date: new Stamp(row['modifiedDate']) },
    })
  })
}

function mainAddress(data: PlexData, supplier: Row): Row {
  const addresses = data.addresses.where('_supplierId', supplier['id'])
  return addresses.find((row) => row['main'] === true) ?? addresses[0] ?? {}
}

/** Classic keeps one on the supplier itself. */
function emailOf(data: PlexData, supplier: Row, address: Row): unknown {
  return data.contacts.where('supplierId', supplier['id'])[0]?.['email'] ?? address['email']
}

function orders(from: Select): Cells[] {
  const { data, keys } = from
  return changed(from, data.orders, 'po_keys', 'orders').map((row) => {
    const status = data['order-statuses'].get(textOf(row['status'])) ?? {}
    return cells(from, {
      ...{
        Plexus_Customer_No: from.pcn,
        PO_Key: keys.of('orders', row['id']),
        Resource_ID: row['id'],
        PO_No: row['poNumber'],
      },
      ...{
        PO_Status: row['status'],
        Cancelled_Status: status['cancelled'] ?? false,
        Received: status['received'] ?? false,
      },
      ...{ On_Order: status['onOrder'] ?? false, Active: row['active'], Receive: row['receive'] },
      ...{ PO_Type: row['type'], Blanket_Order: row['blanketOrder'], Currency_Code: row['currencyCode'] },
      Supplier_No: keyOr(from, 'suppliers', row['supplierId']),
      ...{ PO_Date: new Stamp(row['poDate']), Due_Date: new Stamp(row['dueDate']) },
      ...place(from, row),
      ...{ Line_Item_Count: row['lineItemCount'], Line_Item_Total: new Money(row['lineItemTotal'], 5) },
      ...{ Add_Date: new Stamp(row['createdDate']), Update_Date: new Stamp(row['modifiedDate']) },
    })
  })
}

function lines(from: Select): Cells[] {
  const { data, keys } = from
  return below(from, data.lines, '_poId', 'po_keys', 'orders').map((row) =>
    cells(from, {
      ...{ Line_Item_Key: keys.of('lines', row['id']), Line_Item_No: row['lineItemNumber'], Resource_ID: row['id'] },
      ...{ PO_Key: keys.of('orders', row['_poId']), Description: row['description'] },
      ...{ Unit: row['unit'], Order_Unit: row['orderUnit'], Unit_Price: new Money(row['unitPrice'], 6) },
      ...{ Blanket_Quantity: new Money(row['blanketQuantity'], 2), Supplier_Part_No: row['supplierPartNumber'] },
      Account_No: data.accounts.get(textOf(row['accountId']))?.['accountNumber'],
      ...place(from, row),
      ...{ Note: row['note'], Add_Date: new Stamp(row['createdDate']), Updated_Date: new Stamp(row['modifiedDate']) },
    }),
  )
}

/** The classic key of a release is its line and its number on that line. */
function releases(from: Select): Cells[] {
  const { data, keys, inputs } = from
  const rows = inputs.has('po_keys')
    ? below(from, data.releases, 'poId', 'po_keys', 'orders')
    : data.releases.visible().filter((row) => isChanged(row, inputs))
  return rows.map((row) => {
    const status = data['release-statuses'].get(textOf(row['status'])) ?? {}
    const siblings = data.releases.where('poLineItemId', row['poLineItemId'])
    return cells(from, {
      ...{ Line_Item_Key: keys.of('lines', row['poLineItemId']), Release_No: siblings.indexOf(row) + 1 },
      ...{
        PO_Key: keyOr(from, 'orders', row['poId']),
        Resource_ID: row['id'],
        Quantity: new Money(row['quantity'], 2),
      },
      ...{
        Release_Status: row['status'],
        Cancelled: status['cancelled'] ?? false,
        Received: status['received'] ?? false,
      },
      ...{ Due_Date: new Stamp(row['dueDate']), Add_Date: new Stamp(row['createdDate']) },
      Updated_Date: new Stamp(row['modifiedDate']),
    })
  })
}

function invoices(from: Select): Cells[] {
  const { data, keys } = from
  return changed(from, data.invoices, 'invoice_links', 'invoices').map((row) =>
    cells(from, {
      ...{ Invoice_Link: keys.of('invoices', row['id']), Resource_ID: row['id'], Invoice_No: row['invoiceNumber'] },
      ...{ Supplier_No: keyOr(from, 'suppliers', row['supplierId']), Supplier_Code: row['supplierCode'] },
      ...{ Invoice_Date: new Stamp(row['transactionDate']), Due_Date: new Stamp(row['dueDate']) },
      ...{
        Paid_Date: new Stamp(row['paidDate']),
        Amount: new Money(row['amount'], 5),
        Balance: new Money(row['balance'], 5),
      },
      ...{ Currency_Code: row['currencyCode'], Exchange_Rate: new Money(row['exchangeRate'], 6) },
      ...{ Foreign_Currency_Amount: new Money(row['foreignCurrencyAmount'], 5) },
      ...{ Foreign_Balance: new Money(row['foreignCurrencyBalance'], 5), Status: row['status'], Booked: row['booked'] },
      ...{ Paid: row['paid'], Debit_Memo: row['debitMemo'], PO_No: row['poNumber'] },
      ...{ Created_Date: new Stamp(row['createdDate']), Updated_Date: new Stamp(row['modifiedDate']) },
    }),
  )
}

function distributions(from: Select): Cells[] {
  const { data, keys } = from
  const rows = below(from, data.invoices, 'id', 'invoice_links', 'invoices')
  return rows.flatMap((invoice) =>
    (Array.isArray(invoice['lines']) ? (invoice['lines'] as unknown[]) : []).map((line, at) => {
      const row = membersOf(line)
      return cells(from, {
        ...{ Invoice_Link: keys.of('invoices', invoice['id']), Line_No: at + 1, Account_No: row['accountNumber'] },
        ...{ Description: row['description'], Debit: new Money(row['debit'], 5), Credit: new Money(row['credit'], 5) },
        ...{ Currency_Debit: new Money(row['currencyDebit'], 5), Currency_Credit: new Money(row['currencyCredit'], 5) },
        ...{
          Quantity: new Money(row['quantity'], 2),
          Unit_Price: new Money(row['unitPrice'], 6),
          Offset: row['offset'],
        },
      })
    }),
  )
}

function accounts(from: Select): Cells[] {
  return from.data.accounts.visible().map((row) =>
    cells(from, {
      ...{ Account_No: row['accountNumber'], Account_Name: row['name'], Category_Type: row['categoryType'] },
      Active: row['active'],
    }),
  )
}

/** The REST API has no list of them; here it is made of a few that exist and all that orders name. */
function departments(from: Select): Cells[] {
  return departmentNames(from.data).map((name) =>
    cells(from, {
      ...{ Department_No: from.keys.of('departments', name), Department_Code: name.slice(0, 5).toUpperCase() },
      ...{ Name: name, Active: true },
    }),
  )
}

function departmentNames(data: PlexData): string[] {
  const named = [...data.orders.all(), ...data.lines.all()].map((row) => textOf(row['department']))
  return [...new Set(['Maintenance', 'Production', ...named])].filter((name) => name !== '')
}

function buildings(from: Select): Cells[] {
  return from.data.buildings.visible().map((row) =>
    cells(from, {
      ...{ Building_Key: from.keys.of('buildings', row['id']), Building_Code: row['buildingCode'], Name: row['name'] },
    }),
  )
}

// ------------------------------------------------------------------------------------------------------------- selecting

/** Records changed between two wall-clock times, or those of these keys. */
function changed(
  from: Select,
  collection: Collection,
  idsInput: string,
  kind: 'suppliers' | 'orders' | 'invoices',
): Row[] {
  const wanted = keysIn(from, idsInput)
  // Every record has its key from the first look at its collection on, whichever of them are selected.
  return collection.visible().filter((row) => {
    const key = from.keys.of(kind, row['id'])
    return wanted === undefined ? isChanged(row, from.inputs) : wanted.has(key)
  })
}

/** Records that hang under others, by the keys of these. Without keys there is nothing to select. */
function below(
  from: Select,
  collection: Collection,
  member: string,
  input: string,
  kind: 'orders' | 'invoices',
): Row[] {
  const wanted = keysIn(from, input) ?? new Set<number>()
  return collection.visible().filter((row) => wanted.has(from.keys.of(kind, row[member])))
}

function keysIn({ inputs }: Select, input: string): ReadonlySet<number> | undefined {
  const text = inputs.get(input)
  return text === undefined || text === '' ? undefined : new Set(text.split(',').map(Number))
}

/** As SQL compares: wall-clock times to the second; a record that was never changed counts by its creation. */
function isChanged(row: Row, inputs: ReadonlyMap<string, string>): boolean {
  const at = row['modifiedDate'] ?? row['createdDate']
  if (typeof at !== 'string') return true
  const local = wallClock(at)
  const [since, until] = [inputs.get('updated_from'), inputs.get('updated_to')]
  return (since === undefined || local >= since) && (until === undefined || local <= until)
}

function keyOr({ keys }: Select, kind: 'suppliers' | 'orders', id: unknown): number | null {
  return textOf(id) === '' ? null : keys.of(kind, id)
}

/** Whole numbers in the place of the names that REST has. */
function place(from: Select, row: Row): Row {
  const { data, keys } = from
  const code = textOf(row['building'])
  const building = data.buildings.find((one) => one['buildingCode'] === code || one['name'] === code)
  const department = textOf(row['department'])
  return {
    Building_Key: building === undefined ? null : keys.of('buildings', building['id']),
    Department_No: department === '' ? null : keys.of('departments', department),
  }
}

// --------------------------------------------------------------------------------------------------------------- writing

/** An instant, to be written in plant time. */
class Stamp {
  constructor(readonly value: unknown) {}
}

/** A number as the database stores it: with at least so many decimals. */
class Money {
  constructor(
    readonly value: unknown,
    readonly scale: number,
  ) {}
}

function cells({ options }: Select, row: Row): Cells {
  return Object.entries(row).map(([column, value]) => [column, write(value, options.soapDates)] as const)
}

function write(value: unknown, dates: PlexOptions['soapDates']): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (value instanceof Stamp) return typeof value.value === 'string' ? writeStamp(value.value, dates) : null
  if (value instanceof Money) return writeNumber(value)
  return value instanceof NumberText ? value.text : textOf(value)
}

function writeNumber({ value, scale }: Money): string | null {
  const text = value instanceof NumberText ? value.text : textOf(value)
  if (!/^-?\d+(\.\d+)?$/.test(text)) return text === '' ? null : text
  const [whole = '0', fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(scale, '0')}`
}

/** `2026-03-04 09:10:11` in plant time. */
function wallClock(instant: string): string {
  const ms = Date.parse(instant)
  return Number.isNaN(ms) ? '' : SORTABLE.format(ms).replace('T', ' ').replace(', ', ' ')
}

const SORTABLE = new Intl.DateTimeFormat('sv-SE', {
  ...{ timeZone: PLANT_ZONE, year: 'numeric', month: '2-digit', day: '2-digit' },
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
})
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The forms data sources have been seen to write. */
function writeStamp(instant: string, form: PlexOptions['soapDates']): string {
  const local = wallClock(instant)
  if (form === 'iso' || local === '') return local.replace(' ', 'T')
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = local.split(/[- :]/).map(Number)
  const two = (value: number): string => String(value).padStart(2, '0')
  const half = hour < 12 ? 'AM' : 'PM'
  if (form === 'us') return `${month}/${day}/${year} ${hour % 12 || 12}:${two(minute)}:${two(second)} ${half}`
  return `${MONTHS[month - 1]} ${String(day).padStart(2)} ${year} ${String(hour % 12 || 12).padStart(2)}:${two(minute)}:${two(second)}${half}`
}
