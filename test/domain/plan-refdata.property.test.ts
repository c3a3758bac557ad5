/** What holds for every alignment, whatever people do on both sides between two runs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countWrites } from '../../src/domain/plan-refdata.js'
import type { Direction } from '../../src/domain/refdata.js'
import {
  aBuilding,
  aCode,
  aDepartment,
  aLocation,
  anAccount,
  aWorld,
  carryOut,
  newsOf,
  nextId,
  planOf,
  type World,
} from './refdata-factories.js'

const NAMES = ['Supplies', 'Fuel', 'fuel ', 'Freight', '', 'x'.repeat(201)]
const NUMBERS = ['100', '0100', ' 100', 'A-1', 'a-1', '61200-010-0000']
const BUILDINGS = ['MAIN', 'WEST', 'Main Plant', null]
const DEPARTMENTS = ['Maintenance', 'MAINTENANCE', 'Quality', 'Paint']

/** One thing a person does, on either side. */
type Edit = (world: World) => World

const at = <T>(rows: readonly T[], index: number, change: (row: T) => T): T[] =>
  rows.map((row, n) => (n === index % Math.max(1, rows.length) ? change(row) : row))
const free = (world: World, code: string): boolean => !world.codes.some((one) => one.code.trim() === code.trim())
const freeNumber = (world: World, number: string): boolean =>
  !world.accounts.some((one) => one.number?.trim() === number.trim())

const anyName = fc.constantFrom(...NAMES)
const anyNumber = fc.constantFrom(...NUMBERS)
const anyEdit: fc.Arbitrary<Edit> = fc.nat({ max: 20 }).chain((index) =>
  fc.oneof(
    anyName.map((name): Edit => (world) => ({
      ...world,
      accounts: at(world.accounts, index, (row) => ({ ...row, name })),
    })),
    anyName.map((description): Edit => (world) => ({
      ...world,
      codes: at(world.codes, index, (row) => ({ ...row, description })),
    })),
    fc.boolean().map((active): Edit => (world) => ({
      ...world,
      accounts: at(world.accounts, index, (row) => ({ ...row, active })),
    })),
    fc
      .boolean()
      .map((active): Edit => (world) => ({ ...world, codes: at(world.codes, index, (row) => ({ ...row, active })) })),
    anyNumber.map(
      (number): Edit =>
        (world) =>
          freeNumber(world, number)
            ? { ...world, accounts: at(world.accounts, index, (row) => ({ ...row, number })) }
            : world,
    ),
    anyNumber.map(
      (code): Edit =>
        (world) =>
          free(world, code)
            ? { ...world, codes: at(world.codes, index, (row) => ({ ...row, code: code.trim() })) }
            : world,
    ),
    fc.tuple(anyNumber, anyName).map(
      ([number, name]): Edit =>
        (world) =>
          freeNumber(world, number)
            ? {
                ...world,
                accounts: [
                  ...world.accounts,
                  anAccount({ id: `new-${world.accounts.length}-${number}`, number, name }),
                ],
              }
            : world,
    ),
    fc.tuple(anyNumber, anyName, fc.constantFrom('0', '2', '5')).map(
      ([code, description, type]): Edit =>
        (world) =>
          free(world, code)
            ? {
                ...world,
                codes: [
                  ...world.codes,
                  aCode({ id: nextId(world.codes, world.books.accounts), code: code.trim(), description, type }),
                ],
              }
            : world,
    ),
    fc.constant((world: World): World => ({ ...world, codes: world.codes.filter((_, n) => n !== index) })),
    fc.constant((world: World): World => ({ ...world, accounts: world.accounts.filter((_, n) => n !== index) })),
    fc
      .record({ building: fc.constantFrom(...BUILDINGS), department: fc.constantFrom(...DEPARTMENTS) })
      .map((place): Edit => (world) => ({ ...world, places: [...world.places, place] })),
    fc.constantFrom(...DEPARTMENTS).map((name): Edit => (world) => ({
      ...world,
      departments: at(world.departments, index, (row) => ({ ...row, name })),
    })),
    fc.constantFrom('Main Plant', 'WEST', 'West', 'Plant 9').map((name): Edit => (world) => ({
      ...world,
      locations: at(world.locations, index, (row) => ({ ...row, name })),
    })),
  ),
)

const anyEdits = fc.array(anyEdit, { maxLength: 12 })
const anyDirection = fc.constantFrom<Direction>('to-procurify', 'to-plex', 'both')

const START = aWorld({
  buildings: [aBuilding(), aBuilding({ id: 'b2', code: 'WEST', name: 'West Annex' })],
  locations: [aLocation(), aLocation({ id: '2', name: 'West' })],
  accounts: ['1', '2', '3'].map((number) => anAccount({ id: `a${number}`, number })),
  codes: ['2', '3', '4'].map((code) => aCode({ id: code, code })),
  departments: [aDepartment(), aDepartment({ id: '12', name: 'Quality' })],
})

const edited = (world: World, edits: readonly Edit[]): World => edits.reduce((before, edit) => edit(before), world)

const RUNS = { numRuns: 300 }

describe('after any edits on both sides', () => {
  it('one run brings everything into step that may be, and the next has nothing to write and nothing to say', () => {
    fc.assert(
      fc.property(anyEdits, anyEdits, anyDirection, (first, second, direction) => {
        const options = { direction }
        const once = carryOut(edited(START, first), options)
        const twice = carryOut(edited(once, second), options)
        expect(countWrites(planOf(twice, options), twice.books)).toEqual({ plex: 0, procurify: 0 })
        expect(newsOf(twice, options)).toEqual([])
      }),
      RUNS,
    )
  })

  it('only the sides of the direction are written to, and descriptions only where Plex was renamed', () => {
    fc.assert(
      fc.property(anyEdits, anyEdits, anyDirection, (first, second, direction) => {
        const options = { direction }
        const before = edited(carryOut(edited(START, first), options), second)
        const after = carryOut(before, options)
        if (direction === 'to-plex')
          expect(after).toMatchObject({ codes: before.codes, departments: before.departments })
        if (direction === 'to-procurify') expect(after.accounts).toEqual(before.accounts)
        for (const code of before.codes) {
          const now = after.codes.find(({ id }) => id === code.id)
          expect({ ...now, description: '' }).toEqual({ ...code, description: '' })
          const isKept = now?.description === code.description
          expect(isKept || direction !== 'to-plex').toBe(true)
        }
      }),
      RUNS,
    )
  })

  it('every record is in exactly one pair, and no record in two', () => {
    fc.assert(
      fc.property(anyEdits, anyEdits, anyDirection, (first, second, direction) => {
        const world = edited(carryOut(edited(START, first), { direction }), second)
        const { aligned } = planOf(world, { direction })
        const ofPlex = aligned.accounts.flatMap(({ pair }) => pair.plex?.id ?? [])
        expect([...ofPlex].sort()).toEqual(world.accounts.map(({ id }) => id).sort())
        const paired = aligned.accounts.flatMap(({ pair }) =>
          pair.state === 'paired' ? (pair.procurify?.id ?? []) : [],
        )
        expect(new Set(paired).size).toBe(paired.length)
        const sources = aligned.accounts.flatMap(({ planned }) => planned?.sourceId ?? [])
        expect(new Set(sources).size).toBe(sources.length)
      }),
      RUNS,
    )
  })

  it('the plan does not depend on the order in which the systems list their records', () => {
    fc.assert(
      fc.property(anyEdits, anyDirection, (edits, direction) => {
        const world = edited(START, edits)
        const reversed = {
          ...world,
          accounts: [...world.accounts].reverse(),
          codes: [...world.codes].reverse(),
          places: [...world.places].reverse(),
        }
        const tell = (of: World) =>
          newsOf(of, { direction })
            .map(({ stream, item }) => [stream, item.planned?.sourceId, item.planned?.decision])
            .map((line) => JSON.stringify(line))
            .sort()
        expect(tell(reversed)).toEqual(tell(world))
      }),
      RUNS,
    )
  })
})
