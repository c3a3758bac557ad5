/** Runs data sources: page by page, each answer proved to be whole and to have the columns of the map, rows as records. */
import type { Failure, Result } from '../../domain/failure.js'
import type { Http } from '../../http.js'
import { readAnswer, type TextRow } from './answer.js'
import { cellOf, columnsOf, readRow, type PlexRow } from './cells.js'
import { headersFor, writeEnvelope } from './envelope.js'
import type { Block, Paging, SoapMap } from './map.js'

/** A failure it answers ends the reading. */
export type OnRows = (rows: PlexRow[], dateMs: number | null) => Promise<Failure | null>

/** Runs a block with these inputs; a failure may come after some pages were handed on. */
export type RunSource = (
  block: Block,
  inputs: Readonly<Record<string, string>>,
  onRows: OnRows,
) => Promise<Result<{ readonly rows: number }>>

export function makeRunSource(http: Http, map: SoapMap, pcn: string): RunSource {
  const call = async (block: Block, inputs: Readonly<Record<string, string>>) => {
    const body = writeEnvelope(map.soapVersion, block, inputs)
    const answer = await http.ask({
      label: labelOf(block),
      headers: headersFor(map.soapVersion),
      body,
      read: (text, status) => readAnswer(text, status, block.resultSet),
    })
    return answer.ok ? (judge(block, answer.value.value, pcn) ?? answer) : answer
  }
  return async (block, inputs, onRows) => {
    let rows = 0
    let after: string | null = block.paging?.startKey ?? null
    for (;;) {
      const page = block.paging === null ? {} : pageInputs(block.paging, rows, after)
      const answer = await call(block, { ...inputs, ...page })
      if (!answer.ok) return answer
      const { value: texts, dateMs } = answer.value
      rows += texts.length
      const records = texts.map((row) => readRow(row, block))
      const stopped = records.length === 0 ? null : await onRows(records, dateMs)
      if (stopped !== null) return stopped
      if (block.paging === null || texts.length < block.paging.size) return { ok: true, value: { rows } }
      const next = nextAfter(block.paging, texts)
      if (block.paging.mode === 'after-key' && (next === null || next === after)) return stuck(block, block.paging)
      after = next
    }
  }
}

function pageInputs({ mode, size, topInput, afterInput }: Paging, rows: number, after: string | null) {
  return { [topInput]: String(size), [afterInput]: mode === 'offset' ? String(rows) : (after ?? '') }
}

function nextAfter({ keyColumn }: Paging, texts: readonly TextRow[]): string | null {
  const last = texts.at(-1)
  return last === undefined ? null : cellOf(last, keyColumn)
}

function stuck(block: Block, { keyColumn }: Paging): Failure {
  return failure(
    block,
    'auth',
    'data_source_columns',
    `does not go on after the last ${keyColumn}: check paging in the map`,
  )
}

/** Failures of an answer that is well-formed: too many rows, columns missing, another company. Null = it may be used. */
function judge(block: Block, rows: readonly TextRow[], pcn: string): Failure | null {
  if (block.rowCap !== null && rows.length >= block.rowCap) {
    return failure(
      block,
      'permanent',
      'answer_too_large',
      `answered with ${rows.length} rows, which is its limit (rowCap)`,
    )
  }
  const columns = new Set(rows.flatMap((row) => [...row.keys()]))
  const missing = columnsOf(block).filter((column) => !columns.has(column.toLowerCase()))
  if (rows.length > 0 && missing.length > 0) {
    return failure(block, 'auth', 'data_source_columns', `answered without the columns ${missing.join(', ')}`)
  }
  const { pcnColumn } = block
  const foreign = pcnColumn === null ? undefined : rows.map((row) => cellOf(row, pcnColumn)).find((one) => one !== pcn)
  if (foreign === undefined) return null
  return failure(
    block,
    'auth',
    'wrong_tenant',
    `answered with rows of PCN ${foreign ?? '(none)'}, and PLEX_PCN is ${pcn}`,
  )
}

function failure(block: Block, kind: Failure['kind'], code: string, what: string): Failure {
  const message = `Plex data source ${labelOf(block)} ${what}.`
  return { ok: false, kind, code, message, status: null, http: null, retryAfterMs: null }
}

function labelOf({ name, dataSourceKey, dataSourceName }: Block): string {
  return `${name}, ${dataSourceKey ?? dataSourceName ?? ''}`
}
