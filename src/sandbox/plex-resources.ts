import { publicRow } from './collection.js'
import type { Handler, Reply, Route } from './exchange.js'
import type { PlexData, PlexState } from './plex.js'
import { argumentInvalid, filterList, isUuid, resourceNotFound, type ListRule } from './plex-list.js'

/** One read-only resource: a list, and one record by id. A new resource is one more entry here, and its seed. */
interface Resource extends ListRule {
  readonly path: string
  readonly collection: keyof PlexData
  /** Set when the list hangs under a record: its collection, and the member of ours that holds its id. */
  readonly parent?: { readonly collection: keyof PlexData; readonly member: string }
  /** Setup tables have names for keys and no address of their own. */
  readonly listOnly?: boolean
}

/** Resources with full audit dates, by which they can be polled (contract section 6). */
const AUDITED = ['modifiedDate', 'createdDate'] as const

/** Filters whose name is the member's name. */
function same(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]))
}

/** Paths, filters and their odd spellings (`pONumber`, `pOId`, `idList`) as in plex.openapi.yaml. */
const RESOURCES: readonly Resource[] = [
  {
    path: '/mdm/v1/suppliers',
    collection: 'suppliers',
    equals: same(
      ...['id', 'code', 'oldCode', 'name', 'language', 'category', 'status', 'type'],
      ...['parentSupplierId', 'createdById', 'modifiedById'],
    ),
    dates: AUDITED,
  },
  {
    path: '/mdm/v1/suppliers/:id/addresses',
    collection: 'addresses',
    parent: { collection: 'suppliers', member: '_supplierId' },
    equals: same('id', 'code', 'createdById', 'modifiedById'),
    dates: AUDITED,
  },
  {
    path: '/mdm/v1/contacts',
    collection: 'contacts',
    equals: same(
      ...['id', 'customerId', 'firstName', 'lastName', 'companyName', 'description', 'supplierId', 'type'],
      'associatedWithId',
    ),
  },
  { path: '/mdm/v1/tenants', collection: 'tenants', equals: { idList: 'id', code: 'code', codeList: 'code' } },
  {
    path: '/mdm/v1/buildings',
    collection: 'buildings',
    equals: same('id', 'buildingCode', 'buildingType', 'name', 'active'),
  },
  {
    path: '/mdm/v1/supply-items',
    collection: 'supply-items',
    equals: same('id', 'supplyItemNumber', 'type', 'category', 'priority', 'group', 'createdById', 'modifiedById'),
    dates: AUDITED,
  },
  {
    path: '/mdm/v1/parts',
    collection: 'parts',
    equals: same('id', 'number', 'revision', 'type', 'status', 'source', 'productType', 'allergens'),
  },
  {
    path: '/purchasing/v1/purchase-orders',
    collection: 'orders',
    equals: {
      ...same('id', 'status', 'active', 'receive', 'type', 'supplierId', 'shipTo', 'building', 'department'),
      ...same('blanketOrder', 'createdById', 'modifiedById'),
      pONumber: 'poNumber',
    },
    dates: [...AUDITED, 'orderedDate', 'dueDate'],
  },
  {
    path: '/purchasing/v1/purchase-orders/:id/line-items',
    collection: 'lines',
    parent: { collection: 'orders', member: '_poId' },
    equals: same(
      ...['id', 'lineItemNumber', 'status', 'manufacturer', 'manufacturerPartNumber', 'supplierPartNumber'],
      ...['itemId', 'partId', 'building', 'department', 'modifiedById'],
    ),
    dates: AUDITED,
  },
  {
    path: '/purchasing/v1/purchase-order-statuses',
    collection: 'order-statuses',
    listOnly: true,
    equals: same(
      ...['name', 'active', 'default', 'receive', 'includeInMrp', 'cancelled', 'release', 'onOrder', 'received'],
    ),
  },
  {
    path: '/purchasing/v1/purchase-order-types',
    collection: 'order-types',
    listOnly: true,
    equals: same('name', 'active', 'default', 'includeInMRP'),
  },
  {
    path: '/purchasing/v2-beta1/releases',
    collection: 'releases',
    equals: {
      ...same('id', 'status', 'releaseLineNumber', 'partId', 'supplierId', 'releaseAuthorizationNumber'),
      ...same('operationCode', 'type'),
      pOId: 'poId',
      pOLineItemId: 'poLineItemId',
    },
    dates: [...AUDITED, 'releaseDate', 'dueDate', 'originalDueDate'],
  },
  {
    path: '/purchasing/v1/release-statuses',
    collection: 'release-statuses',
    listOnly: true,
    equals: same(
      ...['name', 'includeInMrp', 'default', 'active', 'cancelled', 'received', 'partial', 'forecast'],
      ...['planStatus', 'mrpAutoChange', 'open', 'immediateStatus'],
    ),
  },
  {
    path: '/purchasing/v1/receipts',
    collection: 'receipts',
    equals: {
      ...same('id', 'supplierId', 'partId', 'itemId', 'operationCode', 'releaseId', 'supplierShipperNumber'),
      ...same('receivedById'),
      pOId: 'poId',
      pOLineItemId: 'poLineItemId',
    },
    dates: ['receiveDate'],
  },
  {
    path: '/accounting/v1/ap-invoices',
    collection: 'invoices',
    equals: same(
      ...['id', 'invoiceNumber', 'booked', 'supplierCode', 'poNumber', 'shipperNo', 'status'],
      ...['externalReferenceCode', 'paid'],
    ),
    dates: [...AUDITED, 'transactionDate'],
  },
  {
    path: '/mdm/v1/chart-of-accounts',
    collection: 'accounts',
    equals: same('id', 'accountNumber', 'name', 'categoryType', 'active'),
  },
]

/** GET routes of every resource: the list, one record by id, and the one object that has no id. */
export function resourceRoutes(state: PlexState): Route<PlexData>[] {
  return [
    ...RESOURCES.flatMap((resource) => [
      { method: 'GET', path: resource.path, handle: listHandler(resource, state) },
      ...(resource.listOnly === true
        ? []
        : [{ method: 'GET', path: `${resource.path}/:recordId`, handle: recordHandler(resource) }]),
    ]),
    { method: 'GET', path: '/mdm/v1/suppliers/:id/purchasing-defaults', handle: purchasingDefaults },
  ]
}

/** A list is always the whole answer: no resource of Plex has pages (contract section 7). */
function listHandler(resource: Resource, state: PlexState): Handler<PlexData> {
  return (call, data, parentId) => {
    const trouble = parentProblem(resource, data, parentId)
    if (trouble !== undefined) return trouble
    const collection = data[resource.collection]
    const children = resource.parent && collection.where(resource.parent.member, parentId.toLowerCase())
    const rows = filterList(collection, children, call, resource, state.options.dateFilter)
    if ('status' in rows) return rows
    if (resource.collection === 'invoices' && tooMany(state, rows.length)) {
      return { status: 500, json: { code: 'REQUEST_PROCESSING_ERROR', message: 'The request timed out.' } }
    }
    return { status: 200, rows }
  }
}

/** Too large an answer times out on the server side, which looks like any other 500 (contract section 7). */
function tooMany(state: PlexState, count: number): boolean {
  return state.options.invoiceLimit > 0 && count > state.options.invoiceLimit
}

/** One record. A child is found under its own parent only. */
function recordHandler(resource: Resource): Handler<PlexData> {
  return (_call, data, first, second) => {
    const id = (resource.parent === undefined ? first : second).toLowerCase()
    if (!isUuid(id)) return argumentInvalid('id')
    const trouble = parentProblem(resource, data, first)
    if (trouble !== undefined) return trouble
    const row = data[resource.collection].getVisible(id)
    const isChild = resource.parent === undefined || row?.[resource.parent.member] === first.toLowerCase()
    return row === undefined || !isChild ? resourceNotFound() : { status: 200, json: publicRow(row) }
  }
}

/** 400 for a parent id that is no UUID, 404 for one that is nobody's. */
function parentProblem(resource: Resource, data: PlexData, parentId: string): Reply | undefined {
  if (resource.parent === undefined) return undefined
  if (!isUuid(parentId)) return argumentInvalid('id')
  return data[resource.parent.collection].getVisible(parentId.toLowerCase()) === undefined
    ? resourceNotFound()
    : undefined
}

/** One object per supplier, without an id of its own; all empty where nobody ever filled it in. */
const purchasingDefaults: Handler<PlexData> = (_call, data, supplierId) => {
  const id = supplierId.toLowerCase()
  if (!isUuid(id)) return argumentInvalid('id')
  if (data.suppliers.getVisible(id) === undefined) return resourceNotFound()
  return { status: 200, json: publicRow(data['purchasing-defaults'].get(id) ?? {}) }
}
