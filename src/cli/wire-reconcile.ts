/** Both sides as `reconcile` reads them, brought together from the adapters: the reading half of wire.ts. */
import { requireTimeZone } from '../config.js'
import { dayIn } from '../domain/day.js'
import type { Range } from '../domain/reconcile.js'
import { moveDay } from '../domain/reconcile-range.js'
import type { RefdataMap } from '../domain/refdata-map.js'
import type { ReconcileOptions } from '../passes/reconcile.js'
import type { ReconcileSystems } from '../passes/reconcile-sources.js'
import { makeInvoiceSource } from '../plex/invoices.js'
import { readOrderStatuses } from '../plex/order-setup.js'
import { streamBills } from '../procurify/bills.js'
import { readMe, readRequisitionIndex } from '../procurify/requisition-index.js'
import { supplierStream, type World } from './wire.js'
import { wireOrders } from './wire-orders.js'

export function reconcileSystems(world: World): ReconcileSystems {
  const suppliers = supplierStream(world, { repairDrift: false })
  const orders = wireOrders(world)
  const readers = reconcileReaders(world)
  return {
    suppliers: suppliers.source,
    vendors: () => suppliers.survey(),
    orders: world.config.po.startDate === null ? null : orders.stream.source,
    orderExists: async (id) => {
      const probed = await orders.stream.source.probe(id)
      return probed.ok ? { ok: true, value: probed.value !== null } : probed
    },
    orderStatuses: readers.orderStatuses,
    requisitions: async (since) => {
      // Those of another requester would all seem to be missing.
      const refused = await orders.checkRequester(false)
      return refused ?? readers.requisitions(since, moveDay(today(world), 1))
    },
    invoices: readers.invoices,
    bills: readers.bills,
  }
}

/** What `reconcile` reads that no stream reads as it does. */
function reconcileReaders({ config, plex, procurify, clock }: World): Pick<
  ReconcileSystems,
  'orderStatuses' | 'invoices' | 'bills'
> & {
  requisitions(since: string, until: string): ReturnType<ReconcileSystems['requisitions']>
} {
  const { pageSize } = config.procurify
  const { dateFilter } = config.plex
  return {
    orderStatuses: () => readOrderStatuses(plex),
    requisitions: async (since, until) => {
      const me = await readMe(procurify)
      return me.ok ? readRequisitionIndex(procurify, { requesterId: me.value.id, since, until, pageSize }) : me
    },
    invoices: makeInvoiceSource(plex, { dateFilter, concurrency: config.sync.concurrency, clock }),
    bills: ({ from, to }, onPage) =>
      streamBills(procurify, { dayFrom: from, dayTo: to }, pageSize, ({ bills, unreadable }) =>
        onPage(bills, unreadable.length),
      ),
  }
}

/** The day of the plant. */
function today({ clock, config }: World): string {
  const now = new Date(clock.wallMs()).toISOString()
  return dayIn(now, requireTimeZone(config)) ?? now.slice(0, 10)
}

export function reconcileOptions(
  world: World,
  asked: { readonly range: Range; readonly bySupplier: boolean; readonly stuckDays: number; readonly map: RefdataMap },
): ReconcileOptions {
  const { connection, plex, supplier, po, invoice, refdata, defaults } = world.config
  const { startDate, statuses, quietMs, only, exclude } = po
  return {
    ...{ range: asked.range, bySupplier: asked.bySupplier, stuckDays: asked.stuckDays, pcn: plex.pcn },
    ...{ skipTypes: supplier.skipTypes, inactiveStatuses: supplier.inactiveStatuses },
    scope: { startDate, statuses, quietMs, only, exclude },
    ordersFrom: dayOf(startDate, asked.range.zone),
    invoicesFrom: dayOf(invoice.startDate, asked.range.zone) ?? moveDay(today(world), -365),
    ...{ tolerance: invoice.tolerance, skipNumbers: invoice.skipNumbers },
    align: {
      ...{ connection, pcn: plex.pcn, map: asked.map, direction: refdata.direction },
      defaultLocation: defaults.location,
    },
  }
}

/** A start date is a day, or an instant. */
function dayOf(start: string | null, zone: string): string | null {
  return start === null || !start.includes('T') ? start : dayIn(start, zone)
}
