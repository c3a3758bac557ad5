import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Context } from '../program.js'

export interface SandboxFlags {
  readonly plexPort: number
  readonly procurifyPort: number
  readonly suppliers: number
  readonly seed: 'demo' | 'empty'
  readonly profile: 'cloud' | 'connect' | 'soap'
}

export interface ActFlags {
  readonly procurifyPort: number
  readonly reason?: string
}

export function defineSandbox(program: Command, context: Context): void {
  const sandbox = program
    .command('sandbox')
    .description('local simulators of Plex and Procurify with seed data; prints the settings to use them')
    .option('--plex-port <port>', 'port of the simulated Plex', parsePort, 4010)
    .option('--procurify-port <port>', 'port of the simulated Procurify', parsePort, 4020)
    .option('--suppliers <n>', 'suppliers in the seed data', parseNumber, 300)
    .addOption(
      new Option('--seed <kind>', 'what the simulators hold at the start').choices(['demo', 'empty']).default('demo'),
    )
    .addOption(
      new Option('--profile <kind>', 'which kind of Plex the settings are for (all of them are served)')
        .choices(['cloud', 'connect', 'soap'])
        .default('cloud'),
    )
    .addHelpText('after', SANDBOX_EXAMPLES)
    .action(async (flags: SandboxFlags) => {
      const { serveSandbox } = await import('../sandbox.js')
      context.exit.code = await serveSandbox(context, flags)
    })
  for (const [act, what] of Object.entries(ACTS)) {
    sandbox
      .command(`${act} <requisition>`)
      .description(what)
      .option('--procurify-port <port>', 'port of the simulated Procurify', parsePort, 4020)
      .option('--reason <text>', 'what the person says to it')
      .addHelpText(
        'after',
        `\nExample:\n  ml-connector sandbox ${act} 4881f917854f4a62...     the id: audit show --stream pos\n`,
      )
      .action(async (requisition: string, flags: ActFlags) => {
        const { actInSandbox } = await import('../sandbox.js')
        context.exit.code = await actInSandbox(context, act, requisition, flags)
      })
  }
}

/** What people do to requisitions in Procurify's own pages. */
const ACTS = {
  approve: 'approve a requisition in the running sandbox, as an approver would',
  deny: 'deny a requisition in the running sandbox',
  order: 'put an approved requisition of the running sandbox on a PO',
  cancel: 'cancel a requisition in the running sandbox',
} as const

const SANDBOX_EXAMPLES = `
Runs until Ctrl-C. Everything is in memory and on loopback.

Examples:
  (umask 077; ml-connector sandbox > sandbox.env)       start it and keep its settings
  ml-connector sandbox --profile soap > soap.env        settings for older Plex: SOAP data sources
  ml-connector --env-file sandbox.env migrate           in a second terminal
  ml-connector --env-file sandbox.env sync suppliers
  ml-connector sandbox approve 4881f917854f4a62...      as a person would (the id: audit show --stream pos)
  curl localhost:4020/_sandbox/log                      every request it got
  curl -X POST localhost:4020/_sandbox/faults -d '{"kind":"throttle","seconds":5}'
`

function parsePort(text: string): number {
  const port = parseNumber(text)
  if (port > 65_535) throw new InvalidArgumentError('It must be a port from 0 (any) to 65535.')
  return port
}

function parseNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
