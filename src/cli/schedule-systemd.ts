/** A service and a timer for each job. */
import { nameOf, toCalendar, type Job } from '../domain/schedule.js'
import type { Place } from './schedule.js'

export interface Unit {
  /** Name of the file. */
  readonly name: string
  readonly text: string
}

/** On top of the deadline: what is in flight is settled before a run ends. */
const SETTLE_MS = 5 * 60_000

export function toUnits(jobs: readonly Job[], place: Place): Unit[] {
  return jobs.flatMap((job) => {
    const name = nameOf(place.connection, job.name)
    return [
      { name: `${name}.service`, text: toService(job, place) },
      { name: `${name}.timer`, text: toTimer(job, place) },
    ]
  })
}

/** Exit codes: 4 goes on with the next run and 6 means another run is at it, so neither is a failure of the unit. */
function toService(job: Job, place: Place): string {
  const { connection, path, deadlineMs, envFile, program, isNamed } = place
  // systemd wants a path; a program that was not found is looked for where npm puts it.
  const command = program.startsWith('/') ? program : `/usr/local/bin/${program}`
  const words = [command, '--env-file', envFile, ...(isNamed ? ['--connection', connection] : []), ...job.args]
  return [
    '[Unit]',
    `Description=ml-connector ${job.args.join(' ')} (connection ${connection}): ${escape(job.about)}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '# Mail or chat on trouble: OnFailure=your-notifier@%n.service',
    '',
    '[Service]',
    'Type=oneshot',
    '# The user that can read the env file and its key file.',
    'User=ml-connector',
    `Environment=PATH=${escape(path)}`,
    `ExecStart=${words.map(quote).join(' ')}`,
    '# 4: not finished, the next run goes on. 6: another run holds the stream.',
    'SuccessExitStatus=4 6',
    `TimeoutStartSec=${Math.ceil((deadlineMs + SETTLE_MS) / 1000)}`,
    'NoNewPrivileges=yes',
    'PrivateTmp=yes',
    'ProtectSystem=full',
    '',
  ].join('\n')
}

/** A nightly run that was missed is made up for; an ordinary one comes again soon. */
function toTimer(job: Job, { zone, connection }: Place): string {
  return [
    '[Unit]',
    `Description=When to run ml-connector ${job.args.join(' ')} (connection ${connection})`,
    '',
    '[Timer]',
    `OnCalendar=${toCalendar(job, zone)}`,
    'AccuracySec=10s',
    `Persistent=${job.minutes.length === 1 ? 'yes' : 'no'}`,
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n')
}

/** % begins a specifier (systemd.unit(5)). */
function escape(text: string): string {
  return text.replaceAll('%', '%%')
}

function quote(word: string): string {
  const safe = escape(word).replaceAll('\\', '\\\\').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `"${safe.replaceAll('"', '\\"')}"`
}
