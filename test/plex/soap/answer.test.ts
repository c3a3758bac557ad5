import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAnswer, type TextRow } from '../../../src/plex/soap/answer.js'
import { escapeXml, writeEnvelope } from '../../../src/plex/soap/envelope.js'
import { faultReply, readCall, refusedReply, rowsReply, type Cells } from '../../../src/sandbox/plex-soap-text.js'

const OUTCOME = { key: '990001', name: 'Connector_Suppliers_Get' }
const textOf = (rows: readonly Cells[], noRows: Parameters<typeof rowsReply>[2] = 'absent'): string => {
  const reply = rowsReply(OUTCOME, rows, noRows)
  return reply.render?.(rows) ?? ''
}
const rowsOf = (text: string, resultSet = 1): readonly TextRow[] => {
  const reading = readAnswer(text, 200, resultSet)
  if (reading.kind !== 'value') throw new Error(JSON.stringify(reading))
  return reading.value
}
const said = (text: string, status = 200): unknown => readAnswer(text, status, 1)

describe('rows', () => {
  it('keep their text: leading zeros, trailing zeros, references, markup and line breaks', () => {
    const row: Cells = [
      ['PO_No', '00123'],
      ['Unit_Price', '1.10'],
      ['Name', 'A & B <script> ✶\r\nGmbH'],
      ['Note', ' blank around '],
      ['Quoted', '&lt;b&gt; &#65; &amp;amp;'],
    ]
    expect(rowsOf(textOf([row]))).toEqual([
      new Map([
        ['po_no', '00123'],
        ['unit_price', '1.10'],
        ['name', 'A & B <script> ✶\r\nGmbH'],
        ['note', ' blank around '],
        ['quoted', '&lt;b&gt; &#65; &amp;amp;'],
      ]),
    ])
    const numeric = textOf([[['A', 'x']]]).replace('<Value>x</Value>', '<Value>&#65;&#x42;<![CDATA[<c>]]></Value>')
    expect(rowsOf(numeric)[0]?.get('a')).toBe('AB<c>')
  })

  it('are a list also when one comes alone, and null when nil, missing or empty', () => {
    const one: Cells = [
      ['Nil', null],
      ['Missing', null],
      ['Empty', ''],
    ]
    expect(rowsOf(textOf([one]))).toEqual([
      new Map([
        ['nil', null],
        ['missing', null],
        ['empty', null],
      ]),
    ])
  })

  it.each(['absent', 'nil', 'empty', 'zero'] as const)('are none in an answer whose result sets are %s', (form) => {
    expect(rowsOf(textOf([], form))).toEqual([])
  })

  it('are the same when they are too many to be parsed at once', () => {
    const rows = Array.from({ length: 4000 }, (_, n): Cells => [
      ['Key', String(n)],
      ['Name', n % 7 === 0 ? 'A & <Row> </Row> ✶' : null],
    ])
    const text = textOf(rows)
    expect(text.length).toBeGreaterThan(400_000)
    const read = rowsOf(text)
    expect(read.map((row) => [row.get('key'), row.get('name')])).toEqual(rows.map((row) => row.map(([, cell]) => cell)))
    // A comment may hold anything, so then all is parsed in one piece.
    expect(rowsOf(text.replace('<Rows>', '<Rows><!-- </Row> -->'))).toEqual(read)
    const sets = '<ResultSet><Rows /></ResultSet><ResultSet><Rows>\n</Rows></ResultSet><ResultSet>'
    const third = text.replace('<ResultSet>', sets)
    expect([1, 2, 3].map((set) => rowsOf(third, set).length)).toEqual([0, 0, 4000])
  })

  it('are read whatever the prefixes are, and from the result set asked for', () => {
    const prefixed = textOf([[['A', '1']]]).replace(
      /<(\/?)(ResultSet|Row|Columns?|Name|Value|Rows|ResultSets)\b/g,
      '<$1q:$2',
    )
    expect(rowsOf(prefixed)).toEqual([new Map([['a', '1']])])
    const second = textOf([[['A', '1']]]).replace(
      '<ResultSets>',
      '<ResultSets><ResultSet><RowCount>0</RowCount></ResultSet>',
    )
    expect(rowsOf(second, 1)).toEqual([])
    expect(rowsOf(second, 2)).toEqual([new Map([['a', '1']])])
  })

  it('come through whatever their texts are', () => {
    // What XML 1.0 can hold; the two simulated ends were written apart.
    const text = fc
      .string({ unit: 'binary', minLength: 1 })
      .map((some) => some.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, 'x'))
    fc.assert(
      fc.property(fc.array(fc.array(text, { minLength: 3, maxLength: 3 }), { maxLength: 4 }), (table) => {
        const rows = table.map((cells): Cells => cells.map((cell, at) => [`C${at}`, cell]))
        expect(rowsOf(textOf(rows)).map((row) => [...row.values()])).toEqual(table)
      }),
    )
  })
})

describe('what is no usable answer', () => {
  const whole = textOf([[['A', 'some text']]])

  it('is noticed wherever it was cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (at) => {
        expect(said(whole.slice(0, at))).toMatchObject({ kind: 'unusable' })
      }),
    )
    expect(said(whole.replace('<RowCount>1', '<RowCount>2'))).toMatchObject({ kind: 'unusable', body: 'broken' })
  })

  it.each([
    ['a document type', whole.replace('<soap:Envelope', '<!DOCTYPE x [<!ENTITY a "b">]><soap:Envelope'), 'broken'],
    ['a login page', '<!doctype html><html><head><title>Sign in</title></head></html>', 'html'],
    ['JSON', '{"rows":[]}', 'broken'],
    ['nothing', '', 'broken'],
    ['other XML', '<a><b/></a>', 'broken'],
  ])('%s', (_, text, body) => {
    expect(said(text)).toMatchObject({ kind: 'unusable', body })
  })

  it('does not take a document type in a text for one', () => {
    const quoted = whole.replace('some text', '<![CDATA[<!DOCTYPE html>]]>')
    expect(rowsOf(quoted)[0]?.get('a')).toBe('<!DOCTYPE html>')
  })
})

describe('refusals inside an answer', () => {
  const error = (message: string) => refusedReply({ ...OUTCOME, error: { number: 50_000, message } }).text ?? ''

  it('are told as what they are', () => {
    expect(said(error('Invalid column'))).toEqual({
      kind: 'refused',
      failure: { kind: 'auth', code: 'data_source_failed', said: 'error 50000: Invalid column' },
    })
    expect(said(error('User X does not have permission to execute'))).toMatchObject({
      failure: { code: 'role_missing' },
    })
    expect(said(error('Timeout expired. The timeout period elapsed'))).toMatchObject({ failure: { kind: 'transient' } })
  })

  it.each(['@Result_Error', '@ResultError', 'Result_Code', '@ResultCode'])('hide in the output %s', (name) => {
    const outputs = (value: string) =>
      refusedReply({
        ...OUTCOME,
        outputs: [
          [name, value],
          ['@Result_Message', 'Locked.'],
        ],
      }).text ?? ''
    expect(said(outputs('101'))).toMatchObject({
      failure: { code: 'data_source_failed', said: expect.stringContaining('Locked.') as string },
    })
    for (const fine of ['0', '', 'false']) expect(said(outputs(fine))).toEqual({ kind: 'value', value: [] })
  })

  it('are SOAP faults of either version, with any status', () => {
    expect(said(faultReply('Client', 'No action').text ?? '', 500)).toMatchObject({
      failure: { kind: 'auth', code: 'soap_fault' },
    })
    expect(said(faultReply('Server', 'Busy').text ?? '', 500)).toMatchObject({
      failure: { kind: 'transient', code: 'server_error' },
    })
    const twelve =
      '<e:Envelope xmlns:e="x"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang="en">Bad</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>'
    expect(said(twelve, 400)).toEqual({
      kind: 'refused',
      failure: { kind: 'auth', code: 'soap_fault', said: 'SOAP fault e:Sender: Bad' },
    })
    expect(said('<html><title>Runtime error</title></html>', 500)).toEqual({ kind: 'unread' })
  })

  it('name a column that comes twice', () => {
    const twice: Cells = [
      ['Name', 'a'],
      ['NAME', 'b'],
    ]
    expect(said(textOf([twice]))).toMatchObject({
      failure: { code: 'data_source_columns', said: expect.stringContaining('NAME') as string },
    })
  })
})

describe('the request', () => {
  it('names the source and carries every input unharmed, whatever it holds', () => {
    const safe = fc
      .string({ unit: 'binary' })
      .map((text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ''))
    fc.assert(
      fc.property(safe, safe, fc.constantFrom('1.1' as const, '1.2' as const), (one, other, version) => {
        const source = { dataSourceKey: '990001', dataSourceName: null }
        const call = readCall(writeEnvelope(version, source, { '@Updated_From': one, Other: other }))
        expect(call).toMatchObject({ key: '990001', name: '', element: 'ExecuteDataSource' })
        expect([...(call?.inputs ?? [])]).toEqual([
          ['updated_from', one],
          ['other', other],
        ])
      }),
    )
  })

  it('leaves no character in that XML cannot hold', () => {
    expect(escapeXml('a\u0000b\u0008\ud800c')).toBe('a\ufffdb\ufffd\ufffdc')
  })
})
