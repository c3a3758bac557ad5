/**
 * The blocks of a map, one for each kind of record, and the members each one may fill: the names are those of the REST resources
 * (contracts/plex.openapi.yaml), so that rows of data sources pass the same door (../schema.ts).
 */

/** How the text of a cell becomes a member: `id` = a key of another block, `place` = a name, or a key of that block. */
export type MemberKind = 'text' | 'id' | 'date' | 'decimal' | 'flag' | 'building' | 'department'

export interface BlockRule {
  /** Where the REST API has it; a parent's id stands for `:id`. */
  readonly path: string
  /** The member that holds the record a row hangs under. `{ids}` are then ids of these, else the block's own. */
  readonly parent?: string
  /** Without these a row means nothing. */
  readonly required: readonly string[]
  readonly members: Readonly<Record<string, MemberKind>>
}

/** The cursor of each block, and the date of creation that stands in for it where a record was never edited. */
const DATED = many('date', 'createdDate', 'modifiedDate')
const PLACE = { ...many('building', 'building'), ...many('department', 'department') }
const ADDRESS = many('text', 'address', 'city', 'zip', 'state', 'country', 'phone', 'fax', 'email')

const BLOCKS = {
  suppliers: {
    path: '/mdm/v1/suppliers',
    required: ['name'],
    members: {
      ...many('text', 'code', 'oldCode', 'name', 'status', 'type', 'webAddress', 'note'),
      ...ADDRESS,
      ...DATED,
    },
  },
  addresses: {
    path: '/mdm/v1/suppliers/:id/addresses',
    parent: 'supplierId',
    required: ['supplierId'],
    members: { ...many('id', 'supplierId'), ...many('text', 'code'), ...many('flag', 'main', 'remit'), ...ADDRESS },
  },
  contacts: {
    path: '/mdm/v1/contacts',
    parent: 'supplierId',
    required: ['supplierId', 'email'],
    members: { ...many('id', 'supplierId'), ...many('text', 'email') },
  },
  orders: {
    path: '/purchasing/v1/purchase-orders',
    required: ['poNumber', 'supplierId'],
    members: {
      ...many('text', 'poNumber', 'currencyCode', 'type', 'status'),
      ...many('id', 'supplierId'),
      ...many('date', 'poDate', 'dueDate'),
      ...many('flag', 'cancelled', 'received', 'onOrder', 'active', 'receive', 'blanketOrder'),
      ...many('decimal', 'lineItemCount', 'lineItemTotal'),
      ...PLACE,
      ...DATED,
    },
  },
  lines: {
    path: '/purchasing/v1/purchase-orders/:id/line-items',
    parent: 'poId',
    required: ['poId', 'unitPrice'],
    members: {
      ...many('id', 'poId', 'accountId'),
      ...many(
        'text',
        'lineItemNumber',
        'unit',
        'orderUnit',
        'description',
        'itemNumber',
        'partNumber',
        'manufacturerPartNumber',
        'supplierPartNumber',
        'note',
      ),
      ...many('decimal', 'unitPrice', 'blanketQuantity'),
      ...PLACE,
      ...DATED,
    },
  },
  releases: {
    path: '/purchasing/v2-beta1/releases',
    parent: 'poId',
    required: ['poId', 'poLineItemId', 'quantity'],
    members: {
      ...many('id', 'poId', 'poLineItemId'),
      ...many('text', 'status', 'partNumber', 'supplierCode'),
      ...many('flag', 'cancelled', 'received'),
      ...many('decimal', 'quantity'),
      ...many('date', 'dueDate'),
      ...DATED,
    },
  },
  orderStatuses: {
    path: '/purchasing/v1/purchase-order-statuses',
    required: ['name'],
    members: { ...many('text', 'name'), ...many('flag', 'cancelled', 'received', 'onOrder') },
  },
  releaseStatuses: {
    path: '/purchasing/v1/release-statuses',
    required: ['name'],
    members: { ...many('text', 'name'), ...many('flag', 'cancelled', 'received') },
  },
  invoices: {
    path: '/accounting/v1/ap-invoices',
    required: ['invoiceNumber', 'amount'],
    members: {
      ...many(
        'text',
        'invoiceNumber',
        'supplierCode',
        'currencyCode',
        'status',
        'type',
        'debitMemo',
        'intercompany',
        'poNumber',
        'terms',
        'externalReferenceCode',
      ),
      ...many('id', 'supplierId', 'poId'),
      ...many('date', 'transactionDate', 'dueDate', 'paidDate'),
      ...many('flag', 'booked', 'paid', 'void'),
      ...many('decimal', 'amount', 'balance', 'exchangeRate', 'foreignCurrencyAmount', 'foreignCurrencyBalance'),
      ...DATED,
    },
  },
  invoiceLines: {
    path: '/accounting/v1/ap-invoices/:id/lines',
    parent: 'invoiceId',
    required: ['invoiceId'],
    members: {
      ...many('id', 'invoiceId', 'accountId'),
      ...many('text', 'accountNumber', 'description', 'offset'),
      ...many('decimal', 'debit', 'credit', 'currencyDebit', 'currencyCredit', 'quantity', 'unitPrice'),
    },
  },
  accounts: {
    path: '/mdm/v1/chart-of-accounts',
    required: ['accountNumber'],
    members: { ...many('text', 'accountNumber', 'name', 'categoryType'), ...many('flag', 'active') },
  },
  departments: {
    path: '/mdm/v1/departments',
    required: ['name'],
    members: { ...many('text', 'code', 'name'), ...many('flag', 'active') },
  },
  buildings: {
    path: '/mdm/v1/buildings',
    required: [],
    members: { ...many('text', 'buildingCode', 'name'), ...many('flag', 'active') },
  },
} as const satisfies Readonly<Record<string, BlockRule>>

function many(kind: MemberKind, ...names: readonly string[]): Readonly<Record<string, MemberKind>> {
  return Object.fromEntries(names.map((name) => [name, kind]))
}

export type BlockName = keyof typeof BLOCKS

export const BLOCK_NAMES = Object.keys(BLOCKS) as readonly BlockName[]

export function ruleOf(name: BlockName): BlockRule {
  return BLOCKS[name]
}
