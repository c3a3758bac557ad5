import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundsOf, formatProblem, readDate, writeDate } from '../../../src/plex/soap/dates.js'
import { readRow, fromId } from '../../../src/plex/soap/cells.js'
import { parseSoapMap, type Block } from '../../../src/plex/soap/map.js'

const ZONE = 'America/Detroit'
const FORMAT = 'YYYY-MM-DD HH:mm:ss'

function blockOf(changes: Record<string, unknown> = {}, name = 'orders'): Block {
  const columns = {
    poNumber: 'PO_No',
    supplierId: 'Supplier_No',
    dueDate: 'Due',
    lineItemTotal: 'Total',
    blanketOrder: 'Blanket',
  }
  const flags = { cancelled: 'C', received: 'R', onOrder: 'O' }
  const block = {
    dataSourceKey: 1,
    cursorColumn: 'Updated',
    keyColumns: ['PO_Key'],
    columns: { ...columns, ...flags },
    ...changes,
  }
  const map = parseSoapMap(JSON.stringify({ [name]: block }), ZONE)
  if ('problems' in map) throw new Error(map.problems.join('\n'))
  const found = map.blocks[name as 'orders']
  if (found === undefined) throw new Error('no block')
  return found
}

const row = (cells: Record<string, string | null>) =>
  new Map(Object.entries(cells).map(([column, text]) => [column.toLowerCase(), text]))

describe('dates', () => {
  it.each([
    ['3/4/2026 9:10:11 AM', '2026-03-04T14:10:11Z'],
    ['3/4/2026 12:00:00 AM', '2026-03-04T05:00:00Z'],
    ['7/4/2026 12:05 PM', '2026-07-04T16:05:00Z'],
    ['03/04/2026 21:10:11.5', '2026-03-05T02:10:11.5Z'],
    ['3/4/2026', '2026-03-04T05:00:00Z'],
    ['Mar  4 2026  9:10AM', '2026-03-04T14:10:00Z'],
    ['Mar 4 2026 9:10:11:123PM', '2026-03-05T02:10:11.123Z'],
    ['2026-03-04 09:10:11.1234567', '2026-03-04T14:10:11.1234567Z'],
    ['2026-03-04T09:10:11', '2026-03-04T14:10:11Z'],
    ['2026-03-04T09:10:11.1234567Z', '2026-03-04T09:10:11.1234567Z'],
    ['2026-03-04T09:10:11-05:00', '2026-03-04T09:10:11-05:00'],
    ['1/1/1900 12:00:00 AM', null],
    ['1/1/0001 12:00:00 AM', null],
  ])('%s is %s', (cell, instant) => expect(readDate(cell, 'M/D/YYYY', ZONE)).toBe(instant))

  it.each(['13/4/2026', '2/30/2026', '3/4/26', '3/4/2026 13:00 AM', '3/4/2026 9:61 AM', 'soon', '20260304'])(
    '%s is none',
    (cell) => expect(readDate(cell, 'M/D/YYYY', ZONE)).toBeUndefined(),
  )

  it('have the day first where the map says so', () => {
    expect(readDate('13/4/2026', 'D/M/YYYY', 'Europe/Berlin')).toBe('2026-04-12T22:00:00Z')
  })

  it('are written in the format of the input and mean the same', () => {
    expect(writeDate(Date.UTC(2026, 2, 4, 21, 5, 6), 'M/D/YYYY h:mm:ss A')).toBe('3/4/2026 9:05:06 PM')
    expect(writeDate(Date.UTC(2026, 2, 4, 0, 5, 6), 'MMM D YYYY hh:mmA')).toBe('Mar 4 2026 12:05AM')
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(2070, 0) }),
        fc.constantFrom('M/D/YYYY h:mm:ss A', FORMAT),
        (ms, format) => {
          const second = Math.floor(ms / 1000) * 1000
          expect(readDate(writeDate(second, format), 'M/D/YYYY', 'UTC')).toBe(
            new Date(second).toISOString().replace('.000', ''),
          )
        },
      ),
    )
    expect([FORMAT, 'M/D/YYYY', 'MM-YYYY', 'YYYY-MM-DD h:mm'].map(formatProblem)).toEqual([
      null,
      null,
      'has no D',
      'has hours of half a day (h) without A for AM or PM',
    ])
  })
})

describe('the bounds of a window', () => {
  it('are rounded outwards, and open ends are dates every server knows', () => {
    expect(boundsOf('2026-03-04T14:10:11.1234567Z', '2026-03-04T14:10:12.0000001Z', FORMAT, ZONE)).toMatchObject({
      since: '2026-03-04 09:10:11',
      until: '2026-03-04 09:10:13',
    })
    expect(boundsOf('2026-03-04T14:10:11Z', '2026-03-04T14:10:11Z', 'M/D/YYYY', ZONE)).toMatchObject({
      since: '3/4/2026',
      until: '3/5/2026',
    })
    expect(boundsOf(null, null, FORMAT, ZONE)).toMatchObject({
      since: '1900-01-01 00:00:00',
      until: '2079-01-01 00:00:00',
    })
  })

  it('take in every record that was changed inside, also while the clocks go back', () => {
    const around = fc.integer({ min: Date.parse('2026-11-01T03:00:00Z'), max: Date.parse('2026-11-01T09:00:00Z') })
    fc.assert(
      fc.property(around, around, fc.nat({ max: 7_200_000 }), (changed, from, back) => {
        fc.pre(changed >= from - back)
        const { since } = boundsOf(new Date(from - back).toISOString(), null, FORMAT, ZONE)
        // The data source compares what the clock showed, to the second.
        const shown = new Date(changed).toLocaleString('sv-SE', { timeZone: ZONE })
        expect(shown >= since).toBe(true)
        const stamp = readDate(shown, 'M/D/YYYY', ZONE) ?? ''
        expect(Date.parse(stamp)).toBeGreaterThanOrEqual(Math.floor((from - back) / 1000) * 1000)
      }),
    )
  })
})

describe('a row', () => {
  it('becomes a record in the members of the REST API', () => {
    const cells = {
      PO_Key: '501',
      PO_No: '00123',
      Supplier_No: '4711',
      Due: '3/4/2026 12:00:00 AM',
      Total: '1,234.50',
      Blanket: '0',
    }
    const flags = { C: 'true', R: '0', O: '1', Updated: '3/4/2026 9:10:11 AM' }
    expect(readRow(row({ ...cells, ...flags }), blockOf())).toEqual({
      ...{
        id: '501',
        poNumber: '00123',
        supplierId: '4711',
        dueDate: '2026-03-04T05:00:00Z',
        lineItemTotal: '1234.50',
      },
      ...{ blanketOrder: false, cancelled: true, received: false, onOrder: true, modifiedDate: '2026-03-04T14:10:11Z' },
    })
  })

  it('takes blanks for null, and 0 for "nothing referred to"', () => {
    const cells = {
      PO_Key: '501',
      PO_No: '',
      Supplier_No: '0',
      Due: '  ',
      Total: null,
      Blanket: null,
      C: '0',
      R: '0',
      O: '0',
    }
    expect(readRow(row({ ...cells, Updated: null }), blockOf())).toMatchObject({
      ...{
        poNumber: null,
        supplierId: null,
        dueDate: null,
        lineItemTotal: null,
        blanketOrder: null,
        modifiedDate: null,
      },
    })
  })

  it('marks cells that are not what the map says, with the reason', () => {
    const cells = { PO_Key: '501', PO_No: '1', Supplier_No: '1', Due: '13/4/2026', Total: '1.234,50', Blanket: 'maybe' }
    const read = readRow(row({ ...cells, C: '0', R: '0', O: '0', Updated: null }), blockOf())
    expect(read['dueDate']).toEqual({ unreadable: 'holds "13/4/2026", which is no date (M/D/YYYY)' })
    expect(read['lineItemTotal']).toEqual({ unreadable: 'holds "1.234,50", which is no number (1,234.56)' })
    expect(read['blanketOrder']).toMatchObject({ unreadable: expect.stringContaining('"maybe"') as string })
  })

  it('reads decimals and flags as the map says', () => {
    const block = blockOf({ decimalFormat: '1.234,56', flags: { true: ['J'], false: ['N'] } })
    const cells = {
      PO_Key: '1',
      PO_No: '1',
      Supplier_No: '1',
      Due: null,
      Total: '1.234,50',
      Blanket: 'j',
      C: 'N',
      R: 'n',
      O: 'J',
    }
    expect(readRow(row({ ...cells, Updated: null }), block)).toMatchObject({
      lineItemTotal: '1234.50',
      blanketOrder: true,
      onOrder: true,
    })
    expect(readRow(row({ ...cells, Total: ',5', Updated: null }), block)).toMatchObject({ lineItemTotal: '0.5' })
  })

  it('has an id of all its key columns, which leads back to the keys', () => {
    const block = blockOf({ keyColumns: ['PO_Key', 'Rev'] })
    const cells = {
      PO_No: '1',
      Supplier_No: '1',
      Due: null,
      Total: null,
      Blanket: null,
      C: '0',
      R: '0',
      O: '0',
      Updated: null,
    }
    expect(readRow(row({ ...cells, PO_Key: '1', Rev: 'A/2' }), block)['id']).toBe('1-A%2F2')
    expect(fromId('A%2F2%25')).toBe('A/2%')
    expect(readRow(row({ ...cells, PO_Key: '1', Rev: null }), block)['id']).toBeNull()
  })
})
