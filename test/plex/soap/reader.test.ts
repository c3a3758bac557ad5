/** The reader against a server of the test's own: what is asked, how often, and what is made of it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/domain/secret.js'
import { makePlexSoap } from '../../../src/plex/client.js'
import { parseSoapMap } from '../../../src/plex/soap/map.js'
import { makeSoapReader } from '../../../src/plex/soap/reader.js'
import { readCall, rowsReply, type Cells } from '../../../src/sandbox/plex-soap-text.js'
import { createTestDatabase, type TestDatabase } from '../../support/database.js'
import { failureOf, makeDeps, startServer, valueOf, type TestServer } from '../../support/http.js'

let database: TestDatabase
let server: TestServer
beforeAll(async () => {
  database = await createTestDatabase()
})
afterEach(() => server.close())
afterAll(() => database.close())

const SUPPLIERS = {
  ...{ dataSourceKey: 1, cursorColumn: 'Updated', keyColumns: ['No'], columns: { name: 'Name', createdDate: 'Added' } },
  inputs: { '@From': '{since}', '@To': '{until}' },
}
const LINES = {
  dataSourceKey: 2,
  keyColumns: ['Line'],
  inputs: { '@Keys': '{ids}' },
  columns: { poId: 'PO', unitPrice: 'Price' },
}

type Answer = (inputs: ReadonlyMap<string, string>, turn: number) => Cells[] | number

/** A reader over these blocks; the server answers each call with rows, or with a status. */
async function open(blocks: Record<string, unknown>, answer: Answer, timeoutMs = 5000) {
  server = await startServer()
  server.answer = (response, { body }, turn) => {
    const call = readCall(body)
    const made = answer(call?.inputs ?? new Map(), turn)
    if (made === 0) return
    if (typeof made === 'number') return void response.writeHead(made).end('busy')
    const reply = rowsReply({ key: call?.key ?? '', name: '' }, made, 'absent')
    response.writeHead(200, { 'content-type': 'text/xml' }).end(reply.render?.(made))
  }
  const map = parseSoapMap(JSON.stringify(blocks), 'UTC')
  if ('problems' in map) throw new Error(map.problems.join('\n'))
  const credentials = { username: new Secret('works@plex.example'), password: new Secret('pass-word-123') }
  const deps = makeDeps(database, credentials, { timeoutMs })
  const settings = {
    baseUrl: `${server.url}/DataSource/Service.asmx`,
    auth: 'basic',
    tokenUrl: '',
    scope: null,
  } as const
  const http = makePlexSoap(
    { ...settings, pcn: '7', pcnHeader: 'X-Plex-Connect-Customer-Id', tenantId: null },
    false,
    deps,
  )
  return makeSoapReader(http, map, { pcn: '7', nowMs: () => Date.parse('2026-06-01T00:00:00Z') })
}

const supplier = (no: number, updated: string | null, added = '1/1/2020'): Cells => [
  ['No', String(no)],
  ['Name', `S${no}`],
  ['Added', added],
  ['Updated', updated],
]
async function list(reader: Awaited<ReturnType<typeof open>>, path: string, query = {}) {
  const ids: unknown[] = []
  const listed = await reader.stream(path, query, (items) => {
    ids.push(...items.map((item) => (item as { id: unknown }).id))
    return Promise.resolve()
  })
  return { ids, listed }
}
const inputsSeen = () => server.seen.map(({ body }) => Object.fromEntries(readCall(body)?.inputs ?? []))
const WINDOW = { modifiedDateBegin: '2026-03-01T00:00:00Z', modifiedDateEnd: '2026-03-02T00:00:00Z' }
const PATH = '/mdm/v1/suppliers'

describe('a call', () => {
  it('logs in by Basic, names no company, and asks for a window in plant time', async () => {
    const reader = await open({ suppliers: { ...SUPPLIERS, timeZone: 'America/Detroit' } }, () => [])
    await list(reader, PATH, WINDOW)
    const [call] = server.seen
    expect(call?.url).toBe('/DataSource/Service.asmx')
    expect(call?.headers['authorization']).toMatch(/^Basic /)
    expect(call?.headers['soapaction']).toBe('"http://www.plexus-online.com/DataSource/ExecuteDataSource"')
    expect(call?.headers['x-plex-connect-customer-id']).toBeUndefined()
    expect(inputsSeen()).toEqual([{ from: '2026-02-28 19:00:00', to: '2026-03-01 19:00:00' }])
  })

  it('is repeated as the read it is, and never shows the password', async () => {
    const reader = await open({ suppliers: SUPPLIERS }, (_, turn) => (turn === 1 ? 503 : [supplier(1, '3/1/2026')]))
    expect((await list(reader, PATH, WINDOW)).ids).toEqual(['1'])
    server.answer = (response) => response.writeHead(403).end('no right for pass-word-123')
    const { listed } = await list(reader, PATH, { modifiedDateBegin: '2026-05-01T00:00:00Z' })
    expect(failureOf(listed)).toMatchObject({
      kind: 'auth',
      code: 'role_missing',
      message: expect.stringContaining('(suppliers, 1)') as string,
    })
    expect(JSON.stringify(listed)).not.toContain('pass-word-123')
  })
})

describe('windows', () => {
  it('of changes and of creations are one call, and each gets its rows', async () => {
    const rows = [supplier(1, '3/1/2026 8:00:00 AM'), supplier(2, '3/1/2026 9:00:00 AM', '3/1/2026 7:00:00 AM')]
    const reader = await open({ suppliers: SUPPLIERS }, () => rows)
    expect((await list(reader, PATH, { modifiedDateBegin: '2026-03-01T00:00:00Z' })).ids).toEqual(['1', '2'])
    expect((await list(reader, PATH, { createdDateBegin: '2026-03-01T00:00:00Z' })).ids).toEqual(['2'])
    expect(server.seen).toHaveLength(1)
    await list(reader, PATH, { modifiedDateBegin: '2026-03-01T00:00:00Z' })
    expect(server.seen).toHaveLength(2)
  })

  it('of creations are asked for as such where the source can', async () => {
    const reader = await open({ suppliers: { ...SUPPLIERS, createdInputs: { '@Added': '{since}' } } }, () => [])
    await list(reader, PATH, { createdDateBegin: '2026-03-01T00:00:00Z' })
    expect(inputsSeen()).toEqual([{ added: '2026-03-01 00:00:00' }])
  })

  it('are cut in halves until the answer comes, and nothing is asked twice', async () => {
    const reader = await open({ suppliers: { ...SUPPLIERS, rowCap: 3 } }, (inputs) =>
      [1, 5, 9, 13, 17, 21]
        .filter((hour) => {
          const at = `2026-03-01 ${String(hour).padStart(2, '0')}:00:00`
          return at >= (inputs.get('from') ?? '') && at <= (inputs.get('to') ?? '')
        })
        .map((hour) => supplier(hour, `2026-03-01T${String(hour).padStart(2, '0')}:00:00`)),
    )
    const { ids, listed } = await list(reader, PATH, WINDOW)
    expect(listed.ok).toBe(true)
    expect([...new Set(ids)]).toEqual(['1', '5', '9', '13', '17', '21'])
    const asked = inputsSeen().map((inputs) => JSON.stringify(inputs))
    expect(new Set(asked).size).toBe(asked.length)
  })

  it('that time out are not asked for again at the same size', async () => {
    const reader = await open(
      { suppliers: SUPPLIERS },
      (inputs) => ((inputs.get('from') ?? '') < '2026-02' ? 0 : [supplier(1, '3/1/2026')]),
      150,
    )
    const created = { createdDateBegin: '2026-01-01T00:00:00Z', createdDateEnd: '2026-01-01T00:01:30Z' }
    const first = await list(reader, PATH, created)
    expect(failureOf(first.listed).code).toBe('timed_out')
    const asked = inputsSeen().map((inputs) => JSON.stringify(inputs))
    expect(new Set(asked).size).toBe(asked.length)
  })

  it('pass on rows from outside that the source was asked to leave out, and no others', async () => {
    // To the second, as the input was: half a second early is no broken promise.
    const rows = [supplier(1, '2026-03-01T00:00:00.2'), supplier(2, '2025-03-01T00:00:00')]
    const reader = await open({ suppliers: SUPPLIERS }, () => rows)
    expect((await list(reader, PATH, { modifiedDateBegin: '2026-03-01T00:00:00.5Z' })).ids).toEqual(['2'])
    await server.close()
    const whole = await open({ suppliers: { ...SUPPLIERS, inputs: {} } }, () => rows)
    expect((await list(whole, PATH, { modifiedDateBegin: '2026-03-01T00:00:00.5Z' })).ids).toEqual([])
  })
})

describe('pages', () => {
  const five = [1, 2, 3, 4, 5].map((no) => supplier(no, '3/1/2026'))
  const paging = { size: 2, topInput: '@Top', afterInput: '@After' }

  it.each([
    ['after-key', ['0', '2', '4']],
    ['offset', ['0', '2', '4']],
  ])('by %s are read to the end', async (mode, afters) => {
    const blocks = { suppliers: { ...SUPPLIERS, paging: { ...paging, mode, keyColumn: 'No' } } }
    const reader = await open(blocks, (inputs) =>
      five.slice(Number(inputs.get('after'))).slice(0, Number(inputs.get('top'))),
    )
    expect((await list(reader, PATH)).ids).toEqual(['1', '2', '3', '4', '5'])
    expect(inputsSeen().map(({ after }) => after)).toEqual(afters)
  })

  it('that do not go on are a mistake in the map, not an endless run', async () => {
    const blocks = { suppliers: { ...SUPPLIERS, paging: { ...paging, mode: 'after-key', keyColumn: 'No' } } }
    const reader = await open(blocks, () => five.slice(0, 2))
    expect(failureOf((await list(reader, PATH)).listed)).toMatchObject({ kind: 'auth', code: 'data_source_columns' })
    expect(server.seen).toHaveLength(2)
  })
})

describe('records by key', () => {
  const line = (no: number, po: number): Cells => [
    ['Line', String(no)],
    ['PO', String(po)],
    ['Price', '1.10'],
  ]

  it('are asked for so many a call; what is of others is left out', async () => {
    const reader = await open({ lines: { ...LINES, idsPerCall: 2 } }, (inputs) =>
      [line(11, 1), line(12, 1), line(21, 2), line(99, 9)].filter(
        (cells) => (inputs.get('keys') ?? '').includes(cells[1]?.[1] ?? '') || cells[1]?.[1] === '9',
      ),
    )
    expect((await list(reader, '/purchasing/v1/purchase-orders/1/line-items')).ids).toEqual(['11', '12'])
    expect(inputsSeen()).toEqual([{ keys: '1' }])
  })

  it('are picked out of one whole read where the source takes no keys', async () => {
    const reader = await open({ lines: { ...LINES, inputs: {} } }, () => [line(11, 1), line(21, 2)])
    expect((await list(reader, '/purchasing/v1/purchase-orders/2/line-items')).ids).toEqual(['21'])
    expect((await list(reader, '/purchasing/v1/purchase-orders/3/line-items')).ids).toEqual([])
    expect(server.seen).toHaveLength(1)
  })

  it('that are not there are not found, and nothing is asked for what is not in the map or would be written', async () => {
    const reader = await open({ suppliers: { ...SUPPLIERS, inputs: { '@Nos': '{ids}' } } }, () => [])
    expect(failureOf(await reader.get(`${PATH}/7`)).code).toBe('not_found')
    const seen = server.seen.length
    expect(failureOf((await list(reader, '/purchasing/v1/release-statuses')).listed).code).toBe('not_mapped')
    expect(failureOf(await reader.write('POST', '/mdm/v1/chart-of-accounts', {})).code).toBe('plex_read_only')
    expect(server.seen).toHaveLength(seen)
  })

  it('of invoices bring their lines, in one call for a page of them', async () => {
    const invoices = { ...SUPPLIERS, columns: { invoiceNumber: 'Name', amount: 'No', createdDate: 'Added' } }
    const invoiceLines = {
      dataSourceKey: 3,
      keyColumns: ['Line'],
      inputs: { '@Keys': '{ids}' },
      columns: { invoiceId: 'PO', debit: 'Price' },
    }
    const reader = await open({ invoices, invoiceLines }, (inputs) =>
      inputs.has('keys') ? [line(11, 1), line(12, 1)] : [supplier(1, '3/1/2026'), supplier(2, '3/1/2026')],
    )
    const found: unknown[] = []
    const listed = await reader.stream('/accounting/v1/ap-invoices', WINDOW, (items) => {
      found.push(...items)
      return Promise.resolve()
    })
    expect(valueOf(listed)).toEqual({ items: 2 })
    expect(found).toMatchObject([
      { id: '1', lines: [{ debit: '1.10' }, { debit: '1.10' }] },
      { id: '2', lines: [] },
    ])
    expect(inputsSeen()[1]).toEqual({ keys: '1,2' })
  })
})
