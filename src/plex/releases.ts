/**
 * The releases of purchase orders, in two ways: as a feed of what was touched lately, and those of given orders, many orders a
 * call (contracts/plex.md section 10).
 */
import type { Result } from '../domain/failure.js'
import type { Json } from '../domain/record.js'
import type { Http } from '../http.js'
import { queryText } from '../http-text.js'
import type { Feed, FeedRow } from '../ports.js'
import { canSlice, makeWindowList, readRecord, toTouched, type DateFilter } from './resource.js'
import { OwnedRelease, parseRecord, ReleaseOwner } from './schema.js'

/** The only version that lists releases; a beta, so its number may change (contracts/plex.md section 10). */
const PATH = '/purchasing/v2-beta1/releases'

/** Releases touched in a window, globally: an edit of a release need not touch its order. Owner = the order. */
export function makeReleaseFeed(http: Http, { dateFilter }: { readonly dateFilter: DateFilter }): Feed {
  return {
    name: 'releases',
    canSlice: canSlice(dateFilter),
    list: makeWindowList(http, PATH, dateFilter, toFeedRow),
    probe: async (releaseId) => {
      const row = await readRecord(http, PATH, releaseId)
      return row.ok ? { ok: true, value: row.value === null ? null : toFeedRow(row.value) } : row
    },
  }
}

function toFeedRow(row: Json): FeedRow {
  const touched = toTouched(row, parseRecord(OwnedRelease, 'release', row), () => null)
  return { ...touched, owner: ownerOf(row).poId }
}

/** An order whose releases are wanted. A release may name its line only, so these are known as well. */
export interface Asked {
  readonly id: string
  readonly lineIds: readonly string[]
}

/** The rows of each order asked for, or why they could not be read. */
export type ReleaseRows = ReadonlyMap<string, Result<readonly Json[]>>

/** Longest query: servers and proxies commonly refuse more than 8,000 characters of address. */
const MAX_QUERY = 5_800
/** What fewer orders a call may help against (contracts/plex.md section 7: 500 also where an answer grew too large). */
const TOO_MUCH = new Set(['timed_out', 'answer_too_large', 'server_error'])

/**
 * Reads the releases of many orders in few calls. A call that was too much is halved, and that size is not tried again; an order
 * that fails alone is let go, and the others go on. Two such orders in a row, or any other failure, hold for all that are left.
 */
export function makeReleaseReader(http: Http): (orders: readonly Asked[]) => Promise<ReleaseRows> {
  const size = { next: Infinity, tooMuch: Infinity }
  return async (orders) => {
    const found = new Map<string, Result<readonly Json[]>>()
    const queue = [...orders]
    let alone = 0
    while (queue.length > 0) {
      const asked = queue.slice(0, countFitting(queue, size.next))
      const read = await readReleasesOf(http, asked)
      const isTooMuch = !read.ok && TOO_MUCH.has(read.code)
      if (isTooMuch && asked.length > 1) {
        Object.assign(size, { next: Math.floor(asked.length / 2), tooMuch: asked.length })
        continue
      }
      alone = isTooMuch ? alone + 1 : 0
      const holdsForAll = !read.ok && (!isTooMuch || alone > 1)
      for (const { id } of queue.splice(0, holdsForAll ? queue.length : asked.length)) {
        found.set(id, read.ok ? { ok: true, value: read.value.get(id) ?? [] } : read)
      }
      // It was this order, then, and not the size.
      if (isTooMuch) Object.assign(size, { next: 1, tooMuch: Infinity })
      else size.next = Math.min(size.next * 2, Math.max(1, size.tooMuch - 1))
    }
    return found
  }
}

/** How many of these fit into one address; always one at least. */
function countFitting(orders: readonly Asked[], most: number): number {
  let length = 0
  const count = orders.findIndex(({ id }, at) => {
    length += queryText({ pOId: id }).length
    return at > 0 && (at >= most || length > MAX_QUERY)
  })
  return count < 0 ? orders.length : count
}

/** One call. An ignored filter brings the releases of all orders: those of others are dropped as they come. */
async function readReleasesOf(http: Http, asked: readonly Asked[]): Promise<Result<ReadonlyMap<string, Json[]>>> {
  const rowsOf = new Map<string, Json[]>(asked.map(({ id }) => [id, []]))
  const orderOf = new Map(asked.flatMap(({ id, lineIds }) => lineIds.map((lineId) => [lineId, id] as const)))
  const listed = await http.stream(PATH, { pOId: asked.map(({ id }) => id) }, (items) => {
    for (const row of items) {
      const { poId, poLineItemId } = ownerOf(row)
      rowsOf.get(poId ?? orderOf.get(poLineItemId ?? '') ?? '')?.push(row)
    }
    return Promise.resolve()
  })
  return listed.ok ? { ok: true, value: rowsOf } : listed
}

function ownerOf(row: Json): { readonly poId: string | null; readonly poLineItemId: string | null } {
  const parsed = parseRecord(ReleaseOwner, 'release', row)
  return parsed.ok ? parsed.record : { poId: null, poLineItemId: null }
}
