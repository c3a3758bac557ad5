/** Keys of buildings and departments, which orders and lines hold, become the names that people and the alignment know. */
import type { Result } from '../../domain/failure.js'
import type { Json } from '../../domain/record.js'
import type { PlexRow } from './cells.js'
import type { Block, SoapMap } from './map.js'

export type NamePlaces = (block: Block, rows: readonly PlexRow[]) => Promise<Result<PlexRow[]>>

/** Where there is no block of them, or the key is not in it, the cell stays as it is: it may be a name already. */
export function makePlaceNaming(
  { buildings, departments }: SoapMap['blocks'],
  readWhole: (block: Block) => Promise<Result<readonly PlexRow[]>>,
): NamePlaces {
  return async (block, rows) => {
    let named = [...rows]
    for (const [member, kind] of Object.entries(block.rule.members)) {
      const source = kind === 'building' ? buildings : kind === 'department' ? departments : undefined
      if (source === undefined || !named.some((row) => row[member] != null)) continue
      const places = await readWhole(source)
      if (!places.ok) return places
      const names = new Map(places.value.map((row) => [row['id'], nameOf(row)] as const))
      named = named.map((row) => ({ ...row, [member]: names.get(row[member] ?? null) ?? row[member] ?? null }))
    }
    return { ok: true, value: named }
  }
}

function nameOf(row: PlexRow): Json {
  return row['buildingCode'] ?? row['name'] ?? row['code'] ?? null
}
