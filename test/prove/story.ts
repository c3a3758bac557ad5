/** A schedule in words, for the person who has to find out why it failed. */
import type { LogEntry } from '../../src/sandbox/log.js'
import type { Fate } from './conductor.js'
import type { Play } from './play.js'
import type { Verdict } from './prover.js'
import type { PassStep, Step } from './schedule.js'

const FATES: Readonly<Record<Fate['kind'], string>> = {
  kill: 'is killed',
  hold: 'is stopped (until woken)',
  'cut-before': 'loses its database connection',
  'cut-after': 'loses its database connection (after the statement took effect)',
  gone: 'loses the database for good',
}

export function tellStory(verdict: Verdict, play: Play): string {
  const { seed, kept, broken } = verdict
  const { schedule, sandbox } = play
  const again = `npm run prove -- --seed ${seed}${kept === null ? '' : ` --keep ${kept.join(',') || 'none'}`}`
  return [
    `seed ${seed} ${broken.length === 0 ? 'keeps every promise' : 'breaks a promise:'}`,
    ...broken.map((one) => `  ${one}`),
    '',
    `with ${Object.entries(schedule.setting)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', ')}`,
    ...schedule.steps.map((step, at) => `  ${at + 1}. ${tellStep(step)}`),
    '  then everything comes to rest.',
    '',
    'how the passes ended:',
    ...play.endings.map(({ name, result, error }) => `  ${name}: ${result?.outcome ?? messageOf(error)}`),
    '',
    'what the systems saw (their clock):',
    ...sandbox.log.entries.map((entry) => `  ${tellRequest(entry)}`),
    '',
    `again: ${again}`,
  ].join('\n')
}

function tellStep(step: Step): string {
  switch (step.do) {
    case 'pass':
      return tellPass(step)
    case 'supplier':
      return `supplier ${step.at}: ${step.change}, stamped ${step.stamp.kind}${step.stamp.ms > 0 ? ` ${step.stamp.ms} ms` : ''}`
    case 'order':
    case 'invoice':
      return `${step.do} ${step.at}: ${step.change}, stamped ${step.stamp.kind}${step.stamp.ms > 0 ? ` ${step.stamp.ms} ms` : ''}`
    case 'bill':
      return `people ${step.action} the bill of invoice ${step.at}`
    case 'people':
      return `people ${step.action} requisition ${step.at}`
    case 'wait':
      return `${step.ms / 1000} s pass`
    case 'wake':
      return 'stopped passes go on'
    case 'land':
      return 'late writes land'
    case 'save':
      return 'the state database is backed up'
    case 'restore':
      return 'the state database is restored from the backup'
    case 'lose':
      return 'the state database is lost'
  }
}

function tellPass({ stream, fate, rivals, faults, limit, full, deadlineMs, wakes }: PassStep): string {
  const options = [
    full ? '--full' : null,
    limit === null ? null : `--limit ${limit}`,
    deadlineMs < 900_000 ? `--deadline ${deadlineMs}ms` : null,
  ].filter((one) => one !== null)
  const ends = [fate, ...rivals].map((one, at) => `${at === 0 ? '' : 'a rival '}${tellFate(one)}`)
  if (wakes) ends.push('stopped passes go on at its first write')
  const wrong = faults.map(
    ({ system, method, kind, after = 0, times = 1, status, ms }) =>
      `\n       ${system} ${method ?? 'any'}: ${kind} ${status ?? ''}${ms === undefined ? '' : ` ${ms} ms later`}, after ${after}, ${times} times`,
  )
  return `sync ${stream} ${options.join(' ')}: ${ends.join('; ')}${wrong.join('')}`
}

function tellFate(fate: Fate | null): string {
  if (fate === null) return 'runs'
  return `${FATES[fate.kind]} at statement ${fate.at}${fate.from === null ? '' : ` from its first ${fate.from}`}`
}

function tellRequest({ n, at, method, path, query, status, fault, effect }: LogEntry): string {
  const asked = Object.entries(query).map(([name, values]) => `${name}=${values.join(',')}`)
  const made = effect === null ? '' : ` ${effect.kind}d ${effect.collection} ${effect.id}`
  const wrong = fault === undefined ? '' : ` (${fault})`
  return `${n} ${at.slice(11, 23)} ${method} ${path}${asked.length > 0 ? `?${asked.join('&')}` : ''} ${status ?? 'no answer'}${wrong}${made}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : error === null ? 'killed' : JSON.stringify(error)
}
