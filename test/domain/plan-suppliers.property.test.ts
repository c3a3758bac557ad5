/** What holds for every plan, whatever suppliers, vendors and links there are. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Detail, Planned } from '../../src/domain/decision.js'
import { needsSurvey, planSuppliers, type PlanSuppliersOptions } from '../../src/domain/plan-suppliers.js'
import type { SupplierDetail, Vendor, VendorDraft } from '../../src/domain/supplier.js'
import { countPoints, fold } from '../../src/domain/text.js'
import { aDetail, anAddress, applyPlan, aSurvey, aVendor, linksOf, OPTIONS, type World } from './supplier-factories.js'

// Few names and codes, so that they meet in every way; one as long as names get.
const NAMES = [
  'Acme',
  'ACME ',
  'acme  Inc.',
  'Acme (C1)',
  'Acme (C2)',
  'Bolt',
  'Bölt',
  `${'x'.repeat(149)}😀`,
  'Acme (id-1)',
]
const IDS = ['id-1', 'id-2', 'id-3', 'id-4', 'id-5']

const anyDetail = (id: string): fc.Arbitrary<Detail<SupplierDetail>> =>
  fc
    .record({
      name: fc.constantFrom(...NAMES, '', null),
      code: fc.constantFrom('C1', 'C2', 'C3', null),
      status: fc.constantFrom('Active', 'Active', 'Inactive', null),
      type: fc.constantFrom('Steel', 'Carrier'),
      note: fc.constantFrom(null, 'x'),
      createdDate: fc.constantFrom(null, '2020-01-01T00:00:00Z', '2021-01-01T00:00:00.1234567Z'),
      city: fc.constantFrom(null, 'Troy', undefined),
    })
    .map(({ city, ...supplier }) => {
      const address = city === undefined ? undefined : anAddress({ city })
      return aDetail({ id, ...supplier }, { address, emails: city === undefined ? undefined : ['a@acme.example'] })
    })

const anyBatch = fc.subarray(IDS).chain((ids) => fc.tuple(...ids.map(anyDetail)))
const anyVendors = fc
  .array(
    fc.record({
      name: fc.constantFrom(...NAMES.map((name) => name.trim())),
      active: fc.boolean(),
      external_id: fc.constantFrom(null, null, ...IDS.map((id) => `plex:123:${id}`), 'C1', 'NS-1'),
      type: fc.constantFrom(3, 3, 3, 1),
      comments: fc.constantFrom(null, 'by hand'),
    }),
    { maxLength: 5 },
  )
  .map((vendors) => vendors.map((vendor, at) => aVendor({ id: `${at + 1}`, ...vendor })))
const anyOptions = fc.record({ knownIds: fc.constantFrom('none' as const, 'code' as const) })

/** A world with a history: vendors made by hand and an earlier state of Plex that was synced. */
const anyWorld = fc
  .tuple(anyVendors, anyBatch, anyOptions)
  .map(([vendors, earlier, options]) => step({ vendors, links: [] }, earlier, options).after)

function step(world: World, details: readonly Detail<SupplierDetail>[], options: Partial<PlanSuppliersOptions>) {
  const survey = aSurvey(world.vendors, world.links)
  const planned = planSuppliers(details, linksOf(...world.links), survey, { ...OPTIONS, ...options })
  return { planned, after: applyPlan(world, planned) }
}

const byId = (planned: readonly Planned[]) => new Map(planned.map(({ sourceId, decision }) => [sourceId, decision]))
const sendings = (planned: readonly Planned[]) =>
  planned.flatMap(({ sourceId, decision }) => (decision.kind === 'send' ? [{ sourceId, ...decision.wanted }] : []))
const RUNS = { numRuns: 300 }

describe('every plan', () => {
  it('is the same whatever the order of the batch and of the vendors', () => {
    const shuffled = anyBatch.chain((batch) =>
      fc.tuple(fc.constant(batch), fc.shuffledSubarray(batch, { minLength: batch.length })),
    )
    fc.assert(
      fc.property(anyWorld, shuffled, anyOptions, (world, [batch, other], options) => {
        const mirrored = { vendors: [...world.vendors].reverse(), links: [...world.links].reverse() }
        expect(byId(step(mirrored, other, options).planned)).toEqual(byId(step(world, batch, options).planned))
      }),
      RUNS,
    )
  })

  it('has one decision for each record, in the order of the batch', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, anyOptions, (world, batch, options) => {
        const { planned } = step(world, batch, options)
        expect(planned.map(({ sourceId }) => sourceId)).toEqual(batch.map(({ note }) => note.sourceId))
      }),
      RUNS,
    )
  })

  it('gives no active vendor a name that another active vendor has, while it is carried out in any order', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, anyOptions, fc.boolean(), (world, batch, options, repairDrift) => {
        const { planned, after } = step(world, batch, { ...options, repairDrift })
        for (const { targetId, payload, targetKey, draft } of sendings(planned)) {
          const { name, active } = (payload ?? {}) as { name?: string; active?: boolean }
          if ((name === undefined && active !== true) || !(draft as VendorDraft).active) continue
          const holds = world.vendors.find((vendor) => vendor.id === targetId && vendor.active)?.name === targetKey
          if (holds) continue
          const hasName = (vendor: Vendor) => vendor.active && fold(vendor.name) === fold(targetKey ?? '')
          expect(world.vendors.filter((vendor) => vendor.id !== targetId && hasName(vendor))).toEqual([])
          expect(after.vendors.filter(hasName).length).toBeLessThan(2)
        }
      }),
      RUNS,
    )
  })

  it('gives no vendor to two suppliers', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, anyOptions, (world, batch, options) => {
        const targets = step(world, batch, options).after.links.map(({ targetId }) => targetId)
        expect(new Set(targets).size).toBe(targets.length)
      }),
      RUNS,
    )
  })

  it('sends nothing but the listed changes, except for creations', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, anyOptions, fc.boolean(), (world, batch, options, repairDrift) => {
        for (const { action, payload, changes } of sendings(step(world, batch, { ...options, repairDrift }).planned)) {
          const sent = Object.entries(payload ?? {})
          if (action !== 'create') expect(sent).toEqual(changes.map(({ field, to }) => [field, to]))
        }
      }),
      RUNS,
    )
  })

  it('writes names within the limit, the suffix whole', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, anyOptions, (world, batch, options) => {
        for (const { targetKey } of sendings(step(world, batch, options).planned)) {
          expect(countPoints(targetKey ?? '')).toBeLessThanOrEqual(150)
          expect(targetKey).toMatch(/^(.*[^(]|.* \([^()]+\))$/u)
        }
      }),
      RUNS,
    )
  })

  it('leaves nothing to do once it has been carried out', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, anyOptions, (world, batch, options) => {
        const first = step(world, batch, options)
        const again = byId(step(first.after, batch, options).planned)
        for (const { sourceId } of sendings(first.planned)) expect(again.get(sourceId)).toEqual({ kind: 'unchanged' })
      }),
      RUNS,
    )
  })

  it('leaves no drift once it has been repaired', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, (world, batch) => {
        const repair = { repairDrift: true }
        // The first pass adopts, the second repairs what adopting left different.
        const repaired = step(step(world, batch, repair).after, batch, repair)
        const again = byId(step(repaired.after, batch, repair).planned)
        for (const { sourceId } of sendings(repaired.planned))
          expect(again.get(sourceId)).toEqual({ kind: 'unchanged' })
      }),
      RUNS,
    )
  })

  it('is the same without the vendors where they are not needed', () => {
    fc.assert(
      fc.property(anyWorld, anyBatch, (world, batch) => {
        const links = linksOf(...world.links)
        const alone = batch.filter((detail) => !needsSurvey([detail], links, OPTIONS))
        expect(planSuppliers(alone, links, null, OPTIONS).map(({ decision }) => decision)).toEqual(
          planSuppliers(alone, links, aSurvey(world.vendors, world.links), OPTIONS).map(({ decision }) => decision),
        )
      }),
      RUNS,
    )
  })
})
