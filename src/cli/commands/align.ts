import { Option, type Command } from 'commander'
import type { Direction } from '../../domain/refdata.js'
import type { Context } from '../program.js'
import { withPassOptions, type PassFlags } from './sync.js'

export interface AlignFlags extends PassFlags {
  readonly direction?: Direction
  readonly list?: boolean
  readonly csv?: boolean
}

const DIRECTIONS: readonly Direction[] = ['both', 'to-procurify', 'to-plex']

export function defineAlign(program: Command, context: Context): void {
  const align = program.command('align').description('keep reference data of both systems in step')
  withPassOptions(align.command('refdata'))
    .description('locations, departments and GL accounts: paired, and created or renamed where they are missing or old')
    .addOption(
      new Option('--direction <direction>', 'which side is written to (default: ALIGN_DIRECTION)').choices(DIRECTIONS),
    )
    .option('--list', 'only print the pairs: paired, only in Plex, only in Procurify, conflict')
    .addOption(new Option('--csv', 'the list for a spreadsheet (with --list)').conflicts('json'))
    .addHelpText('after', EXAMPLES)
    .action(async (flags: AlignFlags) => {
      const { alignRefdata } = await import('../align.js')
      context.exit.code = await alignRefdata(context, flags)
    })
}

const EXAMPLES = `
Examples:
  ml-connector align refdata --dry-run             every pair, and what would change on which side
  ml-connector align refdata                       one pass; the first one mostly asks for --confirm
  ml-connector align refdata --confirm 1f0c...     go on after a safety stop, with exactly that plan
  ml-connector align refdata --direction both      also create in Plex the GL accounts that only Procurify has
  ml-connector align refdata --list --csv > pairs.csv
`
