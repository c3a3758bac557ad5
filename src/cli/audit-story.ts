/** A row of the journal in the words of a person. Pure; foreign text comes out clean, on one line. */
import type { AuditAction, AuditRow } from '../domain/audit.js'
import type { Change, Json } from '../domain/record.js'
import { cleanLine } from '../domain/text.js'

/** What the target of a stream is called there. */
const TARGET_NOUNS: Readonly<Record<string, string>> = {
  suppliers: 'vendor',
  pos: 'requisition',
  invoices: 'bill',
  locations: 'location',
  departments: 'department',
  accounts: 'account code',
}

/** `['2026-11-23 21:41 UTC', 'created in Procurify as vendor 1042 by cron@host (run 1f0c2a3b): name "Acme"; POST ... answered 201']` */
export function tellRow(row: AuditRow): [when: string, what: string] {
  const { at, actor, run_id, http } = row
  const who = `by ${cleanLine(actor.user)}@${cleanLine(actor.host)}${run_id === null ? '' : ` (run ${shortRun(run_id)})`}`
  const call = http === null ? [] : [`${http.method} ${cleanLine(http.path)} ${tellAnswer(http)}`]
  const parts = [...reasonOf(row), ...tellChanges(row.changes), ...call]
  const colon = parts.length === 0 ? '' : ': '
  return [`${at.slice(0, 16).replace('T', ' ')} UTC`, `${tellDeed(row)} ${who}${colon}${parts.join('; ')}`]
}

/** The same in short, for a table that has columns of its own for time, record and run. */
export function tellWhat(row: AuditRow): string {
  const { action, outcome, changes } = row
  const isUpdate = action === 'update' && outcome === 'done'
  const fields = isUpdate && changes.length > 0 ? [changes.map(({ field }) => cleanLine(field)).join(', ')] : []
  const details = [...fields, ...reasonOf(row)]
  return details.length === 0 ? tellDeed(row) : `${tellDeed(row)}: ${details.join('; ')}`
}

/** The first digits of a run's id: enough for `--run`. */
export function shortRun(runId: string | null): string {
  return runId === null ? '' : runId.slice(0, 8)
}

/** Code and message, as far as the deed does not tell them. */
function reasonOf({ message, code, outcome }: AuditRow): string[] {
  const isCodeTold = code === null || outcome === 'parked' || outcome === 'waiting'
  const said = message === null || message === '' ? [] : [cleanLine(message).replace(/\.$/, '')]
  return [...(isCodeTold ? [] : [code.replaceAll('_', ' ')]), ...said]
}

function tellDeed(row: AuditRow): string {
  const { action, outcome, code } = row
  if (outcome === 'rejected') return `${ATTEMPTS[action] ?? action} was refused`
  if (outcome === 'in_doubt') return `${ATTEMPTS[action] ?? action} was sent, outcome unknown`
  if (outcome === 'waiting') return `waits (${code ?? 'unknown reason'})`
  if (outcome === 'parked') return `parked for a person (${code ?? 'unknown reason'})`
  // Accounts may go the other way; Procurify's paths begin with /api/, those of Plex with the name of a product.
  const system = row.http === null || row.http.path.startsWith('/api/') ? 'Procurify' : 'Plex'
  return DEEDS[action](targetOf(row), system)
}

const ATTEMPTS: Partial<Record<AuditAction, string>> = { create: 'creation', update: 'change', adopt: 'adoption' }

const DEEDS: Readonly<Record<AuditAction, (target: string, system: string) => string>> = {
  create: (target, system) => `created in ${system} as ${target}`,
  update: (target, system) => `changed in ${system}, ${target}`,
  adopt: (target, system) => `adopted ${target} of ${system}`,
  observe: () => 'noticed',
  wait: () => 'waited',
  park: () => 'parked for a person',
  replay: () => 'put back to be tried again',
  supersede: () => 'superseded',
  accept: () => 'settled by a person',
  drop: () => 'given up by a person',
  admin: () => 'administration',
}

function targetOf({ stream, target_id }: AuditRow): string {
  const noun = TARGET_NOUNS[stream] ?? 'record'
  return target_id === null ? `a ${noun}` : `${noun} ${cleanLine(target_id)}`
}

function tellAnswer({ status, request_id }: { status: number | null; request_id: string | null }): string {
  const answer = status === null ? 'was not answered' : `answered ${status}`
  return request_id === null ? answer : `${answer}, request ${cleanLine(request_id)}`
}

/** A requisition of a hundred lines is no sentence any more. */
const MAX_CHANGES = 12

/** Contact data is in the journal only as a salted hash: that it was set, changed or removed is all there is to tell. */
function tellChanges(changes: readonly Change[]): string[] {
  const hidden = { set: [] as string[], changed: [] as string[], removed: [] as string[] }
  const shown: string[] = []
  for (const { field, from, to } of changes) {
    const name = cleanLine(field)
    const kind = isEmpty(from) ? 'set' : isEmpty(to) ? 'removed' : 'changed'
    if (isHidden(from) || isHidden(to)) hidden[kind].push(name)
    else if (kind === 'set') shown.push(`${name} ${show(to)}`)
    else shown.push(kind === 'removed' ? `${name} ${show(from)} removed` : `${name} ${show(from)} -> ${show(to)}`)
  }
  const kinds = Object.entries(hidden).filter(([, names]) => names.length > 0)
  const more = shown.length > MAX_CHANGES + 1 ? [`${shown.length - MAX_CHANGES} more (--json shows all)`] : []
  return [
    ...(more.length > 0 ? shown.slice(0, MAX_CHANGES) : shown),
    ...more,
    ...kinds.map(([kind, names]) => `${names.join(', ')} ${kind} (not shown)`),
  ]
}

function isHidden(value: Json): boolean {
  return typeof value === 'string' && value.startsWith('hidden:')
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

function show(value: Json): string {
  return isEmpty(value) ? '(none)' : cleanLine(typeof value === 'string' ? `"${value}"` : JSON.stringify(value))
}
