import type { Command } from 'commander'
import type { Context } from '../program.js'

export function defineDemo(program: Command, context: Context): void {
  program
    .command('demo')
    .description('a first look: private Postgres, simulated Plex and Procurify, and a full cycle of passes')
    .addHelpText(
      'after',
      '\nNothing to install or configure; nothing is left behind.\n\nExample:\n  ml-connector demo\n',
    )
    .action(async () => {
      const { runDemo } = await import('../demo.js')
      context.exit.code = await runDemo(context)
    })
}
