/** The records themselves: every supplier and order of the source has its one object, with today's content. */
import type { Play } from './play.js'

/** As much of a play as can also be known of real processes. */
export interface Stage {
  readonly sandbox: Play['sandbox']
  readonly connection: string
  readonly pcn: string
  readonly forgottenUntil: number
  readonly heads: readonly string[]
  readonly state: Pick<Play['state'], 'rows'>
}

interface OpenIntent {
  readonly source_id: string
  readonly state: string
  readonly code: string | null
}

/** What is not settled of a stream, by record. */
async function readOpen({ state, connection }: Stage, stream: 'suppliers' | 'pos'): Promise<Map<string, OpenIntent>> {
  const open = await state.rows<OpenIntent>(
    `select source_id, state, code from intent where connection = $1 and stream = $2 and state <> 'done'`,
    [connection, stream],
  )
  return new Map(open.map((one) => [one.source_id.split('/')[0] ?? '', one]))
}

/** Where the only vendors known are in no list, none proves that the one in doubt is absent: a person decides. */
function isUnproved({ sandbox }: Stage, supplier: OpenIntent | undefined): boolean {
  return supplier?.code === 'in_doubt' && !sandbox.procurify.state.options.listInactive
}

export async function judgeSuppliers(play: Stage): Promise<string[]> {
  const intents = await readOpen(play, 'suppliers')
  const links = await play.state.rows<{ source_id: string; sent: Row | null }>(
    `select source_id, sent from link where connection = $1 and stream = 'suppliers'`,
    [play.connection],
  )
  const sent = new Map(links.map((link) => [link.source_id, link.sent]))
  const vendors = play.sandbox.procurify.state.data.vendors.all()
  const suppliers = play.sandbox.plex.state.data.suppliers.all()
  const broken: string[] = []
  for (const supplier of suppliers) {
    const id = String(supplier['id'])
    const mine = vendors.filter((vendor) => vendor['external_id'] === `plex:${play.pcn}:${id}`)
    const intent = intents.get(id)
    const state = intent === undefined ? 'settled' : `${intent.state} ${intent.code ?? ''}`
    const who = `supplier ${String(supplier['code'])} (${String(supplier['name'])}, ${state})`
    if (mine.length > 1) broken.push(`twice: ${who} has ${mine.length} vendors`)
    const isActive = supplier['status'] === 'Active'
    const [vendor] = mine
    if (isUnproved(play, intent)) continue
    if (intent !== undefined) broken.push(`open: ${who}`)
    else if (vendor === undefined) {
      if (isActive) broken.push(`lost: ${who} has no vendor`)
    } else {
      for (const field of differencesOf(vendor, supplier))
        if (!isAsRemembered(play, field, vendor, supplier, sent.get(id)))
          broken.push(`stale: ${who} has ${field}=${String(vendor[field])}`)
    }
  }
  const named = vendors.filter((vendor) => vendor['active'] === true).map((vendor) => String(vendor['name']))
  const shared = named.filter((name, at) => named.indexOf(name) !== at)
  return [...broken, ...shared.map((name) => `shared: two active vendors are called ${name}`)]
}

type Row = Readonly<Record<string, unknown>>

/** The fields of a vendor that are not what its supplier wants today. One that is off keeps the rest as it was. */
function differencesOf(vendor: Row, supplier: Row): string[] {
  const isActive = supplier['status'] === 'Active'
  if (vendor['active'] !== isActive) return ['active']
  if (!isActive) return []
  const name = String(supplier['name'])
  const names: unknown[] = [name, `${name} (${String(supplier['code'])})`]
  const isNamed = names.includes(vendor['name'])
  return [...(isNamed ? [] : ['name']), ...(vendor['url'] === supplier['webAddress'] ? [] : ['url'])]
}

/**
 * What was written after the backup is not known after the restore: where a field of the source is back to what the backup remembers
 * as sent, no pass has a reason to write it. `reconcile` shows it as drifted.
 */
function isAsRemembered(stage: Stage, field: string, vendor: Row, supplier: Row, sent: Row | null = null): boolean {
  if (sent === null || differencesOf(sent, supplier).includes(field)) return false
  const writes = stage.sandbox.log
    .effects('procurify')
    .filter(({ effect }) => effect.collection === 'vendors' && effect.id === String(vendor['id']))
  const carries = (body: unknown): boolean => typeof body === 'object' && body !== null && field in body
  return writes.every(({ entry }) => entry.n <= stage.forgottenUntil || !carries(entry.body))
}

/** Order status of Procurify (procurify.md section 5). */
const DENIED = 2

/** Parked with these words an order waits for a person, as it should: its requisition cannot be changed or taken back. */
const RIGHTLY_PARKED = new Set([
  ...['po_changed_after_send', 'po_cancelled_after_send', 'requisition_denied', 'requisition_ambiguous'],
  // Whether the last try arrived could not be proved: told, not lost.
  'in_doubt',
])

export async function judgeOrders(play: Stage): Promise<string[]> {
  const { orders, releases, suppliers } = play.sandbox.plex.state.data
  const intents = await readOpen(play, 'pos')
  const suppliersOpen = await readOpen(play, 'suppliers')
  const { orders: requests, 'order-items': items, vendors } = play.sandbox.procurify.state.data
  const made = requests.all().map((request) => items.where('orderNum', request['num']))
  const broken: string[] = []
  for (const order of orders.all()) {
    const number = String(order['poNumber'])
    const mine = made.filter((lines) => lines.some((line) => String(line['name']).startsWith(`[PLEX ${number}/`)))
    const intent = intents.get(String(order['id']))
    const state = intent === undefined ? 'settled' : `${intent.state} ${intent.code ?? ''}`
    const who = `order ${number} (${String(order['status'])}, ${state})`
    if (mine.length > 1) broken.push(`twice: ${who} has ${mine.length} requisitions`)
    const isParked = intent?.state === 'dead' && RIGHTLY_PARKED.has(intent.code ?? '')
    const supplier = suppliers.get(String(order['supplierId']))
    // Nothing is ordered from whom Plex does not deal with any more, or of whose vendor a person has to decide.
    const isSupplied = supplier?.['status'] === 'Active' && !isUnproved(play, suppliersOpen.get(String(supplier['id'])))
    const isHeld = order['status'] !== 'On order' || !isSupplied
    if (isParked || (isHeld && (intent !== undefined || mine.length === 0))) continue
    if (intent !== undefined) broken.push(`open: ${who}`)
    else if (order['status'] !== 'On order') {
      // What nobody here remembers sending is found by `reconcile`: no pass looks for what is not wanted.
      // Denied there and cancelled here, both have ended, and nothing is left to tell.
      const isOurs = requests
        .all()
        .some(
          (request, at) => made[at] === mine[0] && request['status'] !== DENIED && !isForgotten(play, request['uuid']),
        )
      if (mine.length > 0 && isOurs) broken.push(`stale: ${who} is cancelled, and its requisition is not told of`)
    } else if (mine.length === 0) broken.push(`lost: ${who} has no requisition`)
    else {
      const wanted = releases
        .where('poId', order['id'])
        .map((release) => Number(release['quantity']))
        .sort()
      const held = (mine[0] ?? []).map((line) => Number(line['quantity'])).sort()
      if (JSON.stringify(wanted) !== JSON.stringify(held))
        broken.push(`stale: ${who} asks for ${wanted.join('+')}, sent were ${held.join('+')}`)
      const [vendor] = vendors.where('external_id', `plex:${play.pcn}:${String(order['supplierId'])}`)
      if (!(mine[0] ?? []).every((line) => line['pref_vendor'] === vendor?.['id']))
        broken.push(`astray: ${who} is ordered from ${String(mine[0]?.[0]?.['vendor'])}, who is not its supplier`)
    }
  }
  return broken
}

/** Made before the state database was restored or lost. */
function isForgotten({ sandbox, forgottenUntil }: Stage, uuid: unknown): boolean {
  const isIt = (id: string): boolean => plain(id) === plain(String(uuid))
  return sandbox.log.effects('procurify').some(({ entry, effect }) => entry.n <= forgottenUntil && isIt(effect.id))
}

/** The same id is written with and without dashes. */
export function plain(id: string): string {
  return id.replaceAll('-', '').toLowerCase()
}
