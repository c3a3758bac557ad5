import { describe, expect, it } from 'vitest'
import {
  indexByExternalId,
  judgeLostSupplier,
  judgeSupplier,
  judgeVendors,
} from '../../src/domain/reconcile-suppliers.js'
import type { Supplier, Vendor } from '../../src/domain/supplier.js'
import { anEntry, saidBy } from './reconcile-factories.js'

const PCN = '100001'

describe('suppliers', () => {
  const supplier: Supplier = {
    ...{ id: 's1', code: 'ACME', oldCode: null, name: 'Acme', status: 'Active', type: 'Raw', webAddress: null },
    ...{ note: null, createdDate: null, modifiedDate: null },
  }
  const blank = { url: null, comments: null, addressLineOne: null, addressLineTwo: null, postalCode: null, city: null }
  const aVendor = (fields: Partial<Vendor> = {}): Vendor => ({
    ...blank,
    ...{ id: '7', name: 'Acme', active: true, type: 3, external_id: `plex:${PCN}:s1`, email: [], fax: null },
    ...{ state_province: null, country: null, phoneOne: null, is_auto_email_po_enabled: false },
    ...fields,
  })
  const sent = { name: 'Acme', url: null, comments: null, active: true, city: 'Detroit' }
  const judge = (vendors: readonly Vendor[], fields: Partial<Parameters<typeof judgeSupplier>[0]> = {}) =>
    judgeSupplier(
      { supplier, id: 's1', key: 'ACME', entry: anEntry({ sent }), isOpen: false, isFresh: false, ...fields },
      {
        ...{ pcn: PCN, skipTypes: ['Carrier'], inactiveStatuses: ['Inactive'] },
        vendors: new Map(vendors.map((one) => [one.id, one])),
        byExternalId: indexByExternalId(vendors),
      },
    )
  const told = (judged: ReturnType<typeof judge>) => judged.findings.map(({ kind, code, field }) => [kind, code, field])

  it('that agree are no finding', () => {
    expect(judge([aVendor({ city: 'Detroit' })])).toEqual({ place: 'paired', findings: [] })
  })

  it('tell a hand edit from a change that was not delivered', () => {
    const judged = judge([aVendor({ city: 'Detroit', url: 'https://hand.example' })])
    expect(told(judged)).toEqual([['drifted', 'drift', 'url']])
    expect(judged.findings[0]).toMatchObject({ plex: null, procurify: 'https://hand.example' })
    const renamed = { ...supplier, note: 'New note' }
    expect(told(judge([aVendor({ city: 'Detroit' })], { supplier: renamed }))).toEqual([
      ['drifted', 'change_not_delivered', 'comments'],
    ])
    expect(told(judge([aVendor({ city: 'Detroit' })], { supplier: renamed, isFresh: true }))).toEqual([])
  })

  it('keep a name with the code after it, and contact data out of the report', () => {
    const named = { ...sent, name: 'Acme (ACME)' }
    const judged = judge([aVendor({ name: 'Acme (ACME)', city: 'Elsewhere' })], { entry: anEntry({ sent: named }) })
    expect(told(judged)).toEqual([['drifted', 'drift', 'city']])
    expect(JSON.stringify(judged)).not.toMatch(/Detroit|Elsewhere/)
  })

  it('without a vendor are missing, left out, or on their way', () => {
    expect(told(judge([], { entry: null }))).toEqual([['missing', 'not_delivered', null]])
    expect(judge([], { entry: null, isFresh: true }).place).toBe('in_progress')
    expect(judge([], { entry: null, isOpen: true })).toEqual({ place: 'unpaired', findings: [] })
    expect(judge([], { entry: null, supplier: { ...supplier, status: 'INACTIVE' } }).place).toBe('left_out')
    expect(judge([], { entry: null, supplier: { ...supplier, type: 'carrier' } }).place).toBe('left_out')
    expect(judge([], { entry: anEntry({ targetId: null, isGivenUp: true }) }).place).toBe('left_out')
    expect(told(judge([aVendor()], { entry: null }))).toEqual([['orphaned', 'pair_not_recorded', null]])
  })

  it('tell a vendor that is gone, unless it was inactive or is being written', () => {
    expect(told(judge([]))).toEqual([['missing', 'target_gone', null]])
    expect(told(judge([], { entry: anEntry({ sent: { ...sent, active: false } }) }))).toEqual([])
    expect(told(judge([], { entry: anEntry({ sent, isMoving: true }) }))).toEqual([])
    expect(told(judge([aVendor({ city: 'Detroit', external_id: null })]))).toEqual([
      ['drifted', 'external_id_lost', 'external_id'],
    ])
  })

  it('tell vendors that share an id or a name, and vendors that belong to nobody', () => {
    const vendors = [
      aVendor(),
      aVendor({ id: '8', name: 'Acme copy' }),
      aVendor({ id: '9', name: 'ACME ', external_id: null }),
      aVendor({ id: '10', name: 'Lost', external_id: `plex:${PCN}:gone` }),
      aVendor({ id: '11', name: 'Other', external_id: 'plex:999:s1' }),
      aVendor({ id: '12', name: 'acme', external_id: null, active: false }),
    ]
    const books = { sourceOf: new Map([['7', 's1']]), isInPlex: (id: string) => id === 's1' }
    expect(judgeVendors(vendors, books, PCN).map(({ code, target_id }) => [code, target_id])).toEqual([
      ['vendor_twice', '8'],
      ['vendor_orphaned', '10'],
      ['vendor_name_twice', '9'],
    ])
  })

  const said = (judged: ReturnType<typeof judge>) => judged.findings.map(saidBy)
  const ABOUT = { stream: 'suppliers', source_id: 's1', source_key: 'ACME', supplier: 'Acme' }
  const TARGET = { target_id: '7', target_key: 'Acme' }

  it('without a vendor say so, with the command that makes one', () => {
    const next = 'ml-connector sync suppliers --full'
    const message = 'The supplier has no vendor in Procurify, and no run is about to make one.'
    expect(judge([], { entry: null }).place).toBe('unpaired')
    expect(said(judge([], { entry: null }))).toEqual([
      { ...ABOUT, kind: 'missing', code: 'not_delivered', message, next },
    ])
    // A row that cannot be read has no name, and is not left out by what is not known of it.
    const nameless = judge([], { entry: null, supplier: null })
    expect(nameless.findings).toMatchObject([{ code: 'not_delivered', source_key: 'ACME', supplier: null }])
    const found = 'Vendor 7 (Acme) carries the id of this supplier, and the pair is not in the books.'
    const unpaired = judge([aVendor()], { entry: anEntry({ targetId: null }) })
    expect(unpaired.place).toBe('unpaired')
    expect(said(unpaired)).toEqual([
      { ...ABOUT, ...TARGET, kind: 'orphaned', code: 'pair_not_recorded', message: found, next },
    ])
  })

  it.each([{ isMoving: true }, { isNoted: true }])(
    'of which our books just changed (%j) are on their way',
    (fields) => {
      expect(judge([], { entry: anEntry({ ...fields, targetId: null }) })).toEqual({
        place: 'in_progress',
        findings: [],
      })
      const changed = { supplier: { ...supplier, note: 'New' }, entry: anEntry({ ...fields, sent }) }
      expect(judge([aVendor({ city: 'Detroit' })], changed).findings).toEqual([])
    },
  )

  it('that are left out have nothing to tell', () => {
    expect(judge([], { entry: null, supplier: { ...supplier, type: 'carrier' } }).findings).toEqual([])
    // The setting counts before the hurry: it is not sent, however new it is.
    expect(judge([], { entry: null, isFresh: true, supplier: { ...supplier, type: 'carrier' } }).place).toBe('left_out')
  })

  it('whose vendor is gone say which, and how to forget the pair', () => {
    const gone = { ...ABOUT, ...TARGET, kind: 'missing', code: 'target_gone' }
    const message = "Vendor 7 (Acme) is not in Procurify's list any more."
    const next = 'ml-connector link remove --stream suppliers ACME'
    expect(judge([]).place).toBe('paired')
    expect(said(judge([]))).toEqual([{ ...gone, message, next }])
    const bare = { entry: anEntry({ targetKey: null }), supplier: null, key: null }
    expect(said(judge([], bare))).toEqual([
      {
        ...{ stream: 'suppliers', source_id: 's1', target_id: '7', kind: 'missing', code: 'target_gone' },
        message: "Vendor 7 () is not in Procurify's list any more.",
        next: 'ml-connector link remove --stream suppliers s1',
      },
    ])
  })

  it('that differ say both values, whose change it is, and how to mend it', () => {
    const repair = 'ml-connector sync suppliers --repair-drift --dry-run'
    expect(said(judge([aVendor({ city: 'Detroit', url: 'https://hand.example' })]))).toEqual([
      {
        ...{ ...ABOUT, ...TARGET, kind: 'drifted', code: 'drift', field: 'url', procurify: 'https://hand.example' },
        ...{ message: 'url differs: nothing in Plex, https://hand.example in Procurify.', next: repair },
      },
    ])
    const changed = judge([aVendor({ city: 'Detroit' })], { supplier: { ...supplier, note: 'New note' } })
    const message =
      'Plex has another comments since, and no run has carried it over: New note in Plex, nothing in Procurify.'
    expect(said(changed)).toEqual([
      {
        ...{ ...ABOUT, ...TARGET, kind: 'drifted', code: 'change_not_delivered', field: 'comments', plex: 'New note' },
        ...{ message, next: 'ml-connector sync suppliers --full' },
      },
    ])
    const status = judge([aVendor({ city: 'Detroit', active: false })])
    expect(status.findings).toMatchObject([{ field: 'active', plex: 'true', procurify: 'false' }])
    const hidden = '(contact data are not copied here)'
    expect(said(judge([aVendor({ city: 'Elsewhere' })]))).toMatchObject([
      { field: 'city', plex: hidden, procurify: hidden, message: 'city differs.' },
    ])
  })

  it('whose row cannot be read, or that cannot be mapped, are compared with what was sent', () => {
    const edited = aVendor({ city: 'Detroit', url: 'https://hand.example' })
    for (const unreadable of [null, { ...supplier, name: null }]) {
      expect(told(judge([edited], { supplier: unreadable }))).toEqual([['drifted', 'drift', 'url']])
      // Nothing was sent, or it is not known: there is nothing to compare with.
      expect(told(judge([edited], { supplier: unreadable, entry: anEntry() }))).toEqual([])
    }
    expect(judge([edited], { supplier: null }).findings[0]).toMatchObject({ supplier: 'Acme' })
  })

  it('paired by a person hold what the person left until a run writes them', () => {
    const edited = [aVendor({ url: 'https://hand.example' })]
    expect(told(judge(edited, { entry: anEntry() }))).toEqual([['drifted', 'drift', 'url']])
    expect(told(judge(edited, { entry: anEntry(), isOpen: true }))).toEqual([])
  })

  it('whose vendor lost its external id say which it should have, unless it is being written', () => {
    const lost = [aVendor({ city: 'Detroit', external_id: ' ' })]
    const message = 'The vendor has lost its external id; without it a new database would not know the pair.'
    const id = { field: 'external_id', plex: `plex:${PCN}:s1` }
    expect(said(judge(lost))).toEqual([
      { ...ABOUT, ...TARGET, ...id, kind: 'drifted', code: 'external_id_lost', message },
    ])
    expect(judge(lost, { isOpen: true }).findings).toEqual([])
  })

  it('are found by external id only where there is one', () => {
    const vendors = [aVendor(), aVendor({ id: '8', external_id: null }), aVendor({ id: '9', external_id: ' ' })]
    expect([...indexByExternalId(vendors).keys()]).toEqual([`plex:${PCN}:s1`])
  })

  it('tell a supplier that Plex lost only while its vendor lives', () => {
    const pair = { sourceId: 's1', sourceKey: 'ACME', targetId: '7', targetKey: 'Acme', isMoving: false }
    expect(judgeLostSupplier(pair, aVendor()).map(({ kind }) => kind)).toEqual(['orphaned'])
    expect(judgeLostSupplier(pair, aVendor({ active: false }))).toEqual([])
    expect(judgeLostSupplier({ ...pair, isMoving: true }, aVendor())).toEqual([])
  })

  it('say which vendor is left over, by the key that people know', () => {
    const pair = { sourceId: 's1', sourceKey: 'ACME', targetId: '7', targetKey: 'Old name', isMoving: false }
    const message = 'Plex does not show supplier ACME any more, and its vendor is active.'
    expect(judgeLostSupplier(pair, aVendor()).map(saidBy)).toEqual([
      { ...ABOUT, ...TARGET, kind: 'orphaned', code: 'gone', message },
    ])
    expect(judgeLostSupplier({ ...pair, sourceKey: null }, aVendor())[0]?.message).toContain('supplier s1')
    expect(judgeLostSupplier(pair, undefined)).toEqual([])
  })

  const vendorsSay = (
    vendors: readonly Vendor[],
    sourceOf: ReadonlyMap<string, string>,
    isInPlex: (id: string) => boolean = () => true,
  ) => judgeVendors(vendors, { sourceOf, isInPlex }, PCN).map(saidBy)
  const twin = { stream: 'suppliers', source_id: 's1', target_id: '8', target_key: 'Copy', supplier: 'Copy' }

  it('with two vendors name both, where the one in the books is right, else the first', () => {
    const vendors = [aVendor({ id: '8', name: 'Copy' }), aVendor()]
    const message = 'Vendor 8 carries the same external id as vendor 7: one supplier, two vendors.'
    const twice = { kind: 'duplicate', code: 'vendor_twice' }
    expect(vendorsSay(vendors, new Map([['7', 's1']]))).toEqual([{ ...twin, ...twice, message }])
    expect(vendorsSay([...vendors].reverse(), new Map())).toEqual([{ ...twin, ...twice, message }])
    // The pair of the books is with a vendor that carries no id, or another one: then both that carry it are too many.
    const codes = vendorsSay(vendors, new Map([['1', 's1']])).map(({ code, message: text }) => [code, text])
    expect(codes).toEqual([
      ['vendor_twice', 'Vendor 8 carries the same external id as vendor 1: one supplier, two vendors.'],
      ['vendor_twice', 'Vendor 7 carries the same external id as vendor 1: one supplier, two vendors.'],
    ])
  })

  it('that nobody knows leave an orphan, but not those that Plex shows', () => {
    const message = 'The vendor carries our id of supplier s1, which neither Plex nor the books know.'
    const copy = [aVendor({ id: '8', name: 'Copy' })]
    expect(vendorsSay(copy, new Map(), () => false)).toEqual([
      { ...twin, kind: 'orphaned', code: 'vendor_orphaned', message },
    ])
    expect(vendorsSay(copy, new Map())).toEqual([])
  })

  it('that share a name with another active vendor say so once, and whom it belongs to', () => {
    const shared = (fields: Partial<Vendor>) => aVendor({ name: 'ACME', external_id: null, ...fields })
    const message = 'Vendor 8 has the same name as vendor 7; requisitions name vendors by name.'
    const about = { stream: 'suppliers', target_id: '8', target_key: 'ACME', supplier: 'ACME' }
    const what = { kind: 'duplicate', code: 'vendor_name_twice', message }
    const [seven, eight] = [aVendor(), shared({ id: '8' })]
    expect(vendorsSay([eight, seven], new Map([['7', 's1']]))).toEqual([{ ...about, ...what }])
    const both = new Map([
      ['7', 's1'],
      ['8', 's2'],
    ])
    expect(vendorsSay([seven, eight], both)).toEqual([{ ...about, source_id: 's2', ...what }])
    // Two that nobody paired are the business of people; one alone shares with nobody.
    expect(vendorsSay([seven, eight], new Map())).toEqual([])
    expect(vendorsSay([seven], new Map([['7', 's1']]))).toEqual([])
    // Told as a second vendor already.
    expect(vendorsSay([seven, aVendor({ id: '8' })], new Map([['7', 's1']]))).toMatchObject([{ code: 'vendor_twice' }])
  })
})
