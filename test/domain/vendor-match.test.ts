import { describe, expect, it } from 'vitest'
import { aDetail, aLink, aVendor, DRAFT, plan, planOne, wantedOf } from './supplier-factories.js'

const ID = aLink().sourceId
const OUR_ID = `plex:123:${ID}`
const another = (over = {}) => aDetail({ id: '5b000002-x', code: 'T2', ...over })
const linkOfAnother = (over = {}) => aLink({ sourceId: '5b000002-x', sourceKey: 'T2', ...over })

describe('a vendor with our external id', () => {
  it('is ours from before and is brought up to date', () => {
    const vendors = [aVendor({ external_id: OUR_ID, name: 'Old Name', url: 'old.example' })]
    const wanted = wantedOf(planOne([aDetail({ note: 'x' })], { vendors }))
    expect(wanted).toMatchObject({ action: 'adopt', targetId: '7', targetKey: 'Acme Steel' })
    expect(wanted.payload).toEqual({ name: 'Acme Steel', url: null, comments: 'x' })
    expect(wanted.draft).toEqual({ ...DRAFT, comments: 'x' })
  })

  it('needs no write when it is up to date, also under a name with our suffix', () => {
    for (const name of ['Acme Steel', 'Acme Steel (ACME)', 'Acme Steel (5a000001)']) {
      const wanted = wantedOf(planOne([aDetail()], { vendors: [aVendor({ external_id: OUR_ID, name })] }))
      expect(wanted).toMatchObject({ action: 'adopt', targetKey: name, payload: null, draft: { name } })
    }
  })

  it('is respelled as Plex has it: its own name is not in its way', () => {
    const vendors = [aVendor({ external_id: OUR_ID, name: 'ACME steel' })]
    expect(wantedOf(planOne([aDetail()], { vendors })).payload).toEqual({ name: 'Acme Steel' })
  })

  it('is activated again, under a free name', () => {
    const own = aVendor({ external_id: OUR_ID, active: false })
    expect(wantedOf(planOne([aDetail()], { vendors: [own] })).payload).toEqual({ active: true })
    const taken = [own, aVendor({ id: '8', external_id: 'NS-1' })]
    expect(wantedOf(planOne([aDetail()], { vendors: taken })).payload).toEqual({
      active: true,
      name: 'Acme Steel (ACME)',
    })
  })

  it('wins over one of the same name', () => {
    const vendors = [aVendor({ id: '6' }), aVendor({ external_id: OUR_ID, name: 'Old Name' })]
    expect(wantedOf(planOne([aDetail()], { vendors })).targetId).toBe('7')
  })

  it('is compared exactly: another case or another PCN is another id', () => {
    for (const external_id of [OUR_ID.toUpperCase(), OUR_ID.replace('123', '124'), `${OUR_ID}0`]) {
      const vendors = [aVendor({ external_id, name: 'Other' })]
      expect(wantedOf(planOne([aDetail()], { vendors })).action).toBe('create')
    }
  })

  it('is ambiguous when there are several', () => {
    const vendors = [
      aVendor({ id: '10', external_id: OUR_ID }),
      aVendor({ id: '9', external_id: OUR_ID, active: false }),
    ]
    expect(planOne([aDetail()], { vendors })).toMatchObject({
      ...{ kind: 'park', code: 'vendor_ambiguous', message: `Vendors 9, 10 all carry the external id ${OUR_ID}.` },
    })
  })

  it('is not taken from another supplier it is linked to', () => {
    const world = { vendors: [aVendor({ external_id: OUR_ID })], links: [linkOfAnother()] }
    const message = 'It matches vendor 7 "Acme Steel", but that belongs to supplier T2.'
    expect(planOne([aDetail()], world)).toMatchObject({ kind: 'park', code: 'vendor_relink', message })
  })
})

describe('a vendor whose external id is the supplier code', () => {
  const vendors = [aVendor({ external_id: ' ACME', name: 'Acme Steel Company of Troy', url: 'acme.example' })]

  it('is adopted where the settings say that such ids are ours: only the id is written', () => {
    const wanted = wantedOf(planOne([aDetail()], { vendors }, { knownIds: 'code' }))
    expect(wanted).toMatchObject({ action: 'adopt', targetId: '7', targetKey: 'Acme Steel Company of Troy' })
    expect(wanted.payload).toEqual({ external_id: OUR_ID })
    expect(wanted.changes).toEqual([{ field: 'external_id', from: ' ACME', to: OUR_ID }])
    expect(wanted.message).toBe('adopted; left different in Procurify: name, url')
  })

  it('means nothing where they do not', () => {
    expect(wantedOf(planOne([aDetail()], { vendors })).action).toBe('create')
  })

  it('is not the supplier of a code in another case', () => {
    expect(wantedOf(planOne([aDetail({ code: 'acme' })], { vendors }, { knownIds: 'code' })).action).toBe('create')
  })

  it('is ambiguous when there are several, and taken from nobody it is linked to', () => {
    const twice = [...vendors, aVendor({ id: '8', external_id: 'ACME' })]
    expect(planOne([aDetail()], { vendors: twice }, { knownIds: 'code' })).toMatchObject({ code: 'vendor_ambiguous' })
    const linked = { vendors, links: [linkOfAnother()] }
    expect(planOne([aDetail()], linked, { knownIds: 'code' })).toMatchObject({ code: 'vendor_relink' })
  })

  it('belongs to the supplier of that code, so that a namesake in the same batch collides with it', () => {
    const decisions = plan(
      [another(), aDetail()],
      { vendors: [aVendor({ external_id: 'ACME' })] },
      { knownIds: 'code' },
    )
    expect(wantedOf(decisions.get(ID)).action).toBe('adopt')
    expect(wantedOf(decisions.get('5b000002-x'))).toMatchObject({ action: 'create', targetKey: 'Acme Steel (T2)' })
    const unknown = plan([another(), aDetail()], { vendors: [aVendor({ external_id: 'ACME' })] })
    expect(unknown.get('5b000002-x')).toMatchObject({ code: 'vendor_foreign_id' })
  })
})

describe('a vendor of the same name', () => {
  it('is adopted by writing our external id only; what differs stays and is named', () => {
    const vendors = [aVendor({ name: 'ACME  steel', url: 'by hand', comments: 'by hand' })]
    const wanted = wantedOf(planOne([aDetail({ note: 'x' })], { vendors }))
    expect(wanted).toMatchObject({ action: 'adopt', targetId: '7', payload: { external_id: OUR_ID } })
    expect(wanted.message).toBe('adopted; left different in Procurify: name, url, comments')
  })

  it('keeps its own name, which the link remembers, and is not renamed by the next plan', () => {
    const vendors = [aVendor({ name: 'ACME steel' })]
    const { targetKey, draft } = wantedOf(planOne([aDetail()], { vendors }))
    expect(targetKey).toBe('ACME steel')
    expect(planOne([aDetail()], { vendors, links: [aLink({ targetKey, sent: draft })] })).toEqual({ kind: 'unchanged' })
  })

  it('is not matched when it is inactive or the OTHER vendor', () => {
    expect(wantedOf(planOne([aDetail()], { vendors: [aVendor({ active: false })] })).action).toBe('create')
    expect(wantedOf(planOne([aDetail()], { vendors: [aVendor({ type: 1 })] })).action).toBe('create')
  })

  it('is ambiguous when there are several', () => {
    const vendors = [aVendor({ id: '10' }), aVendor({ id: '9' })]
    expect(planOne([aDetail()], { vendors })).toMatchObject({
      ...{ kind: 'park', code: 'vendor_ambiguous' },
      message: 'Vendors 9, 10 are all called "Acme Steel"; nothing says which one it is.',
    })
  })

  it('is nobody’s when several suppliers of the batch match it', () => {
    const decisions = plan([another({ name: 'acme steel' }), aDetail()], { vendors: [aVendor()] })
    const message = 'Suppliers ACME, T2 all match vendor 7; only one of them can be it.'
    const parked = { kind: 'park', code: 'vendor_ambiguous', message, changes: [] }
    expect([...decisions.values()]).toEqual([parked, parked])
  })

  it('is adopted by the one that matches it when the other is not sent at all', () => {
    const decisions = plan([aDetail(), another({ status: 'Inactive' })], { vendors: [aVendor()] })
    expect(wantedOf(decisions.get(ID)).action).toBe('adopt')
  })

  it('is left alone when it carries the id of another system', () => {
    const vendors = [aVendor({ external_id: 'NS-1' })]
    expect(planOne([aDetail()], { vendors })).toMatchObject({
      ...{ kind: 'park', code: 'vendor_foreign_id' },
      message: 'It matches vendor 7 "Acme Steel", but that carries the external id NS-1 of another system.',
    })
  })

  it('is foreign as well when it belongs to another PCN', () => {
    const vendors = [aVendor({ external_id: OUR_ID.replace('123', '124') })]
    expect(planOne([aDetail()], { vendors })).toMatchObject({ code: 'vendor_foreign_id' })
  })

  it('without a foreign id is preferred to one with, and the other is mentioned', () => {
    const vendors = [aVendor({ id: '8', external_id: 'NS-1' }), aVendor()]
    expect(wantedOf(planOne([aDetail()], { vendors }))).toMatchObject({
      ...{ action: 'adopt', targetId: '7', message: 'adopted; vendor 8 has the same name' },
    })
  })
})

describe('a vendor of the same name that belongs to another supplier', () => {
  const vendor = aVendor({ external_id: 'plex:123:5b000002-x' })
  const collides = { action: 'create', targetKey: 'Acme Steel (ACME)' }

  it('only collides when that supplier is called the same', () => {
    expect(wantedOf(planOne([aDetail()], { vendors: [vendor], links: [linkOfAnother()] }))).toMatchObject(collides)
  })

  it('only collides when that supplier has the name with our suffix', () => {
    const name = 'Acme Steel (T2)'
    const links = [linkOfAnother({ targetKey: name, sent: { ...DRAFT, name } })]
    expect(wantedOf(planOne([aDetail()], { vendors: [vendor], links }))).toMatchObject(collides)
  })

  it('only collides when that supplier is in the same batch, its link lost', () => {
    const decisions = plan([aDetail(), another()], { vendors: [vendor] })
    expect(wantedOf(decisions.get(ID))).toMatchObject(collides)
    expect(wantedOf(decisions.get('5b000002-x'))).toMatchObject({ action: 'adopt', targetId: '7' })
  })

  it('only collides when an intent of that supplier is about to take it', () => {
    const world = { vendors: [aVendor()], reserved: { '5b000002-x': 'Acme Steel' } }
    expect(wantedOf(planOne([aDetail()], world))).toMatchObject(collides)
  })

  it.each([
    ['is called otherwise', { sent: { ...DRAFT, name: 'Bolt' } }],
    ['is inactive', { sent: { ...DRAFT, active: false } }],
    ['is only known to be linked under another name', { sent: null, targetKey: 'Bolt' }],
  ])('is a case for a person when that supplier %s', (_, over) => {
    const links = [linkOfAnother(over)]
    expect(planOne([aDetail()], { vendors: [aVendor()], links })).toMatchObject({
      ...{ kind: 'park', code: 'vendor_relink' },
      message: 'It matches vendor 7 "Acme Steel", but that belongs to supplier T2.',
    })
  })

  it('is a case for a person when nothing is known of that supplier', () => {
    expect(planOne([aDetail()], { vendors: [vendor] })).toMatchObject({ kind: 'park', code: 'vendor_relink' })
  })
})

describe('a vendor of nearly the same name', () => {
  const vendors = [aVendor({ name: 'Acme-Steel, Inc.' })]

  it('is a case for a person', () => {
    expect(planOne([aDetail()], { vendors })).toMatchObject({
      ...{ kind: 'park', code: 'vendor_similar' },
      message: '"Acme Steel" may be the same company as vendor 7 "Acme-Steel, Inc.".',
    })
  })

  it.each([
    ['inactive', { active: false }],
    ['OTHER', { type: 1 }],
    ['ours', { external_id: 'plex:123:5b000002-x' }],
  ])('does not matter when it is %s', (_, over) => {
    const [vendor] = vendors
    expect(wantedOf(planOne([aDetail()], { vendors: [{ ...aVendor(), ...vendor, ...over }] })).action).toBe('create')
  })

  it('does not matter when another supplier adopts it in the same batch', () => {
    const decisions = plan([aDetail(), another({ name: 'Acme-Steel, Inc.' })], { vendors })
    expect(wantedOf(decisions.get('5b000002-x')).action).toBe('adopt')
    expect(wantedOf(decisions.get(ID)).action).toBe('create')
  })

  it('does not matter when there is one of exactly the same name', () => {
    expect(wantedOf(planOne([aDetail()], { vendors: [...vendors, aVendor({ id: '8' })] })).targetId).toBe('8')
  })
})
