/** A whole list of Procurify, read as seldom as the question allows. */
import type { Result } from '../domain/failure.js'
import type { Clock } from '../ports.js'

/** Records in doubt that are looked for within this time of a scan share it. */
const FRESH_MS = 1_000

interface Scan<T> {
  readonly rows: Promise<Result<readonly T[]>>
  /** Clock ms; null = under way. */
  endedAt: number | null
  isStale: boolean
}

/** Whoever asks while a scan is under way gets its answer. A failed scan is nobody's but theirs who waited for it. */
export interface Scans<T> {
  /** Everything, as of now. */
  fresh(): Promise<Result<readonly T[]>>
  /** Everything as of some time ago, and what was added since. */
  recent(): Promise<Result<readonly T[]>>
  /** Ours, just written: it counts as seen from now on, but proves nothing. */
  add(row: T): void
  /** Something may have been written: what was read before is not `fresh` any more. */
  doubt(): void
}

/** `recentMs`: how old a scan `recent` takes may be. The shorter, the sooner what others write is seen, and the more calls. */
export function makeScans<T>(
  read: () => Promise<Result<readonly T[]>>,
  { clock, recentMs }: { readonly clock: Pick<Clock, 'now'>; readonly recentMs: number },
): Scans<T> {
  let last: Scan<T> | null = null
  // Kept for good: a list may show what was written only after a while (contracts/procurify.md section 6).
  const added: T[] = []
  const start = async (): Promise<Result<readonly T[]>> => {
    const scan: Scan<T> = { rows: read(), endedAt: null, isStale: false }
    last = scan
    const rows = await scan.rows
    scan.endedAt = clock.now()
    if (!rows.ok && last === scan) last = null
    return rows
  }
  const isWithin = ({ endedAt }: Scan<T>, ms: number): boolean => endedAt === null || clock.now() - endedAt <= ms
  return {
    fresh: () => (last !== null && !last.isStale && isWithin(last, FRESH_MS) ? last.rows : start()),
    recent: async () => {
      const rows = await (last !== null && isWithin(last, recentMs) ? last.rows : start())
      return rows.ok ? { ok: true, value: [...rows.value, ...added] } : rows
    },
    // Before the first scan there is nothing to add to: it will show what was made until then.
    add: (row) => void (last === null ? 0 : added.push(row)),
    doubt: () => {
      if (last !== null) last.isStale = true
    },
  }
}
