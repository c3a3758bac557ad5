import { describe, expect, it } from 'vitest'
import { parseRefdataMap } from '../../src/domain/refdata-map.js'

const read = (file: unknown) => parseRefdataMap(typeof file === 'string' ? file : JSON.stringify(file))

describe('a map that is right', () => {
  it('keeps numbers exact but trimmed, and finds names whatever their case', () => {
    const map = read({
      accounts: { ' 0100 ': '100' },
      departments: { Maint: 'Maintenance', Tooling: { name: 'Tool Room', location: 'West' } },
      locations: { MAIN: 'Main Plant' },
    })
    expect(map).toEqual({
      accounts: new Map([['0100', { given: '0100', target: '100' }]]),
      departments: new Map([
        ['maint', { given: 'Maint', target: { name: 'Maintenance', location: null } }],
        ['tooling', { given: 'Tooling', target: { name: 'Tool Room', location: 'West' } }],
      ]),
      locations: new Map([['main', { given: 'MAIN', target: 'Main Plant' }]]),
    })
  })

  it('may leave sections out, and may name one department for several Plex names', () => {
    expect(read({})).toEqual({ accounts: new Map(), departments: new Map(), locations: new Map() })
    expect(read({ departments: { A: 'Tools', B: 'Tools' } })).toHaveProperty('departments')
  })
})

describe('mistakes', () => {
  it('are all told at once', () => {
    const map = read({
      accounts: { '1': 100, '2': '', '3': 'X', ' 3': 'Y', '4': 'X' },
      departments: { A: { name: 'B', site: 'C' }, D: { name: 'E', location: '' }, F: null },
      locations: ['MAIN'],
      vendors: {},
    })
    expect('problems' in map && map.problems).toEqual([
      '"vendors" is unknown: it may hold accounts, departments, locations.',
      '"accounts", "1": must be a text in quotes, not 100.',
      '"accounts", "2": must be a text in quotes, not "".',
      '"accounts", "4": is paired with the same as "3".',
      '"accounts", " 3": is there twice.',
      '"departments", "A": must be a name in quotes or {"name", "location"}, not {"name":"B","site":"C"}.',
      '"departments", "D": must be a name in quotes or {"name", "location"}, not {"name":"E","location":""}.',
      '"departments", "F": must be a name in quotes or {"name", "location"}, not null.',
      '"locations" must be an object { ... }.',
    ])
  })

  it('are told of a file that is no JSON or no object', () => {
    expect(read('{ "accounts": ')).toEqual({ problems: [expect.stringContaining('is not JSON')] })
    expect(read('[]')).toEqual({ problems: ['The file must be an object { ... }.'] })
  })

  it('are told of two pairs with one location or one department at a location', () => {
    expect(read({ locations: { A: 'Main', B: 'MAIN' } })).toEqual({
      problems: ['"locations", "B": is paired with the same as "A".'],
    })
    const twice = { departments: { A: { name: 'X', location: 'Main' }, B: { name: 'x', location: 'main' } } }
    expect(read(twice)).toEqual({ problems: ['"departments", "B": is paired with the same as "A".'] })
  })
})
