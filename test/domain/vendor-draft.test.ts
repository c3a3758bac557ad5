import { describe, expect, it } from 'vitest'
import { holdsPayload, listDrift, readDraft, toPatch } from '../../src/domain/vendor-draft.js'
import { aVendor, DRAFT } from './supplier-factories.js'

describe('listDrift', () => {
  it('lists the fields that differ, from what is held to what is wanted', () => {
    const vendor = aVendor({ active: false, url: 'by hand', email: ['a@acme.example'] })
    expect(listDrift(vendor, DRAFT)).toEqual([
      { field: 'active', from: false, to: true },
      { field: 'url', from: 'by hand', to: null },
      { field: 'email', from: ['a@acme.example'], to: [] },
    ])
  })

  it.each([
    ['null and empty', { url: '' }, { url: null }],
    ['null and a missing member', {}, { url: null }],
    ['white space around', { url: ' acme.example ' }, { url: 'acme.example' }],
    [
      'the order, case and repetition of e-mails',
      { email: ['B@x.example ', 'a@x.example', 'a@x.example'] },
      { email: ['a@x.example', 'b@x.example'] },
    ],
  ])('does not tell apart %s', (_, held, wanted) => {
    expect(listDrift({ ...aVendor(), ...held }, { ...DRAFT, ...wanted })).toEqual([])
  })

  it('tells apart the case of a name', () => {
    expect(listDrift(aVendor({ name: 'ACME steel' }), DRAFT)).toHaveLength(1)
  })

  it('does not compare what is not decided', () => {
    const decided = { name: 'Acme Steel', active: true, url: null, comments: null }
    expect(listDrift(aVendor({ city: 'Troy', email: ['a@acme.example'] }), decided)).toEqual([])
  })

  it('takes what was not sent for nothing', () => {
    expect(listDrift({}, { ...DRAFT, city: 'Troy' })).toContainEqual({ field: 'city', from: null, to: 'Troy' })
  })
})

describe('toPatch', () => {
  it('holds the changed members and nothing else', () => {
    expect(toPatch([{ field: 'url', from: 'x', to: null }])).toEqual({ url: null })
    expect(toPatch([])).toBeNull()
  })
})

describe('readDraft', () => {
  it('knows a draft by its name and takes nothing else for one', () => {
    expect(readDraft(DRAFT)).toBe(DRAFT)
    for (const sent of [null, 'x', [], {}, { name: null }]) expect(readDraft(sent)).toBeNull()
  })
})

describe('holdsPayload', () => {
  it('is true when the vendor holds every mapped member that was sent, and our id', () => {
    const vendor = aVendor({ external_id: 'plex:123:x', url: '' })
    const payload = { name: 'Acme Steel', url: null, external_id: 'plex:123:x', type: 3, overall_score: null }
    expect(holdsPayload(vendor, payload)).toBe(true)
    expect(holdsPayload(vendor, { external_id: 'plex:123:x' })).toBe(true)
    expect(holdsPayload(vendor, null)).toBe(true)
  })

  it('is false when one of them differs', () => {
    const vendor = aVendor({ external_id: 'plex:123:x' })
    expect(holdsPayload(vendor, { external_id: 'plex:123:y' })).toBe(false)
    expect(holdsPayload(vendor, { name: 'Acme Steel', url: 'acme.example' })).toBe(false)
    expect(holdsPayload(vendor, { active: false })).toBe(false)
  })
})
