import { describe, expect, it } from 'vitest'
import {
  departmentKey,
  listPlexDepartments,
  placeKey,
  readPlaceKey,
  type PlacesInput,
} from '../../src/domain/refdata-places.js'
import { aLocation, aMap } from './refdata-factories.js'

const OBSTACLE = { code: 'building_not_aligned', message: 'why', building: 'X' } as const
const BY_BUILDING: Record<string, string> = { MAIN: '1', 'Main Plant': '1', WEST: '2' }
/** What comes of these places, as `key @ location`, or with what is in the way. */
function list(keys: readonly string[], over: Partial<PlacesInput> = {}) {
  const found = listPlexDepartments({
    ...{ keys, pairedAs: () => null, map: new Map(), defaultLocation: null, locationsOf: () => [] },
    locate: (building) => (BY_BUILDING[building] === undefined ? OBSTACLE : { id: BY_BUILDING[building] }),
    locations: [aLocation(), aLocation({ id: '2', name: 'West' }), aLocation({ id: '3', name: 'Old', active: false })],
    ...over,
  })
  return found.map(({ id, locationId, obstacle }) => `${id} @ ${locationId ?? obstacle?.code}`)
}
const departments = (given: Record<string, unknown>) => aMap({ departments: given }).departments

describe('the key of a place', () => {
  it.each([
    [{ building: 'MAIN', department: ' Tool  Room' }, 'MAIN:Tool Room'],
    [{ building: null, department: 'Paint' }, ':Paint'],
    [{ building: 'A:B/C', department: '100%' }, 'A%3AB%2FC:100%25'],
    [{ building: 'MAIN', department: null }, null],
    [{ building: 'MAIN', department: ' ' }, null],
  ])('of %j is %s', (place, key) => {
    expect(placeKey(place)).toBe(key)
  })

  it.each(['', 'MAIN', 'MAIN:', ':', 'A:B:C'])('is not %j', (text) => {
    expect(readPlaceKey(text)).toBeNull()
    expect(list([text])).toEqual([])
  })

  it('in Procurify holds what fits its field, whatever the case', () => {
    expect(departmentKey('1', 'Tool ROOM')).toBe('1/tool room')
    expect(departmentKey(null, 'A')).toBe('/a')
    expect(departmentKey('1', 'x'.repeat(500))).toBe(departmentKey('1', 'x'.repeat(400)))
  })
})

describe('the departments of Plex', () => {
  it('are its places, each once, in order of their keys', () => {
    expect(list(['WEST:Paint', 'MAIN:Paint', 'WEST:Paint'])).toEqual(['MAIN:Paint @ 1', 'WEST:Paint @ 2'])
    expect(list(['b:X', 'a:X', 'c:X'], { locate: (id) => ({ id }) })).toEqual(['a:X @ a', 'b:X @ b', 'c:X @ c'])
  })

  it('are one where building and name come to the same; of several spellings the first stays', () => {
    expect(list(['Main Plant:Paint', 'MAIN:PAINT', 'MAIN:Paint'])).toEqual(['MAIN:PAINT @ 1'])
    // Without a location the spelling of the whole place counts.
    expect(list(['N:Paint', 'n:paint', 'S:Paint'])).toEqual([
      'N:Paint @ building_not_aligned',
      'S:Paint @ building_not_aligned',
    ])
  })

  it('that are paired stay, whatever they come to, and others of the same are left out', () => {
    const pairs: Record<string, string> = { 'Main Plant:Paint': '1/paint', 'WEST:Dye': '1/dye' }
    const pairedAs = (key: string) => pairs[key] ?? null
    expect(list(['MAIN:Paint', 'Main Plant:Paint'], { pairedAs })).toEqual(['Main Plant:Paint @ 1'])
    // The pair of WEST is at the first location by now, so there it is no second one.
    expect(list(['MAIN:Dye', 'WEST:Dye'], { pairedAs })).toEqual(['WEST:Dye @ 2'])
  })

  it('without a building say nothing where the name is known at one', () => {
    expect(list([':Paint', 'MAIN:PAINT'])).toEqual(['MAIN:PAINT @ 1'])
    expect(list([':Paint', 'MAIN:Dye'])).toEqual([':Paint @ location_unknown', 'MAIN:Dye @ 1'])
    expect(list([':Paint', 'MAIN:Paint'], { defaultLocation: 'west' })).toEqual([':Paint @ 2', 'MAIN:Paint @ 1'])
  })

  it('without a building go where the only department of the name is', () => {
    const locationsOf = (name: string) => (name === 'paint' ? ['2'] : ['1', '2'])
    expect(list([':PAINT', ':Dye'], { locationsOf })).toEqual([':Dye @ location_unknown', ':PAINT @ 2'])
    const [vague] = listPlexDepartments({
      ...{ keys: [':Dye'], pairedAs: () => null, map: new Map(), locate: () => OBSTACLE, locations: [], locationsOf },
      defaultLocation: null,
    })
    expect(vague).toEqual({
      ...{ id: ':Dye', building: null, name: 'Dye', wantedName: 'Dye', active: true, isMapped: false, isVague: true },
      ...{ locationId: null },
      obstacle: {
        ...{ code: 'location_unknown', building: null },
        message: 'It is named without a building, so its location is not known.',
      },
    })
  })

  it.each([
    ['Nowhere', 'Procurify has no active locations called "Nowhere".'],
    ['Old', 'Procurify has no active locations called "Old".'],
    ['Twin', 'Procurify has several active locations called "Twin".'],
  ])('of a default location %s have nowhere to go', (defaultLocation, message) => {
    const locations = [
      aLocation({ name: 'Twin' }),
      aLocation({ id: '2', name: 'TWIN' }),
      aLocation({ id: '3', name: 'Old', active: false }),
    ]
    const [one] = listPlexDepartments({
      ...{ keys: [':Dye'], pairedAs: () => null, map: new Map(), locate: () => OBSTACLE, locations, defaultLocation },
      locationsOf: () => ['1'],
    })
    const obstacle = { code: 'mapped_name_unknown', message, building: null }
    expect(one).toMatchObject({ locationId: null, obstacle, isVague: false })
  })
})

describe('a department of the map', () => {
  it('is known though no place names it, and no second one where one does', () => {
    const map = departments({ Paint: 'Spray', Dye: 'Colour' })
    expect(list(['MAIN:PAINT'], { map })).toEqual([':Dye @ location_unknown', 'MAIN:PAINT @ 1'])
  })

  it('goes by the other name; with a location of its own it is one at every building', () => {
    const map = departments({ Paint: { name: 'Spray', location: 'west' } })
    expect(list(['MAIN:Paint', 'WEST:Paint'], { map })).toEqual([':Paint @ 2'])
    const [one] = listPlexDepartments({
      ...{
        keys: ['MAIN:Paint'],
        pairedAs: () => null,
        map,
        locate: () => OBSTACLE,
        locations: [aLocation({ name: 'West' })],
      },
      ...{ locationsOf: () => [], defaultLocation: null },
    })
    expect(one).toEqual({
      ...{ id: ':Paint', building: null, name: 'Paint', wantedName: 'Spray', active: true, isMapped: true },
      ...{ isVague: false, locationId: '1', obstacle: null },
    })
    // Paired under its building before the map said so, it keeps its key.
    expect(list(['MAIN:Paint'], { map, pairedAs: () => '1/spray' })).toEqual(['MAIN:Paint @ 1'])
  })
})
