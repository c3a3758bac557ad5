/** What goes into the list, the plan and the books of any pair, whatever kind of reference data it is. */
import { describe, expect, it } from 'vitest'
import { goneHash, isForPlex, isNews } from '../../src/domain/plan-refdata-item.js'
import type { Decision, Planned } from '../../src/domain/decision.js'
import type { Link } from '../../src/domain/record.js'
import {
  aBuilding,
  aCode,
  aLocation,
  anAccount,
  aNote,
  aWorld,
  carryOut,
  firstOf,
  itemOf,
  newsOf,
  planOf,
  told,
  type World,
} from './refdata-factories.js'

const paired = (): World => carryOut(aWorld({ accounts: [anAccount()], codes: [aCode()] }))
const first = (world: World) => firstOf('accounts', world)

describe('a pair that lost a half', () => {
  it('is told by the name it had, with the half that is left', () => {
    const inPlex = first({ ...paired(), codes: [] })
    const plex = { id: 'a1', key: '6100', name: 'Supplies', active: true }
    const message = 'Procurify does not show 6100 any more.'
    expect(inPlex.pair).toEqual({
      ...{ stream: 'accounts', state: 'only_in_plex', plex, procurify: null, code: 'gone_in_procurify', message },
    })
    expect(inPlex.planned).toMatchObject({
      ...{ sourceId: 'a1', sourceKey: '6100', sourceHash: goneHash('gone_in_procurify') },
      decision: { kind: 'observe', code: 'gone_in_procurify', message, changes: [] },
    })
    const inProcurify = first({ ...paired(), accounts: [] })
    const gone = 'Plex does not show 6100 any more.'
    expect(inProcurify.pair).toMatchObject({
      state: 'only_in_procurify',
      plex: null,
      procurify: { id: '1' },
      message: gone,
    })
    expect(inProcurify.planned).toMatchObject({
      ...{ sourceId: 'a1', sourceKey: '6100', sourceHash: goneHash('gone_in_plex') },
      decision: { kind: 'observe', code: 'gone_in_plex', message: gone, changes: [] },
    })
  })

  it('is told by its id where it had no name', () => {
    const world = paired()
    const link = world.books.accounts.links.get('a1')
    if (link === undefined) throw new Error('not paired')
    const links = new Map([['a1', { ...link, sourceKey: null, targetKey: null }]])
    const nameless = { ...world, books: { ...world.books, accounts: { ...world.books.accounts, links } } }
    expect(told(first({ ...nameless, codes: [] })).message).toBe('Procurify does not show 1 any more.')
    expect(told(first({ ...nameless, accounts: [] })).message).toBe('Plex does not show a1 any more.')
  })
})

describe('a record that fits no one record', () => {
  const rooms = [aLocation({ name: 'MAIN' }), aLocation({ id: '2' })]

  it('but several is told with all of them', () => {
    const item = itemOf(aWorld({ locations: rooms }), 'locations', 'MAIN')
    const message = 'Several records of Procurify fit: MAIN (1), Main Plant (2).'
    expect(told(item)).toEqual({ state: 'conflict', code: 'pair_ambiguous', message, journal: message })
    expect(item.pair.procurify).toBeNull()
  })

  it('but one that belongs to another is told with it', () => {
    const world = aWorld({ buildings: [aBuilding(), aBuilding({ id: 'b2', name: 'MAIN', code: 'Main Plant' })] })
    const [one, other] = planOf(world).aligned.locations
    const message = 'Main Plant (1) fits, but belongs to another record of Plex or fits several.'
    for (const item of [one, other]) {
      expect(item?.pair).toMatchObject({ state: 'conflict', code: 'pair_taken', message, procurify: { id: '1' } })
    }
  })

  it('and is inactive is left alone', () => {
    const world = aWorld({ buildings: [aBuilding({ active: false })], locations: rooms })
    const message = 'It is inactive, and MAIN (1), Main Plant (2) fits others.'
    const item = itemOf(world, 'locations', 'MAIN')
    expect(told(item)).toEqual({ state: 'only_in_plex', code: 'inactive_unpaired', message, journal: message })
  })
})

describe('news', () => {
  it.each([
    ['an account that was deactivated', { accounts: [anAccount({ active: false })] }],
    ['a code that was deactivated', { codes: [aCode({ active: false })] }],
    ['an account that was renumbered', { accounts: [anAccount({ number: '9' })] }],
    ['a code that was renumbered', { codes: [aCode({ code: '9' })] }],
    ['a code that was renamed', { codes: [aCode({ description: 'Mine' })] }],
    ['an account that is gone', { accounts: [] }],
    ['a code that is gone', { codes: [] }],
  ])('is %s, once', (_, change) => {
    const world = { ...paired(), ...change }
    expect(newsOf(world)).toHaveLength(1)
    expect(newsOf(carryOut(world))).toEqual([])
  })

  it('is another name while the names are what there is to tell, but not while something else is', () => {
    const renamed = carryOut({ ...paired(), codes: [aCode({ description: 'Mine' })] })
    expect(newsOf({ ...renamed, codes: [aCode({ description: 'Mine too' })] })).toHaveLength(1)
    const inactive = carryOut({ ...paired(), accounts: [anAccount({ active: false })], codes: [aCode()] })
    // The rename itself is a write; that only one is active is no news with it.
    expect(newsOf({ ...inactive, accounts: [anAccount({ active: false, name: ' Supplies ' })] })).toEqual([])
  })

  const link: Link = {
    ...{ sourceId: 's', sourceKey: null, sourceHash: 'h', targetId: null, targetKey: null, wantedHash: 'w' },
    ...{ sent: null, detail: null, skipCode: 'number_missing', version: 1 },
  }
  const planned = (decision: object, sourceHash = 'h'): Planned => ({
    ...{ note: aNote('s'), sourceId: 's', sourceKey: null, sourceHash, record: null },
    decision: decision as Decision,
  })
  const book = (fields: Partial<Link> | null) => ({
    links: new Map(fields === null ? [] : [['s', { ...link, ...fields }]]),
    ...{ notes: new Map<string, ReturnType<typeof aNote>>(), parked: new Set<string>(), doubtful: new Set<string>() },
  })
  const send = (wantedHash: string) => ({ kind: 'send', wanted: { wantedHash } })
  const skip = (code: string) => ({ kind: 'skip', code, message: '' })

  it.each([
    ['what is not in the books', planned({ kind: 'unchanged' }), null, true],
    ['a record that changed', planned({ kind: 'unchanged' }, 'other'), {}, true],
    ['what is to be sent', planned(send('other')), {}, true],
    ['what was sent, or is on its way', planned(send('w')), {}, false],
    ['another reason to leave it out', planned(skip('code_too_long')), {}, true],
    ['the same reason to leave it out', planned(skip('number_missing')), {}, false],
    ['a reason to leave out what has its partner', planned(skip('code_too_long')), { targetId: '1' }, false],
    ['what is as it was', planned({ kind: 'unchanged' }), {}, false],
    ['what was observed', planned({ kind: 'observe', code: 'drift', message: '', changes: [] }), {}, false],
    ['what waits', planned({ kind: 'wait', code: 'too_fresh', message: '', waitsFor: [] }), {}, false],
    ['what is parked', planned({ kind: 'park', code: 'drift', message: '' }), {}, false],
  ] as const)('is %s: %#', (_, item, fields, isIt) => {
    expect(isNews(item, book(fields))).toBe(isIt)
    // Whoever asks for a new decision gets one in any case; so does what was refused.
    expect(isNews(item, { ...book(fields), notes: new Map([['s', aNote('s')]]) })).toBe(true)
    expect(isNews(item, { ...book(fields), parked: new Set(['s']) })).toBe(true)
  })
})

describe('the note of a decision', () => {
  it('is the one that asked for it, or one that removes none', () => {
    expect(first(paired()).planned?.note).toEqual({
      ...{
        sourceId: 'a1',
        sourceKey: '6100',
        hash: null,
        record: null,
        rejection: null,
        firstLoad: false,
        revision: 0,
      },
    })
    const world = paired()
    const books = { ...world.books, accounts: { ...world.books.accounts, notes: new Map([['a1', aNote('a1')]]) } }
    expect(first({ ...world, books }).planned?.note).toEqual(aNote('a1'))
  })
})

describe('a payload', () => {
  it.each([
    [{ system: 'plex' }, true],
    [{ system: 'procurify' }, false],
    [{ body: {} }, false],
    [null, false],
    ['plex', false],
  ])('%j is for Plex: %s', (payload, isIt) => {
    expect(isForPlex({ wanted: { payload: payload } })).toBe(isIt)
  })
})
