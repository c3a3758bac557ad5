/** Where a report goes: to a page, and to stdout in the form that was asked for. */
import { rename, writeFile } from 'node:fs/promises'
import { ConfigError } from '../domain/errors.js'
import type { Report } from '../domain/reconcile.js'
import type { ReconcileFlags } from './commands/reconcile.js'
import type { Context } from './program.js'
import { printReport } from './reconcile-text.js'

/** The page first: should it not be possible to write it, that is no reason to lose the rest. */
export async function tellReport(context: Context, flags: ReconcileFlags, report: Report): Promise<void> {
  if (flags.html !== undefined && report.complete) {
    const { toHtml } = await import('./reconcile-html.js')
    await writePage(flags.html, toHtml(report))
  }
  printReport(context, flags, report)
}

/** Written beside and renamed: whoever opens the file sees a whole page. */
async function writePage(path: string, page: string): Promise<void> {
  const draft = `${path}.tmp`
  try {
    await writeFile(draft, page)
    await rename(draft, path)
  } catch (error) {
    throw new ConfigError(`--html ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}
