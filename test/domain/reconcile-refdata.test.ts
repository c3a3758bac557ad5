import { describe, expect, it } from 'vitest'
import type { Pair } from '../../src/domain/refdata.js'
import { judgePair } from '../../src/domain/reconcile-refdata.js'
import { saidBy } from './reconcile-factories.js'

const PLEX = { id: 'p1', key: '6100-P', name: 'Stuff', active: true }
const PROCURIFY = { id: '1', key: '6100', name: 'Supplies', active: false }
const aPair = (fields: Partial<Pair>): Pair => ({
  ...{ stream: 'accounts', state: 'paired', plex: PLEX, procurify: PROCURIFY, code: null, message: null },
  ...fields,
})

/** The place of the Plex record, and what is said: of it, or of the Procurify record alone. */
function judge(fields: Partial<Pair>, toPlex = false) {
  const { judged, finding } = judgePair(aPair(fields), toPlex)
  const findings = [...(judged?.findings ?? []), ...(finding === null ? [] : [finding])]
  return { place: judged?.place ?? null, said: findings.map(saidBy) }
}

const ABOUT = { stream: 'accounts', next: 'ml-connector align refdata --dry-run' }
const SOURCE = { source_id: 'p1', source_key: '6100-P' }
const TARGET = { target_id: '1', target_key: '6100' }

describe('a pair of reference data', () => {
  it('about which there is nothing to know is no finding', () => {
    expect(judge({})).toEqual({ place: 'paired', said: [] })
  })

  it.each([
    ['renamed_in_plex', { field: 'name', plex: 'Stuff', procurify: 'Supplies' }],
    ['renamed_in_procurify', { field: 'name', plex: 'Stuff', procurify: 'Supplies' }],
    ['changed_on_both_sides', { field: 'name', plex: 'Stuff', procurify: 'Supplies' }],
    ['number_differs', { field: 'key', plex: '6100-P', procurify: '6100' }],
    ['inactive_in_plex', { field: 'active', plex: 'active', procurify: 'inactive' }],
    ['inactive_in_procurify', { field: 'active', plex: 'active', procurify: 'inactive' }],
  ] as const)('that differs is told with what each side holds: %s', (code, sides) => {
    const said = [{ ...ABOUT, ...SOURCE, ...TARGET, ...sides, kind: 'drifted', code, message: 'The two differ.' }]
    expect(judge({ code })).toEqual({ place: 'paired', said })
  })

  it('tells the reason it was given instead of a general one', () => {
    expect(judge({ code: 'number_differs', message: 'Why' }).said[0]).toMatchObject({ message: 'Why' })
  })

  it.each([
    ['pair_ambiguous', 'duplicate'],
    ['pair_taken', 'duplicate'],
    ['gone_in_procurify', 'missing'],
  ] as const)('that is unclear or lost its half is told without a field: %s', (code, kind) => {
    const message = 'It is not clear which record is meant.'
    expect(judge({ state: 'conflict', code, procurify: null })).toEqual({
      ...{ place: 'unpaired', said: [{ ...ABOUT, ...SOURCE, kind, code, message }] },
    })
  })
})

describe('a record of Plex alone', () => {
  it.each([null, 'missing_in_procurify'] as const)('is missing in Procurify (%s)', (code) => {
    const message = 'Procurify has no counterpart of it.'
    expect(judge({ state: 'only_in_plex', procurify: null, code })).toEqual({
      place: 'unpaired',
      said: [{ ...ABOUT, ...SOURCE, kind: 'missing', code: 'counterpart_missing', message }],
    })
  })

  it('that is inactive is left out', () => {
    expect(judge({ state: 'only_in_plex', procurify: null, code: 'inactive_unpaired' })).toEqual({
      ...{ place: 'left_out', said: [] },
    })
  })
})

describe('a record of Procurify alone', () => {
  const alone = { state: 'only_in_procurify', plex: null } as const

  it('is no fault, unless Plex is to have it, which goes for accounts', () => {
    expect(judge(alone)).toEqual({ place: null, said: [] })
    expect(judge({ ...alone, stream: 'departments' }, true)).toEqual({ place: null, said: [] })
    expect(judge({ ...alone, code: 'inactive_unpaired' }, true)).toEqual({ place: null, said: [] })
    const message = 'Plex has no counterpart of it.'
    for (const code of [null, 'missing_in_plex'] as const) {
      const said = [{ ...ABOUT, ...TARGET, kind: 'missing', code: 'missing_in_plex', message }]
      expect(judge({ ...alone, code }, true)).toEqual({ place: null, said })
    }
    // One that Plex has is paired, whatever may be created there.
    expect(judge({}, true)).toEqual({ place: 'paired', said: [] })
  })

  it('whose half is gone in Plex is an orphan', () => {
    const message = 'Plex has no counterpart of it.'
    expect(judge({ ...alone, code: 'gone_in_plex' })).toEqual({
      ...{ place: null, said: [{ ...ABOUT, ...TARGET, kind: 'orphaned', code: 'gone_in_plex', message }] },
    })
  })
})
