/** What is written and told for departments and locations, word by word. */
import { describe, expect, it } from 'vitest'
import { contentHash } from '../../src/domain/content-hash.js'
import { departmentExternalId } from '../../src/domain/plan-refdata-departments.js'
import type { Link } from '../../src/domain/record.js'
import {
  aBuilding,
  aDepartment,
  aLocation,
  aMap,
  aWorld,
  carryOut,
  itemOf,
  planOf,
  told,
  wantedOf,
  type World,
} from './refdata-factories.js'

const KEY = 'MAIN / Maintenance'
/** The world with the one link of a stream changed. */
function relink(world: World, stream: 'locations' | 'departments', fields: Partial<Link>): World {
  const links = new Map([...world.books[stream].links].map(([id, link]) => [id, { ...link, ...fields }]))
  return { ...world, books: { ...world.books, [stream]: { ...world.books[stream], links } } }
}

describe('a department that Procurify lacks', () => {
  const missing = (department = ' Tool  Room', over: Partial<World> = {}) =>
    aWorld({ places: [{ building: 'MAIN', department }], ...over })

  it('is sent whole, under its location and with an id of ours', () => {
    const item = itemOf(missing(), 'departments', 'MAIN / Tool Room')
    const draft = { plex: { building: 'MAIN', name: 'Tool Room' }, procurify: { name: 'Tool Room', locationId: '1' } }
    const external_id = 'plex:123:department:MAIN:Tool Room'
    expect(wantedOf(item)).toEqual({
      ...{
        action: 'create',
        targetId: null,
        targetKey: 'Tool Room',
        draft,
        wantedHash: contentHash(draft),
        message: null,
      },
      payload: { system: 'procurify', body: { branch: 1, name: 'Tool Room', external_id, active: true } },
      changes: [
        { field: 'name', from: null, to: 'Tool Room' },
        { field: 'location', from: null, to: 'Main Plant' },
        { field: 'external_id', from: null, to: external_id },
      ],
    })
    const plex = { id: 'MAIN:Tool Room', key: 'MAIN / Tool Room', name: 'Tool Room', active: true }
    const message = 'created under location Main Plant'
    expect(item.pair).toEqual({
      ...{ stream: 'departments', state: 'only_in_plex', plex, procurify: null, code: null, message },
    })
    expect(item).toMatchObject({ writesTo: 'procurify', planned: { sourceId: 'MAIN:Tool Room' } })
  })

  it('has an id of ours that fits the field, however long its name is', () => {
    const whole = (length: number) => departmentExternalId('123', 'x'.repeat(length))
    const room = 100 - 'plex:123:department:'.length
    expect(whole(room)).toBe(`plex:123:department:${'x'.repeat(room)}`)
    expect(whole(room + 1)).toBe(`plex:123:department#${contentHash('x'.repeat(room + 1)).slice(0, 32)}`)
  })

  it('is only listed where Procurify is not written to', () => {
    const message = 'Location Main Plant has no department of this name.'
    expect(told(itemOf(missing(), 'departments', 'MAIN / Tool Room', { direction: 'to-plex' }))).toEqual({
      ...{ state: 'only_in_plex', code: 'missing_in_procurify', message, journal: message },
    })
  })

  it('under a name of the map is not made: a typing error could never be removed again', () => {
    const map = aMap({ departments: { 'Tool Room': 'Tols' } })
    const message = 'REFDATA_MAP pairs it with "Tols", which location Main Plant does not have.'
    expect(told(itemOf(missing(), 'departments', 'MAIN / Tool Room', { map }))).toEqual({
      ...{ state: 'only_in_plex', code: 'mapped_name_unknown', message, journal: message },
    })
  })

  it.each([
    [[aBuilding()], 'Building "N" is unknown in Plex and in Procurify.'],
    [[aBuilding({ id: 'b2', code: 'N', name: null })], 'Building "N" has no location in Procurify.'],
  ])('of a building without a location waits for it: %#', (buildings, message) => {
    const world = aWorld({ buildings, places: [{ building: 'N', department: 'Quality' }] })
    const item = itemOf(world, 'departments', 'N / Quality')
    expect(told(item)).toEqual({ state: 'only_in_plex', code: 'building_not_aligned', message, journal: message })
    expect(item.planned?.decision).toMatchObject({ kind: 'wait', waitsFor: ['location:N'] })
  })

  it.each([
    ['its own name', {}],
    ['the map', { map: aMap({ locations: { Annex: 'West' } }) }],
  ])('of a building that Plex does not list goes to the location by %s', (_, options) => {
    const locations = [
      aLocation(),
      aLocation({ id: '2', name: 'West' }),
      aLocation({ id: '3', name: 'Annex', active: false }),
    ]
    const named = 'map' in options ? 'Annex' : 'west'
    const world = aWorld({ locations, places: [{ building: named, department: 'Paint' }] })
    expect(wantedOf(itemOf(world, 'departments', `${named} / Paint`, options)).payload).toMatchObject({
      body: { branch: 2 },
    })
    // One that is retired, or that there are two of, is no place to go to.
    const away = { ...world, places: [{ building: 'Annex', department: 'Paint' }] }
    expect(told(itemOf(away, 'departments', 'Annex / Paint')).code).toBe('building_not_aligned')
    const two = { ...world, locations: [...locations, aLocation({ id: '4', name: 'WEST' })] }
    expect(
      told(itemOf({ ...two, places: [{ building: 'West', department: 'Paint' }] }, 'departments', 'West / Paint')).code,
    ).toBe('building_not_aligned')
  })
})

describe('a department of no place in Plex', () => {
  it.each([
    [
      true,
      'missing_in_plex',
      'No order of Plex that was read names it; Plex has no list of departments to create it in.',
    ],
    [false, 'inactive_unpaired', 'It is inactive, and no order of Plex that was read names it.'],
  ])('is listed, active or not: %s', (active, code, message) => {
    const world = aWorld({ departments: [aDepartment({ id: '15', name: ' Marketing', active })], places: [] })
    const item = itemOf(world, 'departments', 'Main Plant / Marketing')
    expect(told(item)).toEqual({ state: 'only_in_procurify', code, message, journal: null })
    expect(item.pair.procurify).toEqual({ id: '15', key: 'Main Plant / Marketing', name: 'Marketing', active })
  })

  it('is shown with the id of a location that is not in the list, or with none', () => {
    const keyOf = (locationId: string | null) =>
      planOf(aWorld({ departments: [aDepartment({ locationId })], places: [] })).aligned.departments[0]?.pair.procurify
        ?.key
    expect([keyOf('9'), keyOf(null)]).toEqual(['9 / Maintenance', '? / Maintenance'])
  })
})

describe('a pair of departments', () => {
  it('is remembered with how it was found', () => {
    const item = itemOf(aWorld(), 'departments', KEY)
    const draft = {
      plex: { building: 'MAIN', name: 'Maintenance' },
      procurify: { name: 'Maintenance', locationId: '1' },
    }
    expect(wantedOf(item)).toEqual({
      ...{ action: 'adopt', targetId: '11', targetKey: 'Maintenance', draft, payload: null },
      ...{ wantedHash: contentHash(draft), changes: [], message: 'paired by name and location' },
    })
    const map = aMap({ departments: { Maintenance: 'Maint' } })
    const world = aWorld({ departments: [aDepartment({ name: 'Maint' })] })
    expect(told(itemOf(world, 'departments', KEY, { map })).journal).toBe('paired by REFDATA_MAP')
  })

  it('as it was is left alone; one that the books know nothing of is remembered', () => {
    const world = carryOut(aWorld())
    expect(itemOf(world, 'departments', KEY).planned?.decision).toEqual({ kind: 'unchanged' })
    const wanted = wantedOf(itemOf(relink(world, 'departments', { sent: null }), 'departments', KEY))
    expect(wanted).toMatchObject({ action: 'adopt', changes: [], message: null })
  })

  it('renamed in Procurify is followed and told; the location it moved to as well', () => {
    const world = carryOut(aWorld())
    const renamed = itemOf({ ...world, departments: [aDepartment({ name: ' Maint' })] }, 'departments', KEY)
    const message = 'The department is called Maint now.'
    expect(told(renamed)).toEqual({ state: 'paired', code: 'renamed_in_procurify', message, journal: message })
    expect(wantedOf(renamed)).toMatchObject({
      ...{ action: 'adopt', targetKey: 'Maint' },
      changes: [{ field: 'procurify.name', from: 'Maintenance', to: 'Maint' }],
    })
    const moved = itemOf({ ...world, departments: [aDepartment({ locationId: '2' })] }, 'departments', KEY)
    expect(wantedOf(moved)).toMatchObject({
      changes: [{ field: 'procurify.locationId', from: '1', to: '2' }],
      message: null,
    })
  })

  it('of which only one is active is told so', () => {
    const world = { ...carryOut(aWorld()), departments: [aDepartment({ active: false })] }
    const message = 'Only one of the two is active.'
    expect(told(itemOf(world, 'departments', KEY))).toEqual({
      ...{ state: 'paired', code: 'inactive_in_procurify', message, journal: message },
    })
  })

  it('made anew by hand begins anew, whatever the old one was called', () => {
    const old = carryOut(aWorld({ departments: [aDepartment({ name: 'MAINTENANCE' })] }))
    const item = itemOf({ ...old, departments: [aDepartment({ id: '99' })] }, 'departments', KEY)
    expect(told(item)).toMatchObject({ code: null, journal: 'paired by name and location' })
  })
})
