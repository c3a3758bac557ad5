import { expect, it } from 'vitest'
import { Vendor } from '../../src/procurify/schema.js'

it('a vendor is read with its ids as text and without a distinction between null, empty and absent', () => {
  const row = {
    id: 12,
    name: 'Acme',
    type: '3',
    url: '',
    comments: null,
    email: ['a@b.c', ' '],
    overall_score: 1,
    external_id: '',
  }
  expect(Vendor.parse(row)).toEqual({
    ...{
      id: '12',
      name: 'Acme',
      active: true,
      type: 3,
      external_id: null,
      url: null,
      comments: null,
      email: ['a@b.c'],
    },
    ...{
      addressLineOne: null,
      addressLineTwo: null,
      postalCode: null,
      city: null,
      state_province: null,
      country: null,
    },
    ...{ phoneOne: null, fax: null, is_auto_email_po_enabled: false },
  })
})

it('tolerates e-mail addresses in other shapes', () => {
  expect(Vendor.parse({ id: '1', email: 'a@b.c' }).email).toEqual(['a@b.c'])
  expect(Vendor.parse({ id: '1', email: null }).email).toEqual([])
})

it('needs nothing but an id', () => {
  expect(Vendor.parse({ id: '1' })).toMatchObject({ id: '1', name: '', type: 0, active: true })
  expect(Vendor.safeParse({ name: 'x' }).success).toBe(false)
  expect(Vendor.safeParse('x').success).toBe(false)
})
