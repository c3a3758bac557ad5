/** Who is paired with whom. Records here are `id`, `key` and whether they are active. */
import { describe, expect, it } from 'vitest'
import type { Link } from '../../src/domain/record.js'
import { pairUp, type Match } from '../../src/domain/refdata-pairs.js'

interface Row {
  readonly id: string
  readonly active: boolean
  readonly key: string
}

const row = (id: string, key: string, active = true): Row => ({ id, key, active })

function link(sourceId: string, targetId: string | null): [string, Link] {
  return [
    sourceId,
    {
      sourceId,
      targetId,
      sourceKey: null,
      sourceHash: null,
      targetKey: null,
      wantedHash: null,
      sent: null,
      detail: null,
      skipCode: null,
      version: 1,
    },
  ]
}

function pair(
  plex: Row[],
  procurify: Row[],
  links: [string, Link][] = [],
  wanted: Record<string, string> = {},
): string[] {
  const rules = {
    keysInPlex: ({ key }: Row) => key.split('|'),
    keyInProcurify: ({ key }: Row) => key,
    wantedKey: ({ id }: Row) => wanted[id] ?? null,
  }
  return pairUp(plex, procurify, new Map(links), rules).map(describeMatch)
}

function describeMatch(match: Match<Row, Row>): string {
  const plex = 'plex' in match ? match.plex.id : '-'
  const procurify =
    'procurify' in match
      ? match.procurify.id
      : 'candidates' in match
        ? match.candidates.map(({ id }) => id).join('+')
        : '-'
  const how = match.kind === 'paired' ? match.how : match.kind === 'ambiguous' ? match.why : match.kind
  return `${plex}=${procurify} ${how}`
}

describe('a first pairing', () => {
  it('needs one of each side to fit', () => {
    expect(pair([row('a', 'x'), row('b', 'y')], [row('1', 'x'), row('2', 'z')])).toEqual([
      'a=1 found',
      'b=- only_in_plex',
      '-=2 only_in_procurify',
    ])
  })

  it('may use any of several keys', () => {
    expect(pair([row('a', 'MAIN|Main Plant')], [row('1', 'Main Plant')])).toEqual(['a=1 found'])
  })

  it('takes none of several that fit, and none that fits several', () => {
    expect(pair([row('a', 'x')], [row('1', 'x'), row('2', 'x')])).toEqual(['a=1+2 several'])
    expect(pair([row('a', 'x'), row('b', 'x')], [row('1', 'x')])).toEqual(['a=1 taken', 'b=1 taken'])
    expect(pair([row('a', 'x|y')], [row('1', 'x'), row('2', 'y')])).toEqual(['a=1+2 several'])
  })

  it('prefers what is active, on either side', () => {
    expect(pair([row('a', 'x')], [row('1', 'x', false), row('2', 'x')])).toEqual(['a=2 found', '-=1 only_in_procurify'])
    expect(pair([row('a', 'x', false), row('b', 'x')], [row('1', 'x')])).toEqual(['a=1 taken', 'b=1 found'])
    expect(pair([row('a', 'x', false)], [row('1', 'x', false)])).toEqual(['a=1 found'])
  })

  it('leaves what another record is paired with alone', () => {
    expect(pair([row('a', 'x'), row('b', 'x')], [row('1', 'x')], [link('a', '1')])).toEqual(['a=1 linked', 'b=1 taken'])
  })
})

describe('an old pair', () => {
  it('stays, whatever the two are called today', () => {
    expect(pair([row('a', 'new')], [row('1', 'other'), row('2', 'new')], [link('a', '1')])).toEqual([
      'a=1 linked',
      '-=2 only_in_procurify',
    ])
  })

  it('is missed on the side that does not show it, and found again under another id', () => {
    expect(pair([row('a', 'x')], [row('2', 'y')], [link('a', '1')])).toEqual([
      'a=- gone_in_procurify',
      '-=2 only_in_procurify',
    ])
    expect(pair([], [row('1', 'x')], [link('a', '1')])).toEqual(['-=1 gone_in_plex'])
    expect(pair([row('a', 'x')], [row('2', 'x')], [link('a', '1')])).toEqual(['a=2 found'])
    expect(pair([], [], [link('a', '1')])).toEqual([])
  })

  it('is no pair while it was only seen on one side', () => {
    expect(pair([row('a', 'x')], [row('1', 'x')], [link('a', null)])).toEqual(['a=1 found'])
  })
})

describe('a pair that a person wants', () => {
  it('wins over keys and over an old pair', () => {
    expect(pair([row('a', 'x')], [row('1', 'x'), row('2', 'y')], [], { a: 'y' })).toEqual([
      'a=2 wanted',
      '-=1 only_in_procurify',
    ])
    expect(pair([row('a', 'x')], [row('1', 'x'), row('2', 'y')], [link('a', '1')], { a: 'y' })).toEqual([
      'a=2 wanted',
      '-=1 only_in_procurify',
    ])
    expect(pair([row('a', 'x')], [row('1', 'y')], [link('a', '1')], { a: 'y' })).toEqual(['a=1 linked'])
  })

  it('is not made up when it does not exist, and not taken from another record', () => {
    expect(pair([row('a', 'x')], [row('1', 'x')], [], { a: 'y' })).toEqual([
      'a=- only_in_plex',
      '-=1 only_in_procurify',
    ])
    expect(pair([row('a', 'x'), row('b', 'y')], [row('1', 'y')], [link('b', '1')], { a: 'y' })).toEqual([
      'a=1 taken',
      'b=1 linked',
    ])
  })
})
