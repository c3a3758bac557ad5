/** Finished comparisons of both systems, kept as they were told. */
import { createHash } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import type { Report } from '../domain/reconcile.js'
import type { Author } from './journal.js'
import { json } from './json.js'
import type { Tables } from './tables.js'

/** Answers the checksum of the stored text. */
export async function storeReport(db: Kysely<Tables>, author: Author, report: Report): Promise<string> {
  const document = JSON.stringify(report)
  const sha256 = checksum(document)
  await db
    .insertInto('report')
    .values({
      ...{ connection: author.connection, id: report.report_id, taken_at: report.taken_at, sha256, document },
      ...{ exit_code: report.exit_code, findings: report.findings.length },
      ...{ range: json(report.range), actor: json(author.actor) },
    })
    .execute()
  return sha256
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export interface ListedReport {
  readonly id: string
  readonly takenAt: string
  readonly range: Report['range']
  readonly exitCode: number
  readonly findings: number
}

/** The newest first; those whose id begins so, or all. */
export async function listReports(
  db: Kysely<Tables>,
  connection: string,
  { start = '', limit }: { readonly start?: string; readonly limit: number },
): Promise<ListedReport[]> {
  const { rows } = await sql<ListedReport>`
    select id, taken_at as "takenAt", range, exit_code as "exitCode", findings from report
    where connection = ${connection} and starts_with(id::text, ${start})
    order by taken_at desc, id limit ${limit}`.execute(db)
  return rows
}

export interface StoredReport {
  readonly report: Report
  /** The text is what it was when it was stored. */
  readonly isIntact: boolean
}

/** Null = there is none of this id. */
export async function readReport(db: Kysely<Tables>, connection: string, id: string): Promise<StoredReport | null> {
  const { rows } = await sql<{ text: string; sha256: string }>`
    select document::text as text, sha256 from report where connection = ${connection} and id = ${id}::uuid`.execute(db)
  const [row] = rows
  if (row === undefined) return null
  // Written by storeReport and by nothing else.
  return { report: JSON.parse(row.text) as Report, isIntact: checksum(row.text) === row.sha256 }
}
