/** Tries data sources one by one, for `check`: few rows, and what their answers lack. */
import type { Result } from '../../domain/failure.js'
import type { Json } from '../../domain/record.js'
import type { Http } from '../../http.js'
import type { PlexRow } from './cells.js'
import type { SoapMap } from './map.js'
import type { BlockName } from './members.js'
import { canAskByIds, inputsByIds, planWindow } from './questions.js'
import { makeRunSource } from './source.js'

export interface Inspection {
  readonly rows: number
  /** What was asked for, to complete "N rows". */
  readonly of: string
  /** Cells that are not what the map says, by member: one example of each. */
  readonly unreadable: readonly string[]
  /** The clock of Plex; null = no answer said. */
  readonly dateMs: number | null
}

/** Parents whose children are asked for with the keys found before. */
const PARENT_OF: Readonly<Partial<Record<BlockName, BlockName>>> = {
  ...{ lines: 'orders', releases: 'orders', invoiceLines: 'invoices', addresses: 'suppliers', contacts: 'suppliers' },
}
const DAY_MS = 86_400_000
const MAX_IDS = 5

/** Null = the map has no such block. Failures are those of a pass: missing columns, a missing grant, the login. */
export function makeInspector(http: Http, map: SoapMap, pcn: string) {
  const run = makeRunSource(http, map, pcn)
  const found = new Map<BlockName, string[]>()
  return async (name: BlockName, nowMs: number): Promise<Result<Inspection> | null> => {
    const block = map.blocks[name]
    if (block === undefined) return null
    const seen = { rows: 0, unreadable: new Map<string, string>(), dateMs: null as number | null }
    const ids: string[] = []
    const look = (rows: readonly PlexRow[], dateMs: number | null) => {
      seen.rows += rows.length
      seen.dateMs = dateMs
      for (const row of rows) {
        if (typeof row['id'] === 'string' && ids.length < MAX_IDS) ids.push(row['id'])
        for (const [member, value] of Object.entries(row)) note(seen.unreadable, member, value)
      }
      return Promise.resolve(null)
    }
    const end = (of: string): Result<Inspection> => {
      found.set(name, ids)
      return { ok: true, value: { ...seen, of, unreadable: [...seen.unreadable.values()] } }
    }
    const parent = PARENT_OF[name]
    if (parent !== undefined && canAskByIds(block, 'parent')) {
      const parents = found.get(parent) ?? []
      const inputs = inputsByIds(block, parents.length === 0 ? ['0'] : parents, pcn)
      const answered = await run(block, inputs, look)
      return answered.ok ? end(`${parents.length} ${parent}`) : answered
    }
    // A narrow range first: a whole list may be large, and only a row shows the columns.
    const isWindowed = block.columns['modifiedDate'] !== undefined
    for (const days of isWindowed ? [1, 30] : [null]) {
      const from = days === null ? null : new Date(nowMs - days * DAY_MS).toISOString()
      const window = from === null ? null : ({ by: 'modified', from, to: null } as const)
      const answered = await run(block, planWindow(block, window, pcn).inputs, look)
      if (!answered.ok) return answered
      if (seen.rows > 0 || days !== 1)
        return end(days === null ? 'the whole list' : `the last ${days === 1 ? 'day' : `${days} days`}`)
    }
    return end('the last 30 days')
  }
}

function note(unreadable: Map<string, string>, member: string, value: Json): void {
  if (typeof value !== 'object' || value === null || !('unreadable' in value)) return
  const why = value['unreadable']
  if (typeof why === 'string' && !unreadable.has(member)) unreadable.set(member, `${member} ${why}`)
}
