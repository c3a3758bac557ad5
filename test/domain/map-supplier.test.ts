import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOneOf, mapSupplier, supplierExternalId } from '../../src/domain/map-supplier.js'
import type { Supplier, SupplierAddress, SupplierDetail } from '../../src/domain/supplier.js'
import { countPoints } from '../../src/domain/text.js'
import { anAddress, aSupplier, DRAFT, NO_ADDRESS } from './supplier-factories.js'

function map(over: Partial<Supplier>, rest: Partial<SupplierDetail> = {}) {
  const mapped = mapSupplier({ supplier: aSupplier(over), ...NO_ADDRESS, ...rest }, ['Inactive'])
  if ('reasons' in mapped) throw new Error(mapped.reasons.join())
  return mapped
}
const mapAddress = (over: Partial<SupplierAddress>) => map({}, { address: anAddress(over) })
const mapEmails = (...emails: string[]) => map({}, { emails })

describe('mapSupplier', () => {
  it('decides every field of a supplier with nothing but a name', () => {
    expect(map({})).toEqual({ draft: DRAFT, remarks: [] })
  })

  it('refuses a supplier whose name is blank', () => {
    const mapped = mapSupplier({ supplier: aSupplier({ name: ' \u200b ' }), ...NO_ADDRESS }, [])
    expect(mapped).toEqual({ code: 'name_missing', reasons: ['Supplier ACME has no name in Plex.'] })
  })

  it('cuts a long name to 150 characters and says so', () => {
    const { draft, remarks } = map({ name: 'x'.repeat(151) })
    expect(draft.name).toBe('x'.repeat(150))
    expect(remarks).toEqual(['name cut to 150 characters'])
  })

  it('keeps the lines of a note', () => {
    expect(map({ note: 'Pays  late.\r\nCall first.' }).draft.comments).toBe('Pays late.\nCall first.')
  })

  it('leaves out a web address over 200 characters: half a link is a wrong link', () => {
    const fits = `https://acme.example/${'x'.repeat(179)}`
    expect(map({ webAddress: fits })).toMatchObject({ draft: { url: fits }, remarks: [] })
    expect(map({ webAddress: `${fits}x` })).toMatchObject({
      draft: { url: null },
      remarks: ['url left out: longer than 200 characters'],
    })
  })

  it('takes the status for inactive only if the settings name it', () => {
    expect(map({ status: 'INACTIVE ' }).draft.active).toBe(false)
    expect(map({ status: 'Hold' }).draft.active).toBe(true)
    expect(map({ status: null }).draft.active).toBe(true)
  })

  it('decides nothing about what could not be read', () => {
    const { draft } = map({}, { address: undefined, emails: undefined })
    expect(Object.keys(draft).sort()).toEqual(['active', 'comments', 'name', 'url'])
  })
})

describe('the address', () => {
  it('is taken over field by field', () => {
    expect(mapAddress({ fax: '555-0101' }).draft).toMatchObject({
      ...{
        addressLineOne: '1 Mill Road',
        addressLineTwo: null,
        postalCode: '48083',
        city: 'Troy',
        state_province: 'MI',
      },
      ...{ country: 'USA', phoneOne: '555-0100', fax: '555-0101' },
    })
  })

  it('has its first line apart and the others on the second', () => {
    const { draft } = mapAddress({ address: '1 Mill Road\r\n\r\nBuilding  7\nDock 2' })
    expect(draft).toMatchObject({ addressLineOne: '1 Mill Road', addressLineTwo: 'Building 7, Dock 2' })
  })

  it('is cut where Procurify takes no more', () => {
    const long = 'x'.repeat(301)
    const { draft, remarks } = mapAddress({ address: `${long}\n${long}`, city: long, state: long, country: long })
    const lengths = [draft.addressLineOne, draft.addressLineTwo, draft.city, draft.state_province, draft.country]
    expect(lengths.map((text) => text?.length)).toEqual([300, 300, 50, 40, 80])
    expect(remarks).toHaveLength(5)
  })

  it('has numbers as Plex has them, as long as they fit', () => {
    const phone = '+1 (555) 010-0123 45'
    expect(phone).toHaveLength(20)
    expect(mapAddress({ phone }).draft.phoneOne).toBe(phone)
  })

  it('has no half numbers: too long without its spaces, a number is left out', () => {
    const { draft, remarks } = mapAddress({
      phone: '+1 (555) 010-0123 4567',
      fax: '+1 (555) 010-0100 ext. 12345',
      zip: 'x'.repeat(21),
    })
    expect(draft).toMatchObject({ phoneOne: '+1(555)010-01234567', fax: null, postalCode: null })
    expect(remarks).toEqual([
      'postalCode left out: longer than 20 characters',
      'fax left out: longer than 20 characters',
    ])
  })
})

describe('e-mail addresses', () => {
  it('are sorted, each once, whatever its case', () => {
    expect(mapEmails('b@acme.example', ' a@acme.example', 'B@ACME.example').draft.email).toEqual([
      'a@acme.example',
      'b@acme.example',
    ])
  })

  it('are taken as long as addresses can be', () => {
    const longest = `${'x'.repeat(241)}@acme.example`
    expect(longest).toHaveLength(254)
    expect(mapEmails(longest).draft.email).toEqual([longest])
  })

  it('are taken apart where one field holds several', () => {
    expect(mapEmails('b@acme.example; a@acme.example,').draft.email).toEqual(['a@acme.example', 'b@acme.example'])
  })

  it.each([
    'acme',
    'a@acme',
    'a b@acme.example',
    '@acme.example',
    'a@@acme.example',
    'Ann <a@acme.example>',
    'a@acme..example',
    `${'x'.repeat(242)}@acme.example`,
  ])('are left out when they cannot be any, without repeating them: %s', (text) => {
    expect(mapEmails(text)).toMatchObject({
      draft: { email: [] },
      remarks: ['email: 1 left out that cannot be addresses'],
    })
  })
})

describe('mapSupplier, whatever Plex holds', () => {
  const text = fc.option(fc.string({ unit: 'binary', maxLength: 400 }), { nil: null })
  const address = fc.record({
    address: text,
    city: text,
    zip: text,
    state: text,
    country: text,
    phone: text,
    fax: text,
  })

  it('stays within the limits of Procurify and never sends an empty text', () => {
    const limits = {
      ...{
        name: 150,
        url: 200,
        addressLineOne: 300,
        addressLineTwo: 300,
        postalCode: 20,
        city: 50,
        state_province: 40,
      },
      ...{ country: 80, phoneOne: 20, fax: 20 },
    }
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        text,
        text,
        address,
        (name, webAddress, note, place) => {
          const supplier = aSupplier({ name: `x${name}`, webAddress, note })
          const mapped = mapSupplier({ supplier, address: anAddress(place), emails: [] }, [])
          if ('reasons' in mapped) throw new Error('A name that begins with a letter is a name.')
          for (const [field, max] of Object.entries(limits)) {
            const value = mapped.draft[field as keyof typeof limits]
            if (value !== null) expect(countPoints(value ?? '')).toBeLessThanOrEqual(max)
          }
          const texts = Object.values(mapped.draft).filter((value) => typeof value === 'string')
          expect(texts.filter((value) => value === '' || /\p{Cs}/u.test(value) || value.includes('\0'))).toEqual([])
        },
      ),
    )
  })

  it('gives the same list of e-mails in whatever order they came', () => {
    const emails = fc.uniqueArray(fc.constantFrom('a@x.example', 'A@x.example', 'b@x.example', 'B@X.example', 'nobody'))
    fc.assert(
      fc.property(emails, (list) => {
        expect(mapEmails(...[...list].reverse())).toEqual(mapEmails(...list))
      }),
    )
  })
})

describe('isOneOf', () => {
  it('compares the names of customers own lists folded', () => {
    expect(isOneOf(' CARRIER', ['Vendor', 'carrier'])).toBe(true)
    expect(isOneOf('Carriers', ['carrier'])).toBe(false)
    expect(isOneOf(null, ['carrier'])).toBe(false)
  })
})

it('writes the external id with the PCN, since ids repeat across PCNs', () => {
  expect(supplierExternalId('123', 'abc')).toBe('plex:123:abc')
})
