import type { Command } from 'commander'
import type { Context } from '../program.js'

export interface ExplainFlags {
  readonly json?: boolean
}

export function defineExplain(program: Command, context: Context): void {
  program
    .command('explain')
    .argument('[code]', 'a problem code; without one, all codes are listed')
    .description('what a problem code means and what to do')
    .option('--json', 'exactly one JSON document on stdout')
    .addHelpText('after', EXPLAIN_EXAMPLES)
    .action(async (code: string | undefined, flags: ExplainFlags) => {
      const { explainCode } = await import('../explain.js')
      context.exit.code = explainCode(context, code, flags)
    })
}

const EXPLAIN_EXAMPLES = `
Examples:
  ml-connector explain vendor_ambiguous     one code: what happened, what to do
  ml-connector explain                      all codes
`
