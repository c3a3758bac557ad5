import { ConfigError } from '../domain/errors.js'
import type { Sandbox } from '../sandbox/sandbox.js'
import type { SandboxFlags } from './commands/sandbox.js'
import type { Context } from './program.js'

/** Serves both simulators until the signal; the settings go to stdout, so that they can be kept in an env file. */
export async function serveSandbox({ io }: Context, flags: SandboxFlags): Promise<number> {
  const { runSandbox } = await import('../sandbox/sandbox.js')
  const { newMasterKey } = await import('../store/vault.js')
  const { plexPort, procurifyPort, suppliers, seed } = flags
  const onReady = (sandbox: Sandbox): void => {
    const settings = { DATABASE_URL: 'embedded', ML_CONNECTOR_KEY: newMasterKey(), ...sandbox.env }
    io.out(`# Settings for this sandbox: made-up logins that open nothing else. Keep them in a file with chmod 600.\n`)
    for (const [name, value] of Object.entries(settings)) io.out(`${name}=${value}\n`)
    io.err(
      `Plex answers at ${sandbox.plex.url}, Procurify at ${sandbox.procurify.url}; faults and log under /_sandbox/. Ctrl-C stops both.\n`,
    )
  }
  try {
    await runSandbox({ plexPort, procurifyPort, suppliers, seed, signal: io.signal, onReady })
    return 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ConfigError('A port is taken: choose others with --plex-port and --procurify-port (0 = any free one).')
  }
}
