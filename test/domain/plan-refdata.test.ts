/** What is decided about each pair of reference data, rule by rule (README, Reference data). */
import { describe, expect, it } from 'vitest'
import { countWrites, findSuspicions, hashPlan } from '../../src/domain/plan-refdata.js'
import { chosenAccountId } from '../../src/domain/account-to-plex.js'
import { departmentExternalId } from '../../src/domain/plan-refdata-departments.js'
import { placeKey, readPlaceKey } from '../../src/domain/refdata-places.js'
import {
  aBuilding,
  aCode,
  aDepartment,
  aLocation,
  aMap,
  anAccount,
  aNote,
  aWorld,
  carryOut,
  itemOf,
  newsOf,
  payloadOf,
  planOf,
  tell,
  type World,
} from './refdata-factories.js'

const accountsWorld = (over: Partial<World>): World => aWorld({ accounts: [anAccount()], codes: [aCode()], ...over })
const ruled = (world: World, stream: 'locations' | 'departments' | 'accounts', key: string, options = {}) =>
  tell(itemOf(world, stream, key, options))
const bodyOf = (world: World, key: string, options = {}) =>
  (payloadOf(itemOf(world, 'accounts', key, options)) as { body: unknown }).body

describe('accounts that are on one side', () => {
  it('are created in Procurify with type, description and the aligned departments', () => {
    const world = aWorld({
      accounts: [anAccount({ number: ' 7000 ', name: 'Fuel\r\n& oil', category: 'Revenue' })],
      codes: [aCode()],
    })
    expect(ruled(world, 'accounts', '7000')).toEqual({
      state: 'only_in_plex',
      code: null,
      does: 'create',
      writesTo: 'procurify',
    })
    expect(bodyOf(world, '7000')).toEqual({
      code: '7000',
      description: 'Fuel & oil',
      account_type: 3,
      departments: [11],
    })
  })

  it('get every type from the category, and "other" from one that is unknown', () => {
    const categories = ['Asset', 'Liability', 'Expense', 'Revenue', 'Equity', 'Statistical', null]
    const accounts = categories.map((category, at) => anAccount({ id: `a${at}`, number: `${at}`, category }))
    const world = aWorld({ accounts, codes: [aCode()] })
    const types = accounts.map(({ number }) => (bodyOf(world, String(number)) as { account_type: number }).account_type)
    expect(types).toEqual([0, 1, 2, 3, 4, 5, 5])
  })

  it('go by their number where they have no name, and are cut where that is too long', () => {
    const world = aWorld({
      accounts: [anAccount({ number: '7', name: null }), anAccount({ id: 'a2', number: '8', name: 'x'.repeat(250) })],
    })
    expect(bodyOf(world, '7')).toMatchObject({ description: '7' })
    expect(bodyOf(world, '8')).toMatchObject({ description: 'x'.repeat(200) })
  })

  it('are only listed when they are inactive, have no number, or one that is too long', () => {
    const accounts = [
      anAccount({ number: '1', active: false }),
      anAccount({ id: 'a2', number: ' ' }),
      anAccount({ id: 'a3', number: '9'.repeat(51) }),
    ]
    const world = aWorld({ accounts })
    expect(ruled(world, 'accounts', '1')).toMatchObject({ does: 'skip', code: 'inactive_unpaired' })
    expect(ruled(world, 'accounts', 'a2')).toMatchObject({ does: 'skip', code: 'number_missing' })
    expect(ruled(world, 'accounts', '9'.repeat(51))).toMatchObject({ does: 'skip', code: 'code_too_long' })
  })

  it('are created in Plex only where the direction says so, under an id that is always the same', () => {
    const world = aWorld({ codes: [aCode({ id: '5', code: 'T&E ', description: 'Travel', type: '2' })] })
    expect(ruled(world, 'accounts', 'T&E')).toEqual({
      state: 'only_in_procurify',
      code: 'missing_in_plex',
      does: 'nothing',
      writesTo: null,
    })
    expect(ruled(world, 'accounts', 'T&E', { direction: 'to-plex' })).toMatchObject({
      does: 'create',
      writesTo: 'plex',
    })
    const id = chosenAccountId('default', { id: '5', code: 'T&E' })
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(bodyOf(world, 'T&E', { direction: 'both' })).toEqual({
      id,
      accountNumber: 'T&E',
      name: 'Travel',
      categoryType: 'Expense',
    })
    expect(chosenAccountId('other', { id: '5', code: 'T&E' })).not.toBe(id)
  })

  it('are not created in Procurify when only Plex is written to', () => {
    expect(ruled(aWorld({ accounts: [anAccount()] }), 'accounts', '6100', { direction: 'to-plex' })).toMatchObject({
      does: 'skip',
      code: 'missing_in_procurify',
    })
  })

  it('are not created in Plex without a category, when inactive, or when they look like one that is there', () => {
    const codes = [
      aCode({ id: '1', code: 'A', type: '5' }),
      aCode({ id: '2', code: 'B', active: false }),
      aCode({ id: '3', code: '100' }),
    ]
    const world = aWorld({ codes, accounts: [anAccount({ number: '0100' })] })
    expect(ruled(world, 'accounts', 'A', { direction: 'both' })).toMatchObject({
      does: 'nothing',
      code: 'category_unknown',
    })
    expect(ruled(world, 'accounts', 'B', { direction: 'both' })).toMatchObject({
      does: 'nothing',
      code: 'inactive_unpaired',
    })
    expect(ruled(world, 'accounts', '100', { direction: 'both' })).toMatchObject({
      does: 'nothing',
      code: 'account_similar',
    })
  })
})

describe('numbers and codes', () => {
  const differing = [
    ['0100', '100'],
    ['abc', 'ABC'],
    ['61 00', '6100'],
  ] as const
  for (const [number, code] of differing) {
    it(`${number} and ${code} are two accounts, and it is said that they look like one`, () => {
      const world = aWorld({ accounts: [anAccount({ number })], codes: [aCode({ code })] })
      expect(ruled(world, 'accounts', number)).toEqual({
        state: 'only_in_plex',
        code: 'account_similar',
        does: 'create',
        writesTo: 'procurify',
      })
      expect(ruled(world, 'accounts', code)).toMatchObject({ state: 'only_in_procurify' })
    })
  }

  it('are the same without the white space around them', () => {
    expect(
      ruled(
        aWorld({ accounts: [anAccount({ number: ' 6100' })], codes: [aCode({ code: '6100 ' })] }),
        'accounts',
        '6100',
      ),
    ).toMatchObject({ state: 'paired' })
  })

  it('are paired by REFDATA_MAP whatever they are', () => {
    const world = aWorld({ accounts: [anAccount({ number: '0100' })], codes: [aCode({ code: '100' })] })
    const map = aMap({ accounts: { '0100': '100' } })
    expect(ruled(world, 'accounts', '0100', { map })).toMatchObject({ state: 'paired', does: 'adopt' })
    const after = carryOut(world, { map })
    expect(newsOf(after, { map })).toEqual([])
    // Taken out of the map again, the pair is an old one whose numbers differ.
    expect(ruled(after, 'accounts', '0100')).toMatchObject({ state: 'conflict', code: 'number_differs' })
  })

  it('of the map that do not exist are problems, and nothing is created for them', () => {
    const world = aWorld({ accounts: [anAccount({ number: '1' })], codes: [aCode({ code: '9' })] })
    const map = aMap({ accounts: { '1': 'typo', '2': '9' }, locations: { Nowhere: 'Main Plant' } })
    expect(ruled(world, 'accounts', '1', { map })).toMatchObject({ does: 'skip', code: 'mapped_name_unknown' })
    expect(planOf(world, { map }).remarks.map(({ message }) => message)).toEqual([
      'REFDATA_MAP names "2", which Plex does not have.',
      'REFDATA_MAP names "Nowhere", which Plex does not have.',
    ])
  })
})

describe('a pair of accounts', () => {
  const paired = (world: World): World => carryOut(world)
  const renamePlex = (world: World, name: string): World => ({
    ...world,
    accounts: [{ ...(world.accounts[0] ?? anAccount()), name }],
  })
  const renameCode = (world: World, description: string): World => ({
    ...world,
    codes: [{ ...(world.codes[0] ?? aCode()), description }],
  })

  it('is first remembered as it is: nothing is written, however different the names are', () => {
    const world = accountsWorld({ codes: [aCode({ description: 'Something else' })] })
    const item = itemOf(world, 'accounts', '6100')
    expect(tell(item)).toMatchObject({ state: 'paired', does: 'adopt' })
    expect(payloadOf(item)).toBeNull()
    expect(newsOf(paired(world))).toEqual([])
  })

  it('is renamed in Procurify when Plex was, with a PUT that keeps type and parent', () => {
    const world = renamePlex(paired(accountsWorld({ codes: [aCode({ type: '4', parent: '77' })] })), 'Shop supplies')
    expect(ruled(world, 'accounts', '6100')).toEqual({
      state: 'paired',
      code: null,
      does: 'update',
      writesTo: 'procurify',
    })
    expect(bodyOf(world, '6100')).toEqual({ code: '6100', description: 'Shop supplies', account_type: 4, parent: 77 })
    const after = carryOut(world)
    expect(after.codes).toMatchObject([{ description: 'Shop supplies' }])
    expect(newsOf(after)).toEqual([])
  })

  it('is renamed though the names differed before: what Plex changed is what counts', () => {
    const world = renamePlex(paired(accountsWorld({ codes: [aCode({ description: 'Something else' })] })), 'New')
    expect(ruled(world, 'accounts', '6100')).toMatchObject({ does: 'update' })
  })

  it('renamed in Procurify is listed as long as it is so, and told to the journal once', () => {
    const world = renameCode(paired(accountsWorld({})), 'Renamed here')
    expect(ruled(world, 'accounts', '6100')).toEqual({
      state: 'paired',
      code: 'renamed_in_procurify',
      does: 'observe',
      writesTo: null,
    })
    const after = carryOut(world)
    expect(newsOf(after)).toEqual([])
    expect(ruled(after, 'accounts', '6100')).toMatchObject({ code: 'renamed_in_procurify' })
  })

  it('changed on both sides is a conflict that nobody wins, also when one change came much earlier', () => {
    const earlier = carryOut(renameCode(paired(accountsWorld({})), 'Procurify says'))
    const world = renamePlex(earlier, 'Plex says')
    for (const direction of ['to-procurify', 'both', 'to-plex'] as const) {
      expect(ruled(world, 'accounts', '6100', { direction })).toMatchObject({
        state: 'conflict',
        code: 'changed_on_both_sides',
        writesTo: null,
      })
    }
    const solved = renameCode(carryOut(world), 'Plex says')
    expect(ruled(solved, 'accounts', '6100')).toMatchObject({ state: 'paired', code: null, does: 'adopt' })
    expect(ruled(renamePlex(carryOut(solved), 'Again'), 'accounts', '6100')).toMatchObject({ does: 'update' })
  })

  it('renamed in Plex is only listed while Procurify is not written to, and done later', () => {
    const world = renamePlex(paired(accountsWorld({})), 'New')
    expect(ruled(world, 'accounts', '6100', { direction: 'to-plex' })).toMatchObject({
      code: 'renamed_in_plex',
      does: 'observe',
    })
    expect(ruled(carryOut(world, { direction: 'to-plex' }), 'accounts', '6100')).toMatchObject({ does: 'update' })
  })

  it('differing in white space alone is no change', () => {
    expect(newsOf(renameCode(renamePlex(paired(accountsWorld({})), ' Supplies\t'), 'Supplies  '))).toEqual([])
  })

  it('deactivated on one side, renumbered or missing is told, once to the journal', () => {
    const world = paired(accountsWorld({}))
    const [account = anAccount()] = world.accounts
    const [code = aCode()] = world.codes
    const cases = [
      [{ ...world, accounts: [{ ...account, active: false }] }, 'inactive_in_plex', 'observe'],
      [{ ...world, codes: [{ ...code, active: false }] }, 'inactive_in_procurify', 'observe'],
      [{ ...world, accounts: [{ ...account, number: '6200' }] }, 'number_differs', 'adopt'],
      [{ ...world, codes: [{ ...code, code: '6200' }] }, 'number_differs', 'adopt'],
      [{ ...world, accounts: [] }, 'gone_in_plex', 'observe'],
      [{ ...world, codes: [] }, 'gone_in_procurify', 'observe'],
    ] as const
    for (const [changed, issue, does] of cases) {
      const [item, ...more] = planOf(changed).aligned.accounts
      expect(more).toEqual([])
      expect(item === undefined ? null : tell(item)).toMatchObject({ code: issue, does, writesTo: null })
      expect(newsOf(carryOut(changed))).toEqual([])
    }
  })

  it('whose new number belongs to another code is a conflict on both sides, and nothing is created', () => {
    const world = {
      ...paired(accountsWorld({})),
      accounts: [anAccount({ number: '9' })],
      codes: [aCode(), aCode({ id: '9', code: '9' })],
    }
    expect(planOf(world, { direction: 'both' }).aligned.accounts.map(tell)).toMatchObject([
      { state: 'conflict', code: 'number_differs', writesTo: null },
      { state: 'conflict', code: 'pair_taken', does: 'nothing' },
    ])
  })

  it('keeps the name that requisitions use in step: the code is followed, though never written', () => {
    const world = paired(accountsWorld({}))
    const after = carryOut({ ...world, codes: [aCode({ code: '6200' })] })
    expect(after.books.accounts.links.get('a1')).toMatchObject({ targetKey: '6200' })
  })
})

describe('a write that was planned before', () => {
  const world = aWorld({ accounts: [anAccount()] })
  const undelivered = (): World => {
    const after = carryOut(world)
    const link = after.books.accounts.links.get('a1')
    if (link === undefined) throw new Error('not planned')
    const links = new Map([['a1', { ...link, targetId: null, sent: null }]])
    return { ...world, books: { ...after.books, accounts: { ...after.books.accounts, links } } }
  }

  it('is not planned again while it is on its way', () => {
    expect(newsOf(undelivered())).toEqual([])
  })

  it('is planned again when the record changed, when it was refused, or when somebody asks for it', () => {
    expect(newsOf({ ...undelivered(), accounts: [anAccount({ name: 'Other' })] })).toHaveLength(1)
    const { books } = undelivered()
    for (const asked of [{ notes: new Map([['a1', aNote('a1')]]) }, { parked: new Set(['a1']) }]) {
      expect(newsOf({ ...undelivered(), books: { ...books, accounts: { ...books.accounts, ...asked } } })).toHaveLength(
        1,
      )
    }
  })
})

describe('locations', () => {
  it('are paired by code or by name, whatever the case', () => {
    const world = aWorld({
      buildings: [aBuilding({ name: 'main  plant' }), aBuilding({ id: 'b2', code: 'south', name: 'South Works' })],
      locations: [aLocation(), aLocation({ id: '2', name: 'SOUTH' })],
    })
    expect(ruled(world, 'locations', 'MAIN')).toMatchObject({ state: 'paired', does: 'adopt' })
    expect(ruled(world, 'locations', 'south')).toMatchObject({ state: 'paired', does: 'adopt' })
  })

  it('that are missing are listed with what to create by hand, never created', () => {
    const world = aWorld({
      buildings: [aBuilding({ code: 'N', name: 'North Yard' })],
      locations: [aLocation({ name: 'Office' })],
    })
    const item = itemOf(world, 'locations', 'N', { direction: 'both' })
    expect(tell(item)).toEqual({ state: 'only_in_plex', code: 'missing_in_procurify', does: 'skip', writesTo: null })
    expect(item.pair.message).toContain('"North Yard"')
    expect(ruled(world, 'locations', 'Office', { direction: 'both' })).toEqual({
      state: 'only_in_procurify',
      code: 'missing_in_plex',
      does: 'nothing',
      writesTo: null,
    })
  })

  it('that fit twice are left to a person, who says it in the map by code or by name', () => {
    const world = aWorld({ buildings: [aBuilding()], locations: [aLocation({ name: 'MAIN' }), aLocation({ id: '2' })] })
    expect(ruled(world, 'locations', 'MAIN')).toMatchObject({ state: 'conflict', code: 'pair_ambiguous' })
    expect(itemOf(world, 'locations', 'MAIN').pair.message).toContain('MAIN (1), Main Plant (2)')
    for (const name of ['main', 'Main Plant']) {
      const item = itemOf(world, 'locations', 'Main Plant', { map: aMap({ locations: { [name]: 'Main Plant' } }) })
      expect(item.pair).toMatchObject({ state: 'paired', procurify: { id: '2' } })
    }
  })

  it('renamed in Procurify are followed, since requisitions name them', () => {
    const world = { ...carryOut(aWorld()), locations: [aLocation({ name: 'Plant 1' })] }
    expect(ruled(world, 'locations', 'MAIN')).toMatchObject({
      state: 'paired',
      code: 'renamed_in_procurify',
      does: 'adopt',
    })
    const after = carryOut(world)
    expect(after.books.locations.links.get('b1')).toMatchObject({ targetKey: 'Plant 1' })
    expect(ruled(after, 'locations', 'MAIN')).toMatchObject({ code: null, does: 'unchanged' })
  })
})

describe('departments', () => {
  const places = (...named: (readonly [string | null, string])[]) =>
    named.map(([building, department]) => ({ building, department }))

  it('are the names on orders, at the location of the building they are named with', () => {
    const world = aWorld({
      buildings: [aBuilding(), aBuilding({ id: 'b2', code: 'WEST', name: 'West' })],
      locations: [aLocation(), aLocation({ id: '2', name: 'West' })],
      places: places(['MAIN', 'Maintenance'], ['WEST', 'Maintenance']),
      departments: [aDepartment(), aDepartment({ id: '12', locationId: '2' })],
    })
    expect(itemOf(world, 'departments', 'MAIN / Maintenance').pair.procurify?.id).toBe('11')
    expect(itemOf(world, 'departments', 'WEST / Maintenance').pair.procurify?.id).toBe('12')
  })

  it('that are missing are created under that location, with an id of ours', () => {
    const world = aWorld({ places: places(['Main Plant', 'Tool Room']) })
    const item = itemOf(world, 'departments', 'Main Plant / Tool Room')
    expect(tell(item)).toMatchObject({ does: 'create', writesTo: 'procurify' })
    expect(payloadOf(item)).toEqual({
      system: 'procurify',
      body: { branch: 1, name: 'Tool Room', external_id: 'plex:123:department:Main Plant:Tool Room', active: true },
    })
    expect(ruled(world, 'departments', 'Main Plant / Tool Room', { direction: 'to-plex' })).toMatchObject({
      does: 'skip',
    })
    expect(departmentExternalId('123', 'x'.repeat(90)).length).toBeLessThanOrEqual(100)
  })

  it('are one, however orders spell building and name, and stay so in later runs', () => {
    const world = aWorld({
      places: places(
        ['MAIN', 'maintenance'],
        ['Main Plant', 'Maintenance'],
        ['main', 'MAINTENANCE '],
        [null, 'Maintenance'],
      ),
    })
    expect(planOf(world).aligned.departments).toHaveLength(1)
    const after = carryOut(world)
    const spelled = { ...after, places: places(['Main Plant', 'MAINTENANCE']) }
    expect(planOf(spelled).aligned.departments.map(({ planned }) => planned?.decision.kind)).toEqual(['unchanged'])
  })

  it('named without a building say nothing new where the name is known at one', () => {
    const world = aWorld({
      locations: [aLocation(), aLocation({ id: '2', name: 'West' })],
      departments: [aDepartment(), aDepartment({ id: '12', locationId: '2' })],
      places: places([null, 'Maintenance'], ['MAIN', 'Maintenance']),
    })
    const fromPlex = planOf(world).aligned.departments.flatMap(({ pair }) => pair.plex?.key ?? [])
    expect(fromPlex).toEqual(['MAIN / Maintenance'])
  })

  it('keep their pair when their building is called otherwise by now', () => {
    const old = aWorld({ buildings: [aBuilding({ code: 'OLD' })], places: places(['OLD', 'Maintenance']) })
    const renamed = {
      ...carryOut(old),
      buildings: [aBuilding({ name: null }), aBuilding({ id: 'b9', code: 'OLD', name: null })],
    }
    const world = { ...renamed, locations: [aLocation({ name: 'MAIN' })], places: places(['MAIN', 'Maintenance']) }
    expect(planOf(world).aligned.departments.map(({ pair }) => [pair.plex?.key, pair.state])).toEqual([
      ['OLD / Maintenance', 'paired'],
    ])
  })

  it('once seen stay known, though no order names them any more', () => {
    const after = carryOut(aWorld({ places: places(['MAIN', 'Tool Room']) }))
    expect(ruled({ ...after, places: [] }, 'departments', 'MAIN / Tool Room')).toMatchObject({ state: 'paired' })
  })

  it('of a building without a location wait for it, and are created when it comes', () => {
    const world = aWorld({
      buildings: [aBuilding(), aBuilding({ id: 'b2', code: 'N', name: 'North' })],
      places: places(['N', 'Quality']),
    })
    expect(ruled(world, 'departments', 'N / Quality')).toMatchObject({ does: 'wait', code: 'building_not_aligned' })
    const later = { ...carryOut(world), locations: [aLocation(), aLocation({ id: '2', name: 'North' })] }
    expect(ruled(later, 'departments', 'N / Quality')).toMatchObject({ does: 'create' })
  })

  it('named without a building go to DEFAULT_LOCATION, or to the one place that has the name', () => {
    const world = aWorld({
      locations: [aLocation(), aLocation({ id: '2', name: 'West' })],
      places: places([null, 'Tool Room']),
    })
    expect(ruled(world, 'departments', 'Tool Room')).toMatchObject({ does: 'skip', code: 'location_unknown' })
    expect(payloadOf(itemOf(world, 'departments', 'Tool Room', { defaultLocation: 'west' }))).toMatchObject({
      body: { branch: 2 },
    })
    const known = { ...world, departments: [aDepartment({ id: '14', name: 'Tool Room', locationId: '2' })] }
    expect(itemOf(known, 'departments', 'Tool Room').pair).toMatchObject({ state: 'paired', procurify: { id: '14' } })
  })

  it('that Plex never named are listed, since Plex has nowhere to create them', () => {
    const world = aWorld({ departments: [aDepartment(), aDepartment({ id: '15', name: 'Marketing' })] })
    expect(ruled(world, 'departments', 'Main Plant / Marketing', { direction: 'both' })).toEqual({
      state: 'only_in_procurify',
      code: 'missing_in_plex',
      does: 'nothing',
      writesTo: null,
    })
  })

  it('of the map are Plex departments even unseen: paired under another name, created under their own', () => {
    const world = aWorld({
      departments: [aDepartment(), aDepartment({ id: '16', name: 'Tools' })],
      places: places(['MAIN', 'Tooling']),
    })
    const map = aMap({
      departments: {
        Tooling: 'Tools',
        Paint: { name: 'Paint', location: 'Main Plant' },
        Oven: { name: 'Ovn', location: 'Main Plant' },
      },
    })
    expect(itemOf(world, 'departments', 'MAIN / Tooling', { map }).pair).toMatchObject({
      state: 'paired',
      procurify: { id: '16' },
    })
    expect(ruled(world, 'departments', 'Paint', { map })).toMatchObject({ does: 'create' })
    expect(ruled(world, 'departments', 'Oven', { map })).toMatchObject({ does: 'skip', code: 'mapped_name_unknown' })
  })

  it('have a key that survives any name', () => {
    const place = { building: 'A/B: 100%', department: 'C%2F:D' }
    expect(readPlaceKey(placeKey(place) ?? '')).toEqual(place)
    expect(placeKey(place)).not.toContain('/')
    expect([placeKey({ building: 'A', department: ' ' }), readPlaceKey('no-place'), readPlaceKey(':X')]).toEqual([
      null,
      null,
      { building: null, department: 'X' },
    ])
  })
})

describe('account codes without departments', () => {
  it('are remarked: they could never be linked later', () => {
    const world = aWorld({ places: [], departments: [aDepartment({ name: 'Other' })], accounts: [anAccount()] })
    expect(planOf(world).remarks).toMatchObject([{ code: 'departments_missing' }])
    expect(planOf(aWorld({ accounts: [anAccount()] })).remarks).toEqual([])
  })

  it('are made for paired and active ones only, and named for those about to come', () => {
    const world = aWorld({
      places: [
        { building: 'MAIN', department: 'Maintenance' },
        { building: 'MAIN', department: 'Closed' },
        { building: 'MAIN', department: 'New' },
      ],
      departments: [
        aDepartment(),
        aDepartment({ id: '12', name: 'Closed', active: false }),
        aDepartment({ id: '13', name: 'Unknown to Plex' }),
      ],
      accounts: [anAccount()],
    })
    expect(bodyOf(world, '6100')).toMatchObject({ departments: [11] })
    const { decision } = itemOf(world, 'accounts', '6100').planned ?? {}
    const changes = decision?.kind === 'send' ? decision.wanted.changes : []
    expect(changes.find(({ field }) => field === 'departments')?.to).toEqual(['MAIN / New', 'Main Plant / Maintenance'])
  })
})

describe('remarks', () => {
  it('are made on names of the map that Plex does not have, in whatever words it would have them', () => {
    const world = aWorld({
      buildings: [aBuilding(), aBuilding({ id: 'b2', code: null, name: 'North' })],
      places: [{ building: 'Yard', department: 'Paint' }],
      accounts: [anAccount({ number: null })],
    })
    const map = aMap({ accounts: { '1': '9' }, locations: { main: 'A', NORTH: 'B', yard: 'C', Gone: 'D' } })
    expect(planOf(world, { map }).remarks).toEqual([
      { stream: 'accounts', code: 'mapped_name_unknown', message: 'REFDATA_MAP names "1", which Plex does not have.' },
      {
        stream: 'locations',
        code: 'mapped_name_unknown',
        message: 'REFDATA_MAP names "Gone", which Plex does not have.',
      },
    ])
  })

  it('count the codes that would be linked to no department, and no other writes', () => {
    const lonely = { places: [], departments: [aDepartment({ name: 'Other' })] }
    const accounts = [
      anAccount({ number: '1' }),
      anAccount({ id: 'a2', number: '2' }),
      anAccount({ id: 'a3', number: '3' }),
    ]
    const world = aWorld({ ...lonely, accounts, codes: [aCode({ code: '3' }), aCode({ id: '8', code: '8' })] })
    const message = '2 account codes would be linked to no department.'
    expect(planOf(world, { direction: 'both' }).remarks).toEqual([
      { stream: 'accounts', code: 'departments_missing', message },
    ])
    const paired = carryOut(aWorld({ accounts: [anAccount()], codes: [aCode()] }))
    const renamed = { ...paired, ...lonely, accounts: [anAccount({ name: 'New' })] }
    expect(
      planOf({ ...renamed, books: { ...renamed.books, departments: aWorld().books.departments } }).remarks,
    ).toEqual([])
    // Made in Plex, an account needs no department.
    expect(planOf(aWorld({ ...lonely, codes: [aCode()] }), { direction: 'to-plex' }).remarks).toEqual([])
  })
})

describe('account codes and their departments', () => {
  it('are linked in order of their numbers, and named by the alphabet', () => {
    const ids = ['9', '101', '20']
    const world = aWorld({
      departments: ids.map((id) => aDepartment({ id, name: `D${id}` })),
      places: ids.map((id) => ({ building: 'MAIN', department: `D${id}` })),
      accounts: [anAccount()],
    })
    expect(bodyOf(world, '6100')).toMatchObject({ departments: [9, 20, 101] })
    const { decision } = itemOf(world, 'accounts', '6100').planned ?? {}
    const changes = decision?.kind === 'send' ? decision.wanted.changes : []
    expect(changes.at(-1)?.to).toEqual(['Main Plant / D101', 'Main Plant / D20', 'Main Plant / D9'])
  })
})

describe('answers that cannot be true', () => {
  const known = (): World =>
    carryOut(
      aWorld({
        accounts: [1, 2, 3, 4].map((n) => anAccount({ id: `a${n}`, number: `${n}` })),
        codes: [1, 2, 3, 4].map((n) => aCode({ id: `${n}`, code: `${n}` })),
      }),
    )
  const suspicions = (world: World) => findSuspicions(world, world.books).map(({ stream, code }) => `${stream} ${code}`)

  it('are empty lists, whether or not anything was known', () => {
    expect(suspicions(aWorld({ buildings: [], locations: [], departments: [] }))).toEqual([
      'locations empty_answer',
      'locations empty_answer',
      'departments empty_answer',
      'accounts empty_answer',
      'accounts empty_answer',
    ])
  })

  it('are lists without most of what is paired, by id and not by size', () => {
    const world = known()
    expect(suspicions(world)).toEqual([])
    expect(suspicions({ ...world, accounts: world.accounts.slice(0, 2) })).toEqual([])
    expect(suspicions({ ...world, accounts: world.accounts.slice(0, 1) })).toEqual(['accounts answer_short'])
    expect(suspicions({ ...world, codes: world.codes.map((code) => ({ ...code, id: `9${code.id}` })) })).toEqual([
      'accounts answer_short',
    ])
  })

  it('are told with the list and the numbers', () => {
    const world = known()
    const told = (over: Partial<World>) => findSuspicions({ ...world, ...over }, world.books)
    const nothing = 'Plex answered the whole list of GL accounts with nothing.'
    expect(told({ accounts: [] })).toEqual([{ stream: 'accounts', code: 'empty_answer', message: nothing }])
    const short = 'Procurify answered the list of account codes with 1, but without 3 of the 4 that are paired.'
    expect(told({ codes: world.codes.slice(0, 1) })).toEqual([
      { stream: 'accounts', code: 'answer_short', message: short },
    ])
  })

  it('do not count what was never paired', () => {
    const world = carryOut(aWorld({ accounts: [anAccount({ active: false })], codes: [aCode({ code: '9' })] }))
    expect(findSuspicions({ ...world, accounts: [anAccount({ id: 'other' })] }, world.books)).toEqual([])
  })

  it('are not told twice: what was found missing, and allowed, is not expected back', () => {
    const world = known()
    const after = carryOut({ ...world, accounts: world.accounts.slice(0, 1) })
    expect(suspicions(after)).toEqual([])
    const codeless = carryOut({ ...world, codes: world.codes.slice(0, 1) })
    expect(suspicions(codeless)).toEqual([])
  })
})

describe('the hash and the count of a plan', () => {
  const world = aWorld({ accounts: [anAccount(), anAccount({ id: 'a2', number: '2' })], codes: [aCode()] })
  const hash = (of: World) => hashPlan(planOf(of), of.books, [])

  it('do not depend on the order of the lists, but on every write and every suspicion', () => {
    expect(hash({ ...world, accounts: [...world.accounts].reverse() })).toBe(hash(world))
    expect(hash({ ...world, accounts: [anAccount(), anAccount({ id: 'a2', number: '2', name: 'Other' })] })).not.toBe(
      hash(world),
    )
    expect(hashPlan(planOf(world), world.books, findSuspicions({ ...world, codes: [] }, world.books))).not.toBe(
      hash(world),
    )
  })

  it('depend on every suspicion by its words, and on no finding that writes nothing', () => {
    const base = { stream: 'accounts', code: 'answer_short', message: 'a' } as const
    const hashOf = (...suspicions: (typeof base | { stream: 'accounts'; code: 'answer_short'; message: string })[]) =>
      hashPlan(planOf(world), world.books, suspicions)
    expect(hashOf(base)).not.toBe(hashOf({ ...base, message: 'b' }))
    expect(hashOf()).toMatch(/^[0-9a-f]{16}$/)
    const listed = aWorld({ accounts: [anAccount({ active: false })] })
    expect(hash(listed)).not.toBe(hash(world))
    expect(hash(listed)).toBe(hash(aWorld({ accounts: [anAccount({ number: null })] })))
  })

  it('count writes and not pairs, each side alone', () => {
    expect(countWrites(planOf(world), world.books)).toEqual({ plex: 0, procurify: 1 })
    const both = { ...world, codes: [aCode(), aCode({ id: '8', code: '8' }), aCode({ id: '9', code: '9' })] }
    expect(countWrites(planOf(both, { direction: 'both' }), both.books)).toEqual({ plex: 2, procurify: 1 })
  })
})
