/** Locations, departments and accounts: the pairs that `align refdata` sees, as findings of a report. */
import type { ProblemCode } from './problems.js'
import type { Pair } from './refdata.js'
import { makeFinding, type Finding, type Judged, type Kind } from './reconcile.js'

/** What the codes of pairs amount to. Those that are not here are no finding by themselves. */
const KIND_OF: Partial<Readonly<Record<ProblemCode, Kind>>> = {
  gone_in_plex: 'orphaned',
  gone_in_procurify: 'missing',
  pair_ambiguous: 'duplicate',
  pair_taken: 'duplicate',
  renamed_in_plex: 'drifted',
  renamed_in_procurify: 'drifted',
  changed_on_both_sides: 'drifted',
  number_differs: 'drifted',
  inactive_in_plex: 'drifted',
  inactive_in_procurify: 'drifted',
}
const FIELD_OF: Partial<Readonly<Record<ProblemCode, 'key' | 'name' | 'active'>>> = {
  renamed_in_plex: 'name',
  renamed_in_procurify: 'name',
  changed_on_both_sides: 'name',
  number_differs: 'key',
  inactive_in_plex: 'active',
  inactive_in_procurify: 'active',
}

export interface RefdataVerdict {
  /** Null = the record is of Procurify alone, which is no fault of anybody. */
  readonly judged: Judged | null
  readonly finding: Finding | null
}

/** `toPlex`: GL accounts that only Procurify has are to be created in Plex. */
export function judgePair(pair: Pair, toPlex: boolean): RefdataVerdict {
  const { state, code, stream, plex } = pair
  if (code === 'inactive_unpaired') {
    return { judged: plex === null ? null : { place: 'left_out', findings: [] }, finding: null }
  }
  const isWantedInPlex = state === 'only_in_procurify' && toPlex && stream === 'accounts'
  const kind = (code === null ? null : KIND_OF[code]) ?? (state === 'only_in_plex' || isWantedInPlex ? 'missing' : null)
  const finding = kind === null ? null : toFinding(pair, kind)
  if (plex === null) return { judged: null, finding }
  const place = state === 'paired' ? 'paired' : 'unpaired'
  return { judged: { place, findings: finding === null ? [] : [finding] }, finding: null }
}

function toFinding({ stream, code, message, plex, procurify, state }: Pair, kind: Kind): Finding {
  // The list calls invoices and reference data missing by one word; here each has advice of its own.
  const isMissing = code === 'missing_in_procurify' || (code === null && state !== 'only_in_procurify')
  const known = isMissing ? 'counterpart_missing' : (code ?? 'missing_in_plex')
  const field = FIELD_OF[known] ?? null
  const show = (side: typeof plex): string | null => (field === null || side === null ? null : tell(side[field]))
  return makeFinding({
    ...{ stream, kind, code: known, field, plex: show(plex), procurify: show(procurify) },
    ...{
      source_id: plex?.id ?? null,
      source_key: plex?.key ?? null,
      target_id: procurify?.id ?? null,
      target_key: procurify?.key ?? null,
    },
    message: message ?? WORDS[state],
    next: 'ml-connector align refdata --dry-run',
  })
}

function tell(value: string | boolean | null): string | null {
  return typeof value === 'boolean' ? (value ? 'active' : 'inactive') : value
}

const WORDS = {
  paired: 'The two differ.',
  only_in_plex: 'Procurify has no counterpart of it.',
  only_in_procurify: 'Plex has no counterpart of it.',
  conflict: 'It is not clear which record is meant.',
}
