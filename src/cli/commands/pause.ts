import { Argument, type Command } from 'commander'
import { STREAMS, type StreamName } from '../../domain/record.js'
import type { Context } from '../program.js'
import { parseReason, streamOption } from './replay.js'

export interface PauseFlags {
  readonly reason: string
  readonly record?: string
  readonly stream?: StreamName
}

export function definePause(program: Command, context: Context): void {
  for (const [action, description] of Object.entries(ACTIONS)) {
    program
      .command(action)
      .description(description)
      .addArgument(new Argument('[stream]', 'the whole stream').choices([...STREAMS]))
      .option('--record <id>', 'only this record: its source id, supplier code or PO number')
      .addOption(streamOption())
      .requiredOption('--reason <text>', 'why, for the journal and for whoever looks at status', parseReason)
      .addHelpText('after', EXAMPLES)
      .action(async (stream: StreamName | undefined, flags: PauseFlags) => {
        const { changePause } = await import('../pause.js')
        context.exit.code = await changePause(context, action as 'pause' | 'resume', stream ?? null, flags)
      })
  }
}

const ACTIONS = {
  pause: 'put a stream or one record on hold: neither planned nor sent until it is resumed',
  resume: 'end a pause: what Plex changed meanwhile is taken up by the next run',
}

const EXAMPLES = `
A pass of a paused stream ends at once with exit 0 and says so; runs under way send nothing more of it. \`align refdata\`
leaves a paused kind alone and goes on with the others. \`ml-connector status\` shows what is paused.

Examples:
  ml-connector pause pos --reason "stock-taking until Monday"
  ml-connector pause suppliers --record ACME --reason "merger, ask Jo"
  ml-connector resume pos --reason "stock-taking is over"
  ml-connector resume suppliers --record ACME --reason "merged"
`
