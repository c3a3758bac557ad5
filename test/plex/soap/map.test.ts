import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSoapMap, type SoapMap } from '../../../src/plex/soap/map.js'
import { BLOCK_NAMES } from '../../../src/plex/soap/members.js'

const EXAMPLE = readFileSync(new URL('../../../src/plex/soap-map.example.json', import.meta.url), 'utf8')

function mapOf(file: unknown, zone: string | null = 'America/Detroit'): SoapMap {
  const map = parseSoapMap(typeof file === 'string' ? file : JSON.stringify(file), zone)
  if ('problems' in map) throw new Error(map.problems.join('\n'))
  return map
}
function problemsOf(file: unknown, zone: string | null = null): readonly string[] {
  const map = parseSoapMap(typeof file === 'string' ? file : JSON.stringify(file), zone)
  return 'problems' in map ? map.problems : []
}

const SUPPLIERS = {
  dataSourceKey: 990001,
  inputs: { '@Updated_From': '{since}', '@Updated_To': '{until}' },
  cursorColumn: 'Updated_Date',
  keyColumns: ['Supplier_No'],
  columns: { name: 'Name' },
}

describe('the map', () => {
  it('ships as an example that is free of mistakes and has a block for every stream', () => {
    const { blocks } = mapOf(EXAMPLE)
    const optional = ['addresses', 'contacts', 'orderStatuses', 'releaseStatuses']
    expect(Object.keys(blocks).sort()).toEqual(BLOCK_NAMES.filter((name) => !optional.includes(name)).sort())
  })

  it('takes the form the contract suggests', () => {
    const { blocks } = mapOf(
      {
        suppliers: {
          ...{ dataSourceKey: 990001, dataSourceName: null },
          inputs: { '@Updated_From': '{since}', '@Updated_To': '{until}' },
          ...{ inputDateFormat: 'YYYY-MM-DD HH:mm:ss', timeZone: 'America/Detroit' },
          paging: { mode: 'none', topInput: '@Top_N', afterInput: '@Start_Key', keyColumn: 'Supplier_No' },
          ...{ cursorColumn: 'Updated_Date', keyColumns: ['Supplier_No'] },
          columns: { id: 'Resource_ID', code: 'Supplier_Code', name: 'Name' },
        },
      },
      null,
    )
    expect(blocks.suppliers).toMatchObject({
      ...{ dataSourceKey: '990001', paging: null, timeZone: 'America/Detroit', keyColumns: ['Supplier_No'] },
      columns: { code: 'Supplier_Code', name: 'Name', modifiedDate: 'Updated_Date' },
    })
  })

  it('takes the zone of the plant where a block has none, and defaults before its own', () => {
    expect(mapOf({ suppliers: SUPPLIERS }).blocks.suppliers?.timeZone).toBe('America/Detroit')
    const map = mapOf({ defaults: { timeZone: 'UTC', dateFormat: 'D/M/YYYY' }, suppliers: SUPPLIERS })
    expect(map.blocks.suppliers).toMatchObject({ timeZone: 'UTC', dateFormat: 'D/M/YYYY', decimalFormat: '1,234.56' })
  })

  it('tells every mistake of form at once', () => {
    const problems = problemsOf({
      supliers: {},
      soapVersion: 1.1,
      suppliers: { ...SUPPLIERS, keyColumns: [], colums: {}, timeZone: 'Detroit', paging: { mode: 'pages' } },
      orders: { dataSourceKey: 'x1', keyColumns: ['PO_Key'], columns: { poNumber: '' } },
    })
    const about = [
      'supliers',
      'soapVersion',
      'suppliers.keyColumns',
      'colums',
      'suppliers.timeZone',
      'suppliers.paging.mode',
    ]
    for (const part of [...about, 'orders.dataSourceKey', 'orders.columns.poNumber']) {
      expect(
        problems.filter((problem) => problem.includes(part)),
        part,
      ).toHaveLength(1)
    }
  })

  it('tells every mistake of sense at once', () => {
    const problems = problemsOf({
      suppliers: {
        ...{
          inputs: { '@From': '{sinse}', '@Top': '1' },
          inputDateFormat: 'DD',
          keyColumns: ['No'],
          columns: { nam: 'Name' },
        },
        paging: { mode: 'after-key', topInput: '@Top' },
      },
      orders: { ...SUPPLIERS, columns: { poNumber: 'PO_No', supplierId: 'S', status: 'St', modifiedDate: 'Other' } },
      releases: { ...SUPPLIERS, columns: { poId: 'P', poLineItemId: 'L', quantity: 'Q' } },
    })
    const about = [
      ...[
        'suppliers.dataSourceKey is required',
        'suppliers.columns.nam is not known',
        'suppliers.columns.name is required',
      ],
      ...[
        'suppliers.inputs.@From may hold',
        'suppliers.cursorColumn is required',
        'suppliers.inputDateFormat has no YYYY',
      ],
      ...['suppliers.paging.afterInput', 'suppliers.paging.keyColumn', 'suppliers.inputs.@Top is filled by paging'],
      ...['orders.timeZone is required, or set PLEX_TIMEZONE', 'orders.columns.modifiedDate is another column'],
      ...['orders.columns needs cancelled', 'releases.columns needs cancelled'],
    ]
    for (const part of about)
      expect(
        problems.filter((problem) => problem.startsWith(part)),
        part,
      ).toHaveLength(1)
  })

  it('is refused when it is no JSON, or names nothing', () => {
    expect(problemsOf('{,}')).toEqual([expect.stringContaining('no JSON')])
    expect(problemsOf({})).toEqual([expect.stringContaining('names no data source')])
  })
})
