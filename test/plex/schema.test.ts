import { describe, expect, it } from 'vitest'
import { Contact, parseRecord, Supplier, SupplierAddress } from '../../src/plex/schema.js'

const ID = '5a000001-0000-4000-8000-000000000001'
const NO_ID = '00000000-0000-0000-0000-000000000000'

describe('a record of Plex', () => {
  it('keeps only what is used, with absent, null, blank and all-zero members as null', () => {
    const row = { id: ID, code: NO_ID, oldCode: null, name: '  Acme ', status: ' ', type: '', note: '12', secret: 'x' }
    expect(parseRecord(Supplier, 'supplier', row)).toEqual({
      ok: true,
      record: {
        ...{ id: ID, code: null, oldCode: null, name: '  Acme ', status: null, type: null, webAddress: null },
        ...{ note: '12', createdDate: null, modifiedDate: null },
      },
    })
  })

  it.each<[unknown, boolean]>([
    [true, true],
    ['1', true],
    [1, true],
    ['true', true],
    [false, false],
    ['0', false],
    [null, false],
    [undefined, false],
  ])('reads the flag %j as %s', (main, expected) => {
    const parsed = parseRecord(SupplierAddress, 'address', { id: ID, main } as never)
    expect(parsed.ok && parsed.record.main).toBe(expected)
  })

  it.each<[string, unknown, string]>([
    ['no object', 'text', 'The supplier of Plex cannot be read: it is no object.'],
    ['a list', [], 'The supplier of Plex cannot be read: it is no object.'],
    ['without an id', { name: 'x' }, 'The supplier of Plex cannot be read: id is no text.'],
    ['with an empty id', { id: NO_ID }, 'The supplier of Plex cannot be read: id is missing.'],
    ['with odd members', { id: ID, name: {}, code: [1] }, 'cannot be read: code is no text, name is no text.'],
  ])('is refused in one sentence: %s', (_case, row, sentence) => {
    const parsed = parseRecord(Supplier, 'supplier', row as never)
    expect(parsed.ok ? '' : parsed.why).toContain(sentence)
  })

  it('of a contact tells nothing private', () => {
    const parsed = parseRecord(Contact, 'contact', {
      id: ID,
      supplierId: ID,
      email: 'a@b.c',
      birthDate: '1970',
      homeAddress: 'x',
    })
    expect(parsed).toEqual({ ok: true, record: { supplierId: ID, email: 'a@b.c' } })
  })
})
