import { describe, expect, it } from 'vitest'
import { indexReserved } from '../../src/domain/vendor-books.js'

describe('the index of reserved names', () => {
  it('grows with its map, without reading again what it has read', () => {
    const reserved = new Map([['s1', 'Acme  Steel']])
    expect(indexReserved(reserved).owners.get('acme steel')).toEqual(['supplier:s1'])
    expect(indexReserved(reserved).owners.get('bolt')).toBeUndefined()
    expect(indexReserved(reserved).by.get('acme steel')).toBe('s1')
    reserved.set('s2', 'ACME STEEL').set('s3', 'Bolt')
    const index = indexReserved(reserved)
    expect(index.owners.get('acme steel')).toEqual(['supplier:s1', 'supplier:s2'])
    expect(index.by.get('acme steel')).toBe('s2')
    expect(index.owners.get('bolt')).toEqual(['supplier:s3'])
    expect(indexReserved(reserved).by).toBe(index.by)
  })

  it('is another one for another map', () => {
    const before = new Map([['s1', 'Acme']])
    indexReserved(before)
    expect(indexReserved(new Map(before).set('s1', 'Bolt')).owners.get('bolt')).toEqual(['supplier:s1'])
  })
})
