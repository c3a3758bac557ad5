/** `schedule`: the jobs of a connection, written for what starts them. Reads settings where there are any; installs nothing. */
import { access, constants, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { planJobs } from '../domain/schedule.js'
import type { ScheduleFlags } from './commands/schedule.js'
import type { Context } from './program.js'
import { toCrontab } from './schedule-cron.js'
import { toManifests } from './schedule-kubernetes.js'
import { toUnits } from './schedule-systemd.js'
import { readConfig } from './state.js'

/** Where and how the jobs run. */
export interface Place {
  readonly connection: string
  /** False = it is `default`, so nothing needs to name it. */
  readonly isNamed: boolean
  readonly envFile: string
  readonly zone: string | null
  /** How long a pass may take (SYNC_DEADLINE). */
  readonly deadlineMs: number
  /** The executable; by its name alone where it was not found. */
  readonly program: string
  readonly path: string
  readonly image: string
  readonly version: string
}

const DEFAULT_ENV_FILE = '/etc/ml-connector/env'
const DEFAULT_DEADLINE_MS = 15 * 60_000
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin']

export async function printSchedule(context: Context, flags: ScheduleFlags): Promise<number> {
  if (flags.output !== undefined && flags.systemd !== true)
    throw new ConfigError('--output is for --systemd. For the other forms: ml-connector schedule > FILE')
  if (flags.image !== undefined && flags.kubernetes !== true)
    throw new ConfigError('--image is for --kubernetes. Add it, or leave --image out.')
  const place = await readPlace(context, flags)
  const jobs = planJobs(place.connection)
  if (flags.kubernetes === true) context.io.out(toManifests(jobs, place))
  else if (flags.systemd !== true) context.io.out(toCrontab(jobs, place))
  else await tellUnits(context, toUnits(jobs, place), flags.output)
  return EXIT_CODES.done
}

async function tellUnits(
  { io }: Context,
  units: readonly { readonly name: string; readonly text: string }[],
  folder: string | undefined,
): Promise<void> {
  if (folder === undefined) {
    io.out(units.map(({ name, text }) => `# ==== ${name}\n${text}`).join('\n'))
    return
  }
  try {
    await mkdir(folder, { recursive: true })
    for (const { name, text } of units) await writeFile(join(folder, name), text, { mode: 0o644 })
  } catch (error) {
    throw new ConfigError(`The units cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
  const timers = units.map(({ name }) => name).filter((name) => name.endsWith('.timer'))
  io.out(`${units.length} units are in ${folder}. Next:\n  systemctl daemon-reload\n`)
  io.out(`  systemctl enable --now ${timers.join(' ')}\n`)
}

async function readPlace(context: Context, { image }: ScheduleFlags): Promise<Place> {
  const { envFile, connection: named } = context.global()
  const config = readSettings(context)
  const connection = named ?? config?.connection ?? 'default'
  const folders = (context.io.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  const [program, node] = [await findIn(folders, 'ml-connector'), await findIn(folders, 'node')]
  const own = [program, node].flatMap((file) => (file === null ? [] : [dirname(file)]))
  return {
    connection,
    isNamed: named !== undefined,
    envFile: envFile === undefined ? await findEnvFile() : resolve(envFile),
    zone: config?.plex.timeZone ?? null,
    deadlineMs: config?.sync.deadlineMs ?? DEFAULT_DEADLINE_MS,
    program: program ?? 'ml-connector',
    path: [...new Set([...own, ...SYSTEM_PATH])].join(delimiter),
    image: image ?? `ml-connector:${context.version}`,
    version: context.version,
  }
}

/** A schedule can be looked at before anything is set up, so wrong or missing settings are no mistake here. */
function readSettings(context: Context): Config | null {
  try {
    return readConfig(context)
  } catch (error) {
    if (error instanceof ConfigError) return null
    throw error
  }
}

async function findEnvFile(): Promise<string> {
  const here = resolve('.env')
  return (await isThere(here, constants.R_OK)) ? here : DEFAULT_ENV_FILE
}

async function findIn(folders: readonly string[], name: string): Promise<string | null> {
  for (const folder of folders) if (await isThere(join(folder, name), constants.X_OK)) return join(folder, name)
  return null
}

async function isThere(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  )
}
