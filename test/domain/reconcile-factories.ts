/** What the tests of the comparison share. */
import { adviceFor } from '../../src/domain/problems.js'
import type { BookEntry, Finding } from '../../src/domain/reconcile.js'

/** What a finding says, without what does not apply to it; fails where the advice is not that of its code. */
export function saidBy(finding: Finding): Record<string, unknown> {
  const { advice, ...rest } = finding
  if (advice !== adviceFor(finding.code)) throw new Error(`Another advice than that of ${finding.code}: ${advice}`)
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
}

/** A pair of the books about which nothing is remarkable. */
export function anEntry(fields: Partial<BookEntry> = {}): BookEntry {
  return {
    ...{ sourceId: 's1', sourceKey: 'ACME', sourceHash: 'h', targetId: '7', targetKey: 'Acme', skipCode: null },
    ...{ isGivenUp: false, sent: null, detail: null, isMoving: false, isNoted: false },
    ...fields,
  }
}
