import { fileURLToPath } from 'node:url'
import { SandboxClock } from './clock.js'
import { Faults } from './faults.js'
import { RequestLog } from './log.js'
import { PlexState, createPlex } from './plex.js'
import { ProcurifyState, createProcurify } from './procurify.js'
import { seedDemo } from './seed/demo.js'
import { PendingEffects, startServer, type RunningServer, type World } from './server.js'

export { maxPerMinute } from './log.js'
export type { LogEntry } from './log.js'
export type { FaultKind, FaultRule } from './faults.js'

type Profile = 'cloud' | 'connect' | 'soap'

export interface SandboxOptions {
  /** 0 or left out = any free port. */
  readonly plexPort?: number
  readonly procurifyPort?: number
  /** Interface to listen on (`127.0.0.1`). */
  readonly host?: string
  /** `demo` = the mess of real life, `empty` = only what the systems cannot be without. */
  readonly seed?: 'demo' | 'empty'
  /** Number of suppliers in the demo seed (300). */
  readonly suppliers?: number
  /** Which kind of Plex the printed settings are for; the simulator is all of them at once. */
  readonly profile?: Profile
  /** Instant that all seeded dates are counted back from; `today` moves the history along with the calendar. */
  readonly anchor?: string
}

export interface Sandbox extends World {
  readonly plex: Pick<RunningServer, 'url' | 'handle'> & { readonly state: PlexState }
  readonly procurify: Pick<RunningServer, 'url' | 'handle'> & { readonly state: ProcurifyState }
  /** The settings with which the connector talks to this sandbox. */
  readonly env: Readonly<Record<string, string>>
  /** Back to the seed: no log, no faults, default switches, real time. */
  readonly reset: () => void
  /** Stops both servers, dropping whatever is still open. */
  readonly close: () => Promise<void>
}

/** Fixed, so that tests see the same dates for ever. */
const DEFAULT_ANCHOR = '2026-06-01T00:00:00Z'

/** Starts both simulators, seeded. Everything is in memory. Rejects when a port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = new SandboxClock()
  const world: World = { clock, log: new RequestLog(), faults: new Faults(), pending: new PendingEffects() }
  const plex = new PlexState(clock)
  const procurify = new ProcurifyState(clock)
  const reset = (): void => {
    clock.reset()
    world.log.clear()
    world.faults.clear()
    world.pending.clear()
    plex.clear()
    procurify.clear()
    seedDemo(plex, procurify, clock, {
      kind: options.seed ?? 'demo',
      suppliers: options.suppliers ?? 300,
      anchor: anchorOf(options.anchor ?? DEFAULT_ANCHOR, clock),
    })
  }
  reset()
  const host = options.host ?? '127.0.0.1'
  const plexServer = await startServer(createPlex(plex, world, reset), world, host, options.plexPort ?? 0)
  const procurifyServer = await orElse(
    startServer(createProcurify(procurify, world, reset), world, host, options.procurifyPort ?? 0),
    plexServer.close,
  )
  return {
    ...world,
    plex: { url: plexServer.url, handle: plexServer.handle, state: plex },
    procurify: { url: procurifyServer.url, handle: procurifyServer.handle, state: procurify },
    env: {
      ...plexSettings(plexServer.url, plex, options.profile ?? 'cloud'),
      PROCURIFY_BASE_URL: procurifyServer.url,
      PROCURIFY_CLIENT_ID: procurify.login.clientId,
      PROCURIFY_CLIENT_SECRET: procurify.login.clientSecret,
    },
    reset,
    close: async () => {
      world.pending.clear()
      await Promise.all([plexServer.close(), procurifyServer.close()])
    },
  }
}

/**
 * Runs a sandbox on the well-known ports (4010, 4020) until `signal` aborts, for a command of its own. Its history ends
 * today, so that a demo does not grow old. `onReady` gets the sandbox once both servers listen.
 */
export async function runSandbox(
  options: SandboxOptions & { readonly signal: AbortSignal; readonly onReady: (sandbox: Sandbox) => void },
): Promise<void> {
  const { signal, onReady, ...rest } = options
  const sandbox = await startSandbox({ plexPort: 4010, procurifyPort: 4020, anchor: 'today', ...rest })
  onReady(sandbox)
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
  await sandbox.close()
}

/** Undoes what was done before when a later start fails, so that no server is left behind. */
async function orElse<T>(started: Promise<T>, undo: () => Promise<void>): Promise<T> {
  try {
    return await started
  } catch (error) {
    await undo()
    throw error
  }
}

/** `today` is midnight before now: nothing in the seed may lie in the future. */
function anchorOf(anchor: string, clock: SandboxClock): string {
  return anchor === 'today' ? `${new Date(clock.now()).toISOString().slice(0, 10)}T00:00:00Z` : anchor
}

/** The map that fits the data sources of the simulator; it ships as the example for customers. Seen from `src/sandbox` as from `dist/bin`. */
const SOAP_MAP = fileURLToPath(new URL('../../src/plex/soap-map.example.json', import.meta.url))

/** Names as in the program's own settings; `/api` because that is where the cloud host has its routes. */
function plexSettings(url: string, { login }: PlexState, profile: Profile): Record<string, string> {
  const common = { PLEX_PROFILE: profile, PLEX_PCN: login.pcn, PLEX_TIMEZONE: 'America/Detroit' }
  switch (profile) {
    case 'cloud': {
      const credentials = { PLEX_CLIENT_ID: login.clientId, PLEX_CLIENT_SECRET: login.clientSecret }
      const addresses = { PLEX_BASE_URL: `${url}/api`, PLEX_TOKEN_URL: `${url}/oauth2/token` }
      return { ...common, ...addresses, ...credentials, PLEX_API_KEY: login.apiKey }
    }
    case 'connect':
      return { ...common, PLEX_BASE_URL: url, PLEX_API_KEY: login.apiKey }
    case 'soap': {
      const credentials = { PLEX_USERNAME: login.username, PLEX_PASSWORD: login.password }
      return { ...common, PLEX_BASE_URL: `${url}/DataSource/Service.asmx`, ...credentials, PLEX_SOAP_MAP: SOAP_MAP }
    }
  }
}
