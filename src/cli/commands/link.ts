import { Option, type Command } from 'commander'
import type { StreamName } from '../../domain/record.js'
import type { Context } from '../program.js'
import { parseReason, streamOption } from './replay.js'

/** Streams whose pairs a person may decide. Reference data are paired by REFDATA_MAP. */
const PAIRED = ['suppliers', 'pos'] as const
export type PairedStream = (typeof PAIRED)[number]

export interface LinkListFlags {
  readonly stream?: StreamName
  readonly json?: boolean
  readonly csv?: boolean
}

export interface LinkFlags {
  readonly stream: PairedStream
  readonly reason: string
}

export interface LinkImportFlags {
  readonly stream: PairedStream
  readonly reason?: string
}

export type LinkProposeFlags = Omit<LinkListFlags, 'stream'>

export function defineLink(program: Command, context: Context): void {
  const link = program.command('link').description('pairs of records in Plex and Procurify, as people decide them')
  withFormats(link.command('list').description('the pairs there are'))
    .addOption(streamOption())
    .addHelpText('after', '\nExample:\n  ml-connector link list --stream suppliers --csv > pairs.csv\n')
    .action(async (flags: LinkListFlags) => {
      const { listLinks } = await import('../link.js')
      context.exit.code = await listLinks(context, flags)
    })
  link
    .command('set <source> <target>')
    .description('pair a supplier with a vendor id, or a purchase order with a PO number of Procurify')
    .addOption(pairedOption())
    .requiredOption('--reason <text>', 'why, for the journal', parseReason)
    .addHelpText('after', SET_EXAMPLES)
    .action(async (source: string, target: string, flags: LinkFlags) => {
      const { setLink } = await import('../link.js')
      context.exit.code = await setLink(context, source, target, flags)
    })
  link
    .command('remove <source>')
    .description('take a pair apart; nothing is changed in either system')
    .addOption(pairedOption())
    .requiredOption('--reason <text>', 'why, for the journal', parseReason)
    .addHelpText('after', REMOVE_EXAMPLES)
    .action(async (source: string, flags: LinkFlags) => {
      const { removeLink } = await import('../link.js')
      context.exit.code = await removeLink(context, source, flags)
    })
  defineLists(link, context)
}

function defineLists(link: Command, context: Context): void {
  withFormats(link.command('propose').description('every active supplier without a vendor, with the vendor it may be'))
    .addOption(new Option('--stream <name>', 'what to propose pairs for').choices(['suppliers']).makeOptionMandatory())
    .addHelpText('after', PROPOSE_EXAMPLES)
    .action(async (flags: LinkProposeFlags) => {
      const { proposeLinks } = await import('../link-propose.js')
      context.exit.code = await proposeLinks(context, flags)
    })
  link
    .command('import <file>')
    .description('pairs from a CSV file with the columns source, target and reason; all of it or nothing')
    .addOption(pairedOption())
    .option('--reason <text>', 'for lines that have none of their own', parseReason)
    .addHelpText('after', IMPORT_EXAMPLES)
    .action(async (file: string, flags: LinkImportFlags) => {
      const { importLinks } = await import('../link.js')
      context.exit.code = await importLinks(context, file, flags)
    })
}

function pairedOption(): Option {
  return new Option('--stream <name>', 'what the pair is of').choices(PAIRED).makeOptionMandatory()
}

function withFormats(command: Command): Command {
  return command
    .option('--json', 'exactly one JSON document on stdout')
    .addOption(new Option('--csv', 'the same for a spreadsheet').conflicts('json'))
}

const SET_EXAMPLES = `
Both are read first: the supplier or order in Plex (by id, code or PO number), the vendor (by id) or PO in Procurify. What
was parked for the record is settled by this; the next run brings the vendor up to date. A paired order is never sent.

Examples:
  ml-connector link set --stream suppliers ACME 1042 --reason "same company, other spelling"
  ml-connector link set --stream pos PO-4711 PF-220 --reason "typed by hand before go-live"
`

const REMOVE_EXAMPLES = `
The next run decides anew. A vendor that carries our external id is found by it again: take that out in Procurify, or pair
the supplier with another one by \`link set\`. A purchase order without its pair would be sent.

Example:
  ml-connector link remove --stream suppliers ACME --reason "paired wrongly"
`

const PROPOSE_EXAMPLES = `
For approval before a first load: correct the column target in the CSV, take lines out, then \`link import\` it.

Example:
  ml-connector link propose --stream suppliers --csv > pairs.csv
`

const IMPORT_EXAMPLES = `
Lines without a target are left out; other columns are not looked at. Every mistake is listed before anything is written.
  suppliers  source = supplier code or Plex id      target = vendor id
  pos        source = Plex PO number or id          target = PO number in Procurify
                                                    (without a PO: number or uuid of the requisition)

Examples:
  ml-connector link import pairs.csv --stream suppliers --reason "approved by purchasing, 2026-11-20"
  ml-connector link import open-orders.csv --stream pos --reason "typed by hand before go-live"
`
