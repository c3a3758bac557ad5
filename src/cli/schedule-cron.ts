/** crontab(5) lines. Mail is what a job prints, so the passes are --quiet and only the digest always speaks. */
import { toCronFields, type Job } from '../domain/schedule.js'
import type { Place } from './schedule.js'

export function toCrontab(jobs: readonly Job[], place: Place): string {
  const { connection, zone, path } = place
  const rows = jobs.map((job) => [toCronFields(job), toCommand(job, place), job.about] as const)
  const width = Math.max(...rows.map(([fields]) => fields.length))
  const lines = rows.flatMap(([fields, command, about]) => [`# ${about}`, `${fields.padEnd(width)}  ${command}`])
  return [
    `# ml-connector, connection ${connection}. For \`crontab -e\` of the user whose settings these are.`,
    '# Mail comes only when somebody must do something, and from the digest.',
    '#MAILTO=you@example.com',
    `PATH=${path}`,
    ...tellZone(zone),
    '',
    ...lines,
    '',
  ].join('\n')
}

/** cronie (RHEL, Fedora, SUSE, Arch) knows CRON_TZ; Debian's cron takes it for a variable like any other. */
function tellZone(zone: string | null): string[] {
  if (zone === null) return ['# Times are those of this host. Set PLEX_TIMEZONE to have them in the zone of the plant.']
  return [
    `# In the zone of the plant, where cron knows CRON_TZ (not on Debian: there, times are those of the host).`,
    `CRON_TZ=${zone}`,
  ]
}

function toCommand({ args }: Job, { program, envFile, connection, isNamed }: Place): string {
  const quiet = args[0] === 'status' ? [] : ['--quiet']
  const words = [program, '--env-file', envFile, ...(isNamed ? ['--connection', connection] : []), ...args, ...quiet]
  // An unescaped % ends the command (crontab(5)).
  return words.map(quote).join(' ').replaceAll('%', '\\%')
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
