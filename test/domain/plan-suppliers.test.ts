import { describe, expect, it } from 'vitest'
import { contentHash } from '../../src/domain/content-hash.js'
import type { Detail } from '../../src/domain/decision.js'
import { Bug } from '../../src/domain/errors.js'
import { needsSurvey, planSuppliers } from '../../src/domain/plan-suppliers.js'
import type { SupplierDetail } from '../../src/domain/supplier.js'
import {
  aDetail,
  aLink,
  anAddress,
  aVendor,
  DRAFT,
  linksOf,
  OPTIONS,
  plan,
  planOne,
  wantedOf,
} from './supplier-factories.js'

const ID = aLink().sourceId
const OUR_ID = `plex:123:${ID}`

describe('a supplier without a vendor', () => {
  it('is created with all of its draft and what Procurify demands', () => {
    const detail = aDetail({ note: 'Pays late' }, { address: anAddress(), emails: ['a@acme.example'] })
    const wanted = wantedOf(planOne([detail]))
    expect(wanted).toMatchObject({ action: 'create', targetId: null, targetKey: 'Acme Steel', message: null })
    const draft = {
      ...{
        ...DRAFT,
        comments: 'Pays late',
        email: ['a@acme.example'],
        addressLineOne: '1 Mill Road',
        postalCode: '48083',
      },
      ...{ city: 'Troy', state_province: 'MI', country: 'USA', phoneOne: '555-0100' },
    }
    expect(wanted.draft).toEqual(draft)
    expect(wanted.wantedHash).toBe(contentHash(draft))
    const ours = { external_id: OUR_ID, type: 3, overall_score: null, is_auto_email_po_enabled: false }
    expect(wanted.payload).toEqual({ ...draft, ...ours })
  })

  it('lists what the vendor will hold as changes from nothing', () => {
    const { changes } = wantedOf(planOne([aDetail()]))
    expect(changes).toEqual([
      { field: 'name', from: null, to: 'Acme Steel' },
      { field: 'active', from: null, to: true },
      { field: 'external_id', from: null, to: OUR_ID },
    ])
  })

  it('is created with an empty list of e-mails when they could not be read, and the link says they are not decided', () => {
    const { payload, draft } = wantedOf(planOne([aDetail({}, { emails: undefined, address: undefined })]))
    expect(payload).toMatchObject({ email: [] })
    expect(Object.keys(draft as object).sort()).toEqual(['active', 'comments', 'name', 'url'])
  })

  it('says in the message what had to be left out', () => {
    const { message } = wantedOf(planOne([aDetail({ webAddress: 'x'.repeat(201) })]))
    expect(message).toBe('url left out: longer than 200 characters')
  })

  it('is parked when it has no name', () => {
    expect(planOne([aDetail({ name: ' ' })])).toEqual({
      ...{ kind: 'park', code: 'name_missing', message: 'Supplier ACME has no name in Plex.', changes: [] },
    })
  })

  it('is skipped when its type is not sent', () => {
    const message = 'Suppliers of type CARRIER are not sent (SUPPLIER_SKIP_TYPES).'
    expect(planOne([aDetail({ type: 'CARRIER' })])).toEqual({ kind: 'skip', code: 'type_skipped', message })
  })

  it('is skipped when it is inactive', () => {
    const message = 'The supplier is inactive and was never linked.'
    expect(planOne([aDetail({ status: 'inactive' })])).toEqual({ kind: 'skip', code: 'inactive', message })
  })

  it('but had one that carries its id is deactivated: the database that knew may have been lost', () => {
    const vendors = [aVendor({ external_id: OUR_ID })]
    const wanted = wantedOf(planOne([aDetail({ status: 'Inactive' })], { vendors }))
    expect(wanted).toMatchObject({ action: 'adopt', targetId: vendors[0]?.id, payload: { active: false } })
  })
})

describe('a linked supplier', () => {
  const links = [aLink()]

  it('that has not changed is unchanged, without a look at the vendors', () => {
    expect(needsSurvey([aDetail()], linksOf(...links), OPTIONS)).toBe(false)
    const [planned] = planSuppliers([aDetail()], linksOf(...links), null, OPTIONS)
    expect(planned?.decision).toEqual({ kind: 'unchanged' })
  })

  it('is patched with what changed in Plex and nothing else', () => {
    const detail = aDetail({ note: 'Pays late' })
    expect(needsSurvey([detail], linksOf(...links), OPTIONS)).toBe(false)
    const wanted = wantedOf(planSuppliers([detail], linksOf(...links), null, OPTIONS)[0]?.decision)
    expect(wanted).toEqual({
      ...{
        action: 'update',
        targetId: '7',
        targetKey: 'Acme Steel',
        payload: { comments: 'Pays late' },
        message: null,
      },
      ...{ draft: { ...DRAFT, comments: 'Pays late' }, wantedHash: contentHash({ ...DRAFT, comments: 'Pays late' }) },
      changes: [{ field: 'comments', from: null, to: 'Pays late' }],
    })
  })

  it('is not patched because of a hand edit in Procurify', () => {
    expect(planOne([aDetail()], { links, vendors: [aVendor({ url: 'by hand' })] })).toEqual({ kind: 'unchanged' })
  })

  it('is not renamed because somebody renamed its vendor, even if another has the name by now', () => {
    const vendors = [aVendor({ name: 'By Hand' }), aVendor({ id: '8' })]
    expect(planOne([aDetail()], { links, vendors })).toEqual({ kind: 'unchanged' })
  })

  it('is renamed by a patch of the same vendor', () => {
    const wanted = wantedOf(planOne([aDetail({ name: 'Acme Metals' })], { links, vendors: [aVendor()] }))
    expect(wanted).toMatchObject({
      action: 'update',
      targetId: '7',
      targetKey: 'Acme Metals',
      payload: { name: 'Acme Metals' },
    })
  })

  it('is renamed and changed by one patch', () => {
    const wanted = wantedOf(planOne([aDetail({ name: 'Acme Metals', note: 'x' })], { links, vendors: [aVendor()] }))
    expect(wanted).toMatchObject({ targetKey: 'Acme Metals', payload: { name: 'Acme Metals', comments: 'x' } })
  })

  it('is renamed when only case or space changed', () => {
    const wanted = wantedOf(planOne([aDetail({ name: 'ACME Steel' })], { links, vendors: [aVendor()] }))
    expect(wanted.payload).toEqual({ name: 'ACME Steel' })
  })

  it('that became inactive is deactivated, never deleted', () => {
    const wanted = wantedOf(planOne([aDetail({ status: 'Inactive' })], { links }))
    expect(wanted.payload).toEqual({ active: false })
  })

  it('is kept up to date although its type is not sent any more', () => {
    const wanted = wantedOf(planOne([aDetail({ type: 'Carrier', note: 'x' })], { links }))
    expect(wanted.payload).toEqual({ comments: 'x' })
  })

  it('that lost its name in Plex is parked', () => {
    expect(planOne([aDetail({ name: null })], { links })).toMatchObject({ kind: 'park', code: 'name_missing' })
  })

  it('keeps what was sent of an address and e-mails that could not be read', () => {
    const sent = { ...DRAFT, city: 'Troy', email: ['a@acme.example'] }
    const unread = { address: undefined, emails: undefined }
    expect(planOne([aDetail({}, unread)], { links: [aLink({ sent })] })).toEqual({ kind: 'unchanged' })
    const wanted = wantedOf(planOne([aDetail({ note: 'x' }, unread)], { links: [aLink({ sent })] }))
    expect(wanted.payload).toEqual({ comments: 'x' })
    expect(wanted.draft).toEqual({ ...sent, comments: 'x' })
  })

  it('loses its address in Procurify when it has none in Plex any more', () => {
    const wanted = wantedOf(planOne([aDetail()], { links: [aLink({ sent: { ...DRAFT, city: 'Troy' } })] }))
    expect(wanted.payload).toEqual({ city: null })
  })

  it('takes the order and case of e-mails for nothing', () => {
    const sent = { ...DRAFT, email: ['a@acme.example', 'b@acme.example'] }
    const detail = aDetail({}, { emails: ['B@acme.example', 'a@acme.example'] })
    expect(planOne([detail], { links: [aLink({ sent })] })).toEqual({ kind: 'unchanged' })
  })

  it('whose vendor is not listed any more is patched all the same: the answer will tell', () => {
    const wanted = wantedOf(planOne([aDetail({ name: 'Acme Metals' })], { links, vendors: [] }))
    expect(wanted).toMatchObject({ action: 'update', targetId: '7', payload: { name: 'Acme Metals' } })
  })
})

describe('a supplier linked without our knowing what its vendor holds', () => {
  const links = [aLink({ sent: null })]

  it('is only recorded when the vendor holds what Plex has', () => {
    const vendors = [aVendor({ external_id: OUR_ID })]
    expect(wantedOf(planOne([aDetail()], { links, vendors }))).toMatchObject({
      ...{ action: 'adopt', targetId: '7', targetKey: 'Acme Steel', draft: DRAFT, payload: null, changes: [] },
    })
  })

  it('gets the values of Plex where the vendor differs', () => {
    const vendors = [aVendor({ external_id: OUR_ID, url: 'old.example', city: 'Troy' })]
    const wanted = wantedOf(planOne([aDetail({ webAddress: 'new.example' })], { links, vendors }))
    expect(wanted).toMatchObject({ action: 'update', payload: { url: 'new.example', city: null } })
    expect(wanted.changes).toContainEqual({ field: 'url', from: 'old.example', to: 'new.example' })
  })

  it('gets our external id where the vendor has none, and keeps that of another system', () => {
    const blank = wantedOf(planOne([aDetail()], { links, vendors: [aVendor()] }))
    expect(blank).toMatchObject({ action: 'adopt', payload: { external_id: OUR_ID } })
    const spaces = wantedOf(planOne([aDetail()], { links, vendors: [aVendor({ external_id: ' ' })] }))
    expect(spaces).toMatchObject({ payload: { external_id: OUR_ID } })
    const foreign = wantedOf(planOne([aDetail()], { links, vendors: [aVendor({ external_id: 'NS-1' })] }))
    expect(foreign).toMatchObject({ action: 'adopt', payload: null })
  })

  it('is sent whole when the vendor is not listed', () => {
    const wanted = wantedOf(planOne([aDetail({ note: 'x' })], { links, vendors: [] }))
    expect(wanted).toMatchObject({
      action: 'update',
      targetId: '7',
      payload: { name: 'Acme Steel', active: true, comments: 'x' },
    })
  })

  it('keeps a name with our suffix', () => {
    const vendors = [aVendor({ name: 'Acme Steel (ACME)', external_id: OUR_ID })]
    expect(wantedOf(planOne([aDetail()], { links, vendors }))).toMatchObject({
      payload: null,
      targetKey: 'Acme Steel (ACME)',
    })
  })
})

describe('repairing drift', () => {
  const repair = { repairDrift: true }

  it('restores the fields that were edited in Procurify, and only those', () => {
    const vendors = [aVendor({ url: 'by hand', phoneOne: '1' })]
    const wanted = wantedOf(planOne([aDetail({ note: 'x' })], { links: [aLink()], vendors }, repair))
    expect(wanted).toMatchObject({ action: 'update', payload: { url: null, phoneOne: null, comments: 'x' } })
    expect(wanted.changes).toContainEqual({ field: 'url', from: 'by hand', to: null })
  })

  it('finds nothing to do where the vendor holds what Plex has, for all the same purposes', () => {
    const sent = { ...DRAFT, email: ['a@acme.example', 'b@acme.example'] }
    const vendors = [aVendor({ url: '', comments: ' ', email: ['B@acme.example', 'a@acme.example'] })]
    const detail = aDetail({}, { emails: ['a@acme.example', 'b@acme.example'] })
    expect(planOne([detail], { links: [aLink({ sent })], vendors }, repair)).toEqual({ kind: 'unchanged' })
  })

  it('restores a name, but not one that somebody else has by now', () => {
    const renamed = aVendor({ name: 'By Hand' })
    const world = { links: [aLink()], vendors: [renamed] }
    expect(wantedOf(planOne([aDetail()], world, repair)).payload).toEqual({ name: 'Acme Steel' })
    const taken = { ...world, vendors: [renamed, aVendor({ id: '8' })] }
    expect(wantedOf(planOne([aDetail()], taken, repair)).payload).toEqual({ name: 'Acme Steel (ACME)' })
  })

  it('leaves a name alone that another vendor was given by hand as well', () => {
    const vendors = [aVendor(), aVendor({ id: '8' })]
    expect(planOne([aDetail()], { links: [aLink()], vendors }, repair)).toEqual({ kind: 'unchanged' })
  })

  it('brings a deactivated vendor back under a name that is free', () => {
    const vendors = [aVendor({ active: false }), aVendor({ id: '8' })]
    const wanted = wantedOf(planOne([aDetail()], { links: [aLink()], vendors }, repair))
    expect(wanted.payload).toEqual({ name: 'Acme Steel (ACME)', active: true })
  })

  it('needs the vendors for every record it can compare, and none without records', () => {
    expect(needsSurvey([aDetail()], linksOf(aLink()), { ...OPTIONS, ...repair })).toBe(true)
    expect(needsSurvey([], linksOf(aLink()), { ...OPTIONS, ...repair })).toBe(false)
    expect(planSuppliers([], linksOf(), null, { ...OPTIONS, ...repair })).toEqual([])
  })
})

describe('needsSurvey', () => {
  const asks = (detail: Detail<SupplierDetail>, ...links: ReturnType<typeof aLink>[]) =>
    needsSurvey([detail], linksOf(...links), OPTIONS)

  it.each([
    ['is not linked', aDetail(), []],
    ['was renamed', aDetail({ name: 'Acme Metals' }), [aLink()]],
    ['was linked without our knowing the content', aDetail(), [aLink({ sent: null })]],
    ['becomes active again', aDetail(), [aLink({ sent: { ...DRAFT, active: false } })]],
    ['is of a type not sent and not linked', aDetail({ type: 'Carrier' }), []],
    ['is inactive and not linked', aDetail({ status: 'Inactive' }), []],
  ])('is true for a supplier that %s', (_, detail, links) => {
    expect(asks(detail, ...links)).toBe(true)
  })

  it.each([
    ['has no name', aDetail({ name: null }), []],
    ['changed in other fields', aDetail({ note: 'x' }), [aLink()]],
    ['keeps the suffix it has', aDetail(), [aLink({ sent: { ...DRAFT, name: 'Acme Steel (ACME)' } })]],
    ['becomes inactive', aDetail({ status: 'Inactive' }), [aLink()]],
  ])('is false for a supplier that %s', (_, detail, links) => {
    expect(asks(detail, ...links)).toBe(false)
  })

  it('must be heeded: planning without the vendors it asks for is a bug', () => {
    expect(() => planSuppliers([aDetail()], new Map(), null, OPTIONS)).toThrow(Bug)
  })
})

describe('details that are no records', () => {
  const { note } = aDetail()
  const http = { status: null, http: null, retryAfterMs: null }
  const failure = { ok: false, kind: 'transient', code: 'timed_out', message: 'No answer.', ...http } as const
  const gone = { kind: 'gone', note } as const
  const rejected = {
    kind: 'rejected',
    note: { ...note, sourceId: 'r' },
    code: 'record_unreadable',
    message: 'No id.',
  } as const
  const failed = { kind: 'failed', note: { ...note, sourceId: 'f' }, failure } as const

  it('are skipped when gone, parked when rejected and left out when the reading failed, in the same order', () => {
    const planned = planSuppliers([rejected, failed, gone], new Map(), null, OPTIONS)
    expect(planned.map(({ sourceId, decision }) => [sourceId, decision])).toMatchObject([
      ['r', { kind: 'park', code: 'record_unreadable', message: 'No id.' }],
      [ID, { kind: 'skip', code: 'gone' }],
    ])
  })
})

describe('what is kept with a decision', () => {
  it('is the supplier code, the hash of the note and the record as it was read', () => {
    const detail = aDetail({}, { emails: undefined })
    const [planned] = planSuppliers([detail], linksOf(aLink()), null, OPTIONS)
    expect(planned).toMatchObject({ sourceId: ID, sourceKey: 'ACME', sourceHash: 'h1', note: detail.note })
    expect(planned?.record).toMatchObject({ supplier: { id: ID, name: 'Acme Steel' }, address: null })
    expect(planned?.record).not.toHaveProperty('emails')
  })

  it('is the hash of the detail where the note has none', () => {
    const detail = aDetail()
    const unhashed = { ...detail, note: { ...detail.note, hash: null } } as Detail<SupplierDetail>
    expect(planSuppliers([unhashed], linksOf(aLink()), null, OPTIONS)[0]?.sourceHash).toBe('h2')
  })
})

describe('names', () => {
  const twin = (n: number, over = {}) => aDetail({ id: `5b00000${n}-x`, code: `T${n}`, ...over })
  const nameOf = (decision: Parameters<typeof wantedOf>[0]) => wantedOf(decision).targetKey

  it('go to the oldest of one batch, the others take their codes', () => {
    const older = twin(2, { createdDate: '2020-01-01T00:00:00Z' })
    const decisions = plan([twin(1), older])
    expect(nameOf(decisions.get('5b000002-x'))).toBe('Acme Steel')
    expect(nameOf(decisions.get('5b000001-x'))).toBe('Acme Steel (T1)')
  })

  it('go by id where the dates are equal, and a missing date counts as new', () => {
    const decisions = plan([twin(3, { createdDate: null }), twin(2), twin(1)])
    expect([...decisions.values()].map(nameOf)).toEqual(['Acme Steel (T3)', 'Acme Steel (T2)', 'Acme Steel'])
  })

  it('collide without regard to case and space', () => {
    const decisions = plan([twin(1), twin(2, { name: 'ACME  steel' })])
    expect(nameOf(decisions.get('5b000002-x'))).toBe('ACME steel (T2)')
  })

  it('take the beginning of the id where there is no code, or the code collides too', () => {
    const first = twin(1, { name: 'Acme Steel (T2)' })
    const decisions = plan([first, twin(0), twin(2), twin(3, { code: null })])
    expect(nameOf(decisions.get('5b000002-x'))).toBe('Acme Steel (5b000002)')
    expect(nameOf(decisions.get('5b000003-x'))).toBe('Acme Steel (5b000003)')
  })

  it('take a code of up to fifty characters; a longer one would leave too little of the name', () => {
    const withCode = (length: number) => plan([twin(1), twin(2, { code: 'c'.repeat(length) })]).get('5b000002-x')
    expect(nameOf(withCode(50))).toBe(`Acme Steel (${'c'.repeat(50)})`)
    expect(nameOf(withCode(51))).toBe('Acme Steel (5b000002)')
  })

  it('are cut so that the suffix fits', () => {
    const name = 'x'.repeat(150)
    const decisions = plan([twin(1, { name }), twin(2, { name })])
    expect(nameOf(decisions.get('5b000002-x'))).toBe(`${'x'.repeat(145)} (T2)`)
  })

  it('of vendors in use are not taken, nor those that links and intents hold', () => {
    const held = aLink({ sourceId: 'other', sourceKey: 'O', targetId: '9', targetKey: 'ACME STEEL' })
    const codeless = { code: null }
    const other = aVendor({ external_id: 'plex:123:other' })
    expect(nameOf(planOne([twin(1)], { vendors: [aVendor({ id: '9', type: 1 })] }))).toBe('Acme Steel (T1)')
    expect(nameOf(planOne([twin(1)], { links: [held] }))).toBe('Acme Steel (T1)')
    const inactive = { ...held, sent: { ...DRAFT, active: false } }
    expect(nameOf(planOne([twin(1)], { links: [inactive] }))).toBe('Acme Steel')
    expect(nameOf(planOne([twin(1, codeless)], { reserved: { other: 'acme steel' } }))).toBe('Acme Steel (5b000001)')
    expect(nameOf(planOne([twin(1)], { vendors: [{ ...other, active: false }] }))).toBe('Acme Steel')
  })

  it('reserved by an intent of the supplier itself are its own', () => {
    expect(nameOf(planOne([aDetail()], { reserved: { [ID]: 'Acme Steel' } }))).toBe('Acme Steel')
  })

  it('of linked suppliers that were renamed into a collision take the suffix', () => {
    const vendors = [aVendor(), aVendor({ id: '8', name: 'Acme Metals', external_id: 'NS-1' })]
    const wanted = wantedOf(planOne([aDetail({ name: 'Acme Metals' })], { links: [aLink()], vendors }))
    expect(wanted.payload).toEqual({ name: 'Acme Metals (ACME)' })
  })

  it('given up in the same pass are not free yet: the renaming may fail', () => {
    const vendors = [aVendor({ external_id: OUR_ID })]
    const decisions = plan([aDetail({ name: 'Acme Metals' }), twin(1)], { links: [aLink()], vendors })
    expect(nameOf(decisions.get('5b000001-x'))).toBe('Acme Steel (T1)')
  })

  it('swapped between two suppliers never meet, and stay as they then are', () => {
    const second = { sourceId: '5b000002-x', sourceKey: 'T2', targetId: '8', targetKey: 'Bolt' }
    const links = [aLink(), aLink({ ...second, sent: { ...DRAFT, name: 'Bolt' } })]
    const vendors = [aVendor(), aVendor({ id: '8', name: 'Bolt' })]
    const details = [aDetail({ name: 'Bolt' }), twin(2)]
    const names = [...plan(details, { links, vendors }).values()].map(nameOf)
    expect(names).toEqual(['Bolt (ACME)', 'Acme Steel (T2)'])
    const after = links.map((link, at) => ({
      ...link,
      targetKey: names[at] ?? null,
      sent: { ...DRAFT, name: names[at] ?? '' },
    }))
    expect([...plan(details, { links: after }).values()]).toEqual([{ kind: 'unchanged' }, { kind: 'unchanged' }])
  })

  it('with our suffix stay when the collision is gone, until the supplier is renamed', () => {
    const links = [aLink({ targetKey: 'Acme Steel (ACME)', sent: { ...DRAFT, name: 'Acme Steel (ACME)' } })]
    const vendors = [aVendor({ name: 'Acme Steel (ACME)' })]
    expect(planOne([aDetail()], { links, vendors })).toEqual({ kind: 'unchanged' })
    expect(nameOf(planOne([aDetail({ name: 'Acme Metals' })], { links, vendors }))).toBe('Acme Metals')
  })

  it('are not respelled into the name of another vendor', () => {
    const vendors = [aVendor(), aVendor({ id: '8', name: 'ACME STEEL', external_id: 'NS-1' })]
    expect(planOne([aDetail()], { links: [aLink()], vendors })).toEqual({ kind: 'unchanged' })
    expect(nameOf(planOne([aDetail({ name: 'ACME Steel' })], { links: [aLink()], vendors }))).toBe('ACME Steel (ACME)')
  })

  it('of a supplier that comes back to life are taken anew', () => {
    const links = [aLink({ sent: { ...DRAFT, active: false } })]
    const world = { links, vendors: [aVendor({ active: false }), aVendor({ id: '8' })] }
    expect(wantedOf(planOne([aDetail()], world)).payload).toEqual({ name: 'Acme Steel (ACME)', active: true })
    const alone = { links, vendors: [aVendor({ active: false })] }
    expect(wantedOf(planOne([aDetail()], alone)).payload).toEqual({ active: true })
  })

  it('of a supplier that becomes inactive need not differ from others', () => {
    const world = { links: [aLink()], vendors: [aVendor(), aVendor({ id: '8', name: 'Bolt' })] }
    const wanted = wantedOf(planOne([aDetail({ name: 'Bolt', status: 'Inactive' })], world))
    expect(wanted.payload).toEqual({ name: 'Bolt', active: false })
  })

  it('that nothing is left of are parked', () => {
    const forms = ['Acme Steel', 'Acme Steel (T1)', 'Acme Steel (5b000001)', 'Acme Steel (5b000001-x)']
    const vendors = forms.map((name, at) => aVendor({ id: `${at}`, name, type: 1 }))
    expect(planOne([twin(1)], { vendors })).toMatchObject({ kind: 'park', code: 'vendor_ambiguous' })
  })
})
