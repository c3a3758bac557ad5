/** What is remembered and told of locations, word by word; nothing is ever written. */
import { describe, expect, it } from 'vitest'
import { contentHash } from '../../src/domain/content-hash.js'
import type { Building, Location } from '../../src/domain/refdata.js'
import {
  aBuilding,
  aLocation,
  aMap,
  aWorld,
  carryOut,
  firstOf,
  told,
  wantedOf,
  type World,
} from './refdata-factories.js'

const worldOf = (building: Partial<Building> | null, location: Partial<Location> | null): World =>
  aWorld({
    buildings: building === null ? [] : [aBuilding(building)],
    locations: location === null ? [] : [aLocation(location)],
    places: [],
  })
const first = (world: World, options: Parameters<typeof firstOf>[2] = {}) => firstOf('locations', world, options)

describe('a pair of a building and a location', () => {
  it('is remembered with how it was found', () => {
    const item = first(worldOf({ name: ' Main  Plant' }, {}))
    const draft = { plex: { code: 'MAIN', name: 'Main Plant' }, procurify: { name: 'Main Plant' } }
    expect(wantedOf(item)).toEqual({
      ...{ action: 'adopt', targetId: '1', targetKey: 'Main Plant', draft, payload: null },
      ...{ wantedHash: contentHash(draft), changes: [], message: 'paired by name' },
    })
    expect(item.pair).toEqual({
      ...{ stream: 'locations', state: 'paired', code: null, message: null },
      plex: { id: 'b1', key: 'MAIN', name: 'Main Plant', active: true },
      procurify: { id: '1', key: 'Main Plant', name: 'Main Plant', active: true },
    })
    const codeless = wantedOf(first(worldOf({ code: null }, {})))
    expect(codeless.draft).toMatchObject({ plex: { code: null, name: 'Main Plant' } })
    const nameless = first(worldOf({ name: null }, { name: 'main' }))
    expect(nameless.pair.plex).toMatchObject({ key: 'MAIN', name: null })
  })

  it.each([
    ['by code', { MAIN: 'West' }],
    ['by name', { 'Main Plant': 'West' }],
  ])('is made by the map %s, also of a building without the other', (by, locations) => {
    const building = by === 'by code' ? { name: null } : { code: null }
    const item = first(worldOf(building, { name: 'West' }), { map: aMap({ locations }) })
    expect(told(item)).toEqual({ state: 'paired', code: null, message: null, journal: 'paired by REFDATA_MAP' })
  })

  it('renamed in Procurify, or of which only one is active, is told', () => {
    const world = carryOut(worldOf({}, {}))
    const renamed = first({ ...world, locations: [aLocation({ name: ' Plant 1' })] })
    const message = 'The location is called Plant 1 now.'
    expect(told(renamed)).toEqual({ state: 'paired', code: 'renamed_in_procurify', message, journal: message })
    expect(wantedOf(renamed).changes).toEqual([{ field: 'procurify.name', from: 'Main Plant', to: 'Plant 1' }])
    const closed = first({ ...world, buildings: [aBuilding({ active: false })] })
    const only = 'Only one of the two is active.'
    expect(told(closed)).toEqual({ state: 'paired', code: 'inactive_in_plex', message: only, journal: only })
    expect(closed.planned?.decision.kind).toBe('observe')
    // Another name of the building is no rename of the location, and no news to tell.
    const called = first({ ...world, buildings: [aBuilding({ name: 'Plant' })] })
    expect(told(called)).toEqual({ state: 'paired', code: null, message: null, journal: null })
    expect(wantedOf(called).changes).toEqual([{ field: 'plex.name', from: 'Main Plant', to: 'Plant' }])
  })

  it('that the books know nothing of is remembered; made anew by hand it begins anew', () => {
    const world = carryOut(worldOf({}, {}))
    const links = new Map([...world.books.locations.links].map(([id, link]) => [id, { ...link, sent: null }]))
    const bare = { ...world, books: { ...world.books, locations: { ...world.books.locations, links } } }
    expect(wantedOf(first(bare))).toMatchObject({ action: 'adopt', changes: [], message: null })
    const old = carryOut(worldOf({}, { name: 'MAIN' }))
    const anew = first({ ...old, locations: [aLocation({ id: '9' })] })
    expect(told(anew)).toMatchObject({ code: null, journal: 'paired by name' })
  })
})

describe('a building without a location', () => {
  it.each([
    [{}, {}, 'missing_in_procurify', 'Create the location "Main Plant" in Procurify by hand; no program may.'],
    [{ name: null }, {}, 'missing_in_procurify', 'Create the location "MAIN" in Procurify by hand; no program may.'],
    [{ active: false }, {}, 'inactive_unpaired', 'The building is inactive and has no location.'],
    [{}, { MAIN: 'Typo' }, 'mapped_name_unknown', 'REFDATA_MAP pairs it with "Typo", which Procurify does not have.'],
    [
      {},
      { 'main plant': 'Typo' },
      'mapped_name_unknown',
      'REFDATA_MAP pairs it with "Typo", which Procurify does not have.',
    ],
    [
      { code: null },
      { 'main plant': 'Typo' },
      'mapped_name_unknown',
      'REFDATA_MAP pairs it with "Typo", which Procurify does not have.',
    ],
  ])('%j with the map %j is listed with what to do', (building, locations, code, message) => {
    const item = first(worldOf(building, { name: 'Office' }), { map: aMap({ locations }) })
    expect(told(item)).toEqual({ state: 'only_in_plex', code, message, journal: message })
    expect(item.writesTo).toBeNull()
  })

  it('goes by its id where it has neither code nor name', () => {
    expect(first(worldOf({ code: null, name: null }, { name: ' ' })).pair).toMatchObject({
      ...{ state: 'only_in_plex', plex: { key: 'b1', name: null } },
    })
  })
})

it.each([
  [true, 'missing_in_plex', 'Plex has no building of this code or name.'],
  [false, 'inactive_unpaired', 'The location is inactive and no building goes by its name.'],
])('a location without a building is listed, active or not: %s', (active, code, message) => {
  const item = first(worldOf(null, { active }))
  expect(told(item)).toEqual({ state: 'only_in_procurify', code, message, journal: null })
  expect(item.planned).toBeNull()
})
