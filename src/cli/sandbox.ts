import { ConfigError } from '../domain/errors.js'
import type { Sandbox } from '../sandbox/sandbox.js'
import type { ActFlags, SandboxFlags } from './commands/sandbox.js'
import type { Context } from './program.js'

/** Serves both simulators until the signal; the settings go to stdout, so that they can be kept in an env file. */
export async function serveSandbox({ io }: Context, flags: SandboxFlags): Promise<number> {
  const { runSandbox } = await import('../sandbox/sandbox.js')
  const { newMasterKey } = await import('../store/vault.js')
  const { plexPort, procurifyPort, suppliers, seed, profile } = flags
  const onReady = (sandbox: Sandbox): void => {
    const settings = { DATABASE_URL: 'embedded', ML_CONNECTOR_KEY: newMasterKey(), ...sandbox.env, ...GENEROUS }
    io.out(`# Settings for this sandbox: made-up logins that open nothing else. Keep them in a file with chmod 600.\n`)
    for (const [name, value] of Object.entries(settings)) io.out(`${name}=${value}\n`)
    io.err(
      `Plex answers at ${sandbox.plex.url}, Procurify at ${sandbox.procurify.url}; faults and log under /_sandbox/. Ctrl-C stops both.\n`,
    )
  }
  try {
    await runSandbox({ plexPort, procurifyPort, suppliers, seed, profile, signal: io.signal, onReady })
    return 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ConfigError('A port is taken: choose others with --plex-port and --procurify-port (0 = any free one).')
  }
}

/** Nobody is spared by waiting here: with the budgets for real systems the first load takes five minutes. */
const GENEROUS = { PLEX_CALLS_PER_MINUTE: '60000', PROCURIFY_CALLS_PER_MINUTE: '60000' }

/** Plays a person in the running sandbox: through its control route, never through the API. */
export async function actInSandbox(
  { io }: Context,
  act: string,
  requisition: string,
  flags: ActFlags,
): Promise<number> {
  const id = withDashes(requisition)
  const url = `http://127.0.0.1:${flags.procurifyPort}/_sandbox/requisitions/${encodeURIComponent(id)}/${act}`
  const body = JSON.stringify(flags.reason === undefined ? {} : { comment: flags.reason })
  const answer = await fetch(url, { method: 'POST', body }).catch(() => null)
  if (answer === null)
    throw new ConfigError(`No sandbox answers on port ${flags.procurifyPort}. Start one: ml-connector sandbox`)
  if (!answer.ok) throw new ConfigError(`The sandbox did not ${act} ${requisition}: ${await answer.text()}`)
  io.out(`${act}: requisition ${requisition}\n`)
  return 0
}

/** Requisition ids are kept without dashes; Procurify shows them with. */
function withDashes(id: string): string {
  return id.replace(/^(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})$/, '$1-$2-$3-$4-$5')
}
