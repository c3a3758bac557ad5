/** The other side of the story: what happens in Plex, and what people do in Procurify. */
import { shiftStamp, stampKey } from '../../src/domain/window.js'
import type { Row } from '../../src/sandbox/exchange.js'
import type { Sandbox } from '../../src/sandbox/sandbox.js'
import { ProofInvoices, type InvoiceStep } from './invoices.js'
import { OVERLAP_MS, type Setting, type Stamp, type Step } from './schedule.js'

const ACCOUNT = '5a05aaaa-0000-4000-8000-000000000001'
const PLACE = { building: 'MAIN', department: 'Maintenance' }
const NOW: Stamp = { kind: 'now', ms: 0 }

export class ProofSource {
  readonly #sandbox: Sandbox
  /** Every stamp that Plex ever wrote, as text. */
  readonly stamps = new Set<string>()
  readonly #invoices: ProofInvoices
  #names = 0

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
    this.#invoices = new ProofInvoices(sandbox)
  }

  /** What is there before the first pass. */
  begin({ suppliers, orders }: Pick<Setting, 'suppliers' | 'orders'>): void {
    for (let n = 0; n < suppliers; n += 1) this.#addSupplier(NOW)
    if (orders === 0) return
    const account = {
      id: ACCOUNT,
      accountNumber: '61100-010',
      accountName: 'Supplies',
      categoryType: 'Expense',
      active: true,
    }
    this.#plex.accounts.add(account)
    // A tenant without any account code would look like a missing role.
    const other = { code: 'OTHER', description: 'Other', account_type: 2, active: true, parent: null }
    this.#sandbox.procurify.state.data['account-codes'].add(other)
    for (let n = 0; n < orders; n += 1) this.#addOrder(NOW)
  }

  changeSupplier({ at, change, stamp }: Extract<Step, { do: 'supplier' }>): void {
    const { suppliers } = this.#plex
    const all = suppliers.all()
    const row = all[at % Math.max(1, all.length)]
    if (change === 'add' || row === undefined) return this.#addSupplier(stamp)
    const other = all[(at + 1) % all.length]
    this.#names += 1
    const changes: Readonly<Record<Exclude<typeof change, 'add'>, Row>> = {
      rename: { name: `Supplier renamed ${this.#names}` },
      swap: { name: other?.['name'] },
      url: { webAddress: `https://moved-${this.#names}.example` },
      off: { status: 'Inactive' },
      on: { status: 'Active' },
    }
    suppliers.edit(String(row['id']), { ...changes[change], ...this.#stampOf(stamp, false) })
    this.#remember(row)
  }

  changeOrder({ at, change, stamp }: Extract<Step, { do: 'order' }>): void {
    const { orders, releases } = this.#plex
    const all = orders.all()
    const row = all[at % Math.max(1, all.length)]
    if (change === 'add' || row === undefined) return this.#addOrder(stamp)
    this.#names += 1
    const id = String(row['id'])
    const [release] = releases.where('poId', id)
    const dates = this.#stampOf(stamp, false)
    if (change === 'touch') orders.edit(id, { note: `note ${this.#names}`, ...dates })
    if (change === 'cancel') orders.edit(id, { status: 'Cancelled', ...dates })
    if (change === 'release' || change === 'date') {
      const edit =
        change === 'date' ? { dueDate: `2027-01-0${1 + (this.#names % 9)}T05:00:00Z` } : { quantity: 100 + this.#names }
      releases.edit(String(release?.['id']), { ...edit, ...dates })
      // A total that does not fit its lines would be parked for that alone.
      if (change === 'release') orders.edit(id, { lineItemTotal: this.#totalOf(id) }, 'keep')
    }
    for (const one of [row, release]) if (one !== undefined) this.#remember(one)
  }

  changeInvoice(step: Extract<InvoiceStep, { do: 'invoice' }>): void {
    this.#remember(this.#invoices.change(step, this.#stampOf(step.stamp, step.change === 'add')))
  }

  beBilled(step: Extract<InvoiceStep, { do: 'bill' }>): void {
    this.#invoices.beBilled(step)
  }

  beDecided({ at, action }: Extract<Step, { do: 'people' }>): void {
    const { data, lifecycle } = this.#sandbox.procurify.state
    const all = data.orders.all()
    const uuid = all[at % Math.max(1, all.length)]?.['uuid']
    if (typeof uuid === 'string') lifecycle[action](uuid)
  }

  get #plex() {
    return this.#sandbox.plex.state.data
  }

  #addSupplier(stamp: Stamp): void {
    this.#names += 1
    const number = String(this.#names).padStart(4, '0')
    const row = this.#plex.suppliers.add({
      id: `5a00${number}-0000-4000-8000-00000000${number}`,
      code: `SUP-${number}`,
      name: `Supplier ${number}`,
      status: 'Active',
      type: 'Raw Material',
      webAddress: `https://supplier-${number}.example`,
      note: null,
      ...this.#stampOf(stamp, true),
    })
    this.#remember(row)
  }

  #addOrder(stamp: Stamp): void {
    const { orders, lines, releases, suppliers } = this.#plex
    this.#names += 1
    const number = String(this.#names).padStart(4, '0')
    const idOf = (kind: string, n = 0): string => `5a09${number}-${kind}-4000-8000-${String(n).padStart(12, '0')}`
    const id = idOf('0000')
    const active = suppliers.all().filter((supplier) => supplier['status'] === 'Active')
    const supplier = active[this.#names % Math.max(1, active.length)]
    const dates = this.#stampOf(stamp, true)
    const count = 1 + (this.#names % 2)
    for (let n = 1; n <= count; n += 1) {
      const line = { id: idOf('0001', n), _poId: id, lineItemNumber: n, description: `Thing ${n}` }
      lines.add({ ...line, ...PLACE, unit: 'EA', orderUnit: 'EA', unitPrice: 10, accountId: ACCOUNT })
      const release = { id: idOf('0002', n), poId: id, poLineItemId: line.id, quantity: 2 + n, status: 'Open' }
      this.#remember(releases.add({ ...release, dueDate: '2026-12-24T05:00:00Z', ...dates }))
    }
    const header = { id, poNumber: `PO-${number}`, supplierId: supplier?.['id'] ?? null, currencyCode: 'USD' }
    const total = { lineItemCount: count, lineItemTotal: this.#totalOf(id), blanketOrder: false }
    this.#remember(orders.add({ ...header, ...PLACE, ...total, status: 'On order', ...dates }))
  }

  #totalOf(orderId: string): number {
    return this.#plex.releases
      .where('poId', orderId)
      .reduce((sum, release) => sum + Number(release['quantity']) * 10, 0)
  }

  #remember(row: Row): void {
    for (const member of ['createdDate', 'modifiedDate']) {
      const stamp = row[member]
      if (typeof stamp === 'string') this.stamps.add(stamp)
    }
  }

  #stampOf({ kind, ms }: Stamp, isNew: boolean): Row {
    const { clock } = this.#sandbox
    // The far edge of the overlap is reckoned from the newest stamp: no watermark can be later than that.
    const isEdge = kind === 'late' && ms === OVERLAP_MS
    const at = isEdge ? this.#newestStamp() : kind === 'tie' ? clock.lastTick() : clock.tick()
    if (kind === 'none') return { createdDate: at, modifiedDate: null }
    const moved = kind === 'late' ? shiftStamp(at, -ms) : kind === 'future' ? shiftStamp(at, ms) : at
    return isNew ? { createdDate: moved, modifiedDate: moved } : { modifiedDate: moved }
  }

  #newestStamp(): string {
    const now = stampKey(new Date(this.#sandbox.clock.now()).toISOString()) ?? ''
    const past = [...this.stamps].filter((stamp) => (stampKey(stamp) ?? '') <= now)
    return (
      past.sort((a, b) => ((stampKey(a) ?? '') < (stampKey(b) ?? '') ? -1 : 1)).at(-1) ?? this.#sandbox.clock.tick()
    )
  }
}
