import { describe, expect, it } from 'vitest'
import { findCandidates, indexCandidates } from '../../src/domain/vendor-candidates.js'
import { aVendor } from './supplier-factories.js'

const namesOf = (name: string, vendors: ReturnType<typeof aVendor>[], most = 5) =>
  findCandidates(name, indexCandidates(vendors), most).map(({ id }) => id)

describe('candidates for a supplier', () => {
  it('are those of its name before those of nearly its name, each once', () => {
    const vendors = [
      aVendor({ id: 'near', name: 'Acme Steel' }),
      aVendor({ id: 'other', name: 'Bolts and Nuts' }),
      aVendor({ id: 'same', name: ' ACME STEEL INC. ' }),
      aVendor({ id: 'same too', name: 'acme steel inc.' }),
    ]
    expect(namesOf('Acme Steel Inc.', vendors)).toEqual(['same', 'same too', 'near'])
    expect(namesOf('Nobody', vendors)).toEqual([])
  })

  it('are active ones first, and as many as were asked for', () => {
    const vendors = [
      aVendor({ id: '1', name: 'Acme', active: false }),
      aVendor({ id: '2', name: 'Acme' }),
      aVendor({ id: '3', name: 'Acme', active: false }),
      aVendor({ id: '4', name: 'Acme Inc' }),
    ]
    expect(namesOf('Acme', vendors)).toEqual(['2', '4', '1', '3'])
    expect(namesOf('Acme', vendors, 2)).toEqual(['2', '4'])
  })
})
