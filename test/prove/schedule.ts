/** A schedule is data: what happens to the source, when passes start, what goes wrong. Made from a seed, and shrunk step by step. */
import type { FaultRule } from '../../src/sandbox/faults.js'
import type { Fate } from './conductor.js'
import { Dice } from './dice.js'
import { weaveInvoices, type Invoicing, type InvoiceStep } from './invoices.js'

export const MINUTE = 60_000

/** Where a change of the source appears on its clock. `late`: committed now, stamped `ms` ago. `none`: no modified date at all. */
export interface Stamp {
  readonly kind: 'now' | 'tie' | 'late' | 'future' | 'none'
  readonly ms: number
}

export type ProofStream = 'suppliers' | 'pos' | 'invoices' | 'align' | 'replay'

export interface PassStep {
  readonly do: 'pass'
  readonly stream: ProofStream
  readonly faults: readonly FaultRule[]
  readonly fate: Fate | null
  /** Started at the same moment, as processes of their own. */
  readonly rivals: readonly (Fate | null)[]
  readonly limit: number | null
  readonly full: boolean
  readonly deadlineMs: number
  /** Held processes go on as soon as this one has sent a write, instead of when it is over. */
  readonly wakes: boolean
}

export type Step =
  | PassStep
  | { readonly do: 'supplier'; readonly at: number; readonly change: SupplierChange; readonly stamp: Stamp }
  | { readonly do: 'order'; readonly at: number; readonly change: OrderChange; readonly stamp: Stamp }
  | InvoiceStep
  /** What people do in Procurify with a requisition. */
  | { readonly do: 'people'; readonly at: number; readonly action: 'approve' | 'deny' | 'order' }
  | { readonly do: 'wait'; readonly ms: number }
  /** Held processes go on. */
  | { readonly do: 'wake' }
  /** What was answered with an error and not yet carried out is carried out now. */
  | { readonly do: 'land' }
  | { readonly do: 'save' }
  | { readonly do: 'restore' }
  | { readonly do: 'lose' }

/** `release`: its quantity alone, which leaves the order untouched. */
type OrderChange = 'add' | 'release' | 'touch' | 'cancel' | 'date'
type SupplierChange = 'add' | 'rename' | 'swap' | 'url' | 'off' | 'on'

/** Switches that hold for the whole schedule. */
export interface Setting {
  readonly suppliers: number
  /** 0 = this schedule is about suppliers alone. */
  readonly orders: number
  readonly concurrency: number
  /** How long a new object stays invisible: less than the grace time. */
  readonly hiddenMs: number
  readonly listsInactive: boolean
  /** How far the clock of the two systems, and that of the host, are from the database's. */
  readonly remoteSkewMs: number
  readonly hostSkewMs: number
  readonly callsPerMinute: number
  readonly pageSize: number
}

export interface Schedule {
  readonly seed: number
  readonly setting: Setting
  readonly steps: readonly Step[]
  /** Requests go over real connections. */
  readonly usesSockets: boolean
  /** Cron goes on after everything is done, to see that nothing more happens. */
  readonly isThorough: boolean
  /** How long a login to Plex lasts: a pass or two, or all of them. */
  readonly tokenSeconds: number
  readonly invoicing: Invoicing
}

export const OVERLAP_MS = 10 * MINUTE
export const GRACE_MS = 10 * MINUTE
export const LEASE_MS = 150_000
export const TIMEOUT_MS = 60_000

export function makeSchedule(seed: number): Schedule {
  const dice = new Dice(seed)
  const setting = makeSetting(dice)
  const canLie = dice.chance(0.3)
  const steps: Step[] = setting.orders > 0 ? [makePass(dice, canLie, 'align')] : []
  if (dice.chance(0.15)) steps.push(...makeRelay(dice))
  if (dice.chance(0.1)) steps.push(...makeGap(dice))
  const rounds = dice.between(1, 3)
  let isSaved = false
  for (let round = 0; round < rounds; round += 1) {
    steps.push(makePass(dice, canLie, streamOf(dice, setting)))
    if (dice.chance(0.3)) steps.push(dice.chance(0.5) ? { do: 'land' } : { do: 'wake' })
    if (!isSaved && dice.chance(0.15)) {
      steps.push({ do: 'save' })
      isSaved = true
    }
    const edits = dice.between(0, 3)
    for (let n = 0; n < edits; n += 1) {
      steps.push(makeChange(dice, setting))
      // Longer than the overlap: what a pass forgets of the first is not read again for the sake of the last.
      if (dice.chance(0.2)) steps.push({ do: 'wait', ms: 30 * MINUTE })
    }
    steps.push({ do: 'wait', ms: makeWait(dice) })
    // A restore after lies about absence proves nothing: a look before a creation is believed once. And what was created and deactivated
    // since the backup cannot be found again where no list shows it.
    if (!canLie && setting.listsInactive && dice.chance(0.1))
      steps.push(isSaved && dice.chance(0.7) ? { do: 'restore' } : { do: 'lose' })
  }
  steps.push(makePass(dice, canLie, streamOf(dice, setting)))
  const tokenSeconds = seed % 3 === 0 ? 600 : 86_400
  const begun = seed % 12 === 7 ? [...makeSleeper(new Dice(seed ^ 0x51ee9)), ...steps] : steps
  const invoicing = seed % 12 === 2 ? ((['match', 'draft'] as const)[Math.floor(seed / 12) % 2] ?? 'none') : 'none'
  const whole = invoicing === 'none' ? begun : addInvoices(begun, invoicing, seed)
  return {
    ...{ seed, setting, usesSockets: seed % 32 === 0, isThorough: seed % 8 === 1, tokenSeconds, invoicing },
    steps: whole.map((step) => (step.do === 'pass' ? { ...step, faults: fitGrace(step.faults, setting) } : step)),
  }
}

/** The grace time is for both: until what was answered with an error takes effect, and until that can be seen. */
function fitGrace(faults: readonly FaultRule[], { hiddenMs }: Setting): FaultRule[] {
  const most = GRACE_MS - 1000 - hiddenMs
  return faults.map((fault) => (fault.ms === undefined ? fault : { ...fault, ms: Math.min(fault.ms, most) }))
}

/** By dice of their own: a schedule is otherwise what it is without invoices. */
function addInvoices(steps: readonly Step[], invoicing: Exclude<Invoicing, 'none'>, seed: number): Step[] {
  const dice = new Dice(seed ^ 0x1b111)
  return weaveInvoices(steps, invoicing, dice, { plain: PLAIN, makePass: () => makePass(dice, false, 'invoices') })
}

const PLAIN: PassStep = {
  ...{ do: 'pass', stream: 'suppliers', faults: [], fate: null, rivals: [], limit: null, full: false },
  // Whoever is stopped must not find its own time over when it wakes.
  ...{ deadlineMs: 120 * MINUTE, wakes: false },
}
const NEW: Step = { do: 'supplier', at: 0, change: 'add', stamp: { kind: 'now', ms: 0 } }

/**
 * A process stops between its claim and its settlement, until others have taken the record over: these find nothing, wait for the
 * grace time and send it anew, and in the middle of that the first one goes on where it stood.
 */
function makeRelay(dice: Dice): Step[] {
  const wakes = { ...PLAIN, wakes: true }
  return [
    // What is delivered here is the witness of later look-ups.
    PLAIN,
    NEW,
    ...(dice.chance(0.5) ? [NEW] : []),
    { ...PLAIN, fate: { from: 'claim', at: dice.between(2, 6), kind: 'hold' } },
    { do: 'wait', ms: dice.pick([3, 5]) * MINUTE },
    dice.chance(0.3) ? wakes : PLAIN,
    { do: 'wait', ms: 11 * MINUTE },
    dice.chance(0.7) ? wakes : PLAIN,
    { do: 'wait', ms: dice.pick([5_000, MINUTE]) },
    PLAIN,
    { do: 'wake' },
  ]
}

/**
 * A process stops before it has told what it read, until its lease ran out and others have read what was changed since: what it then
 * still wants to tell is old.
 */
function makeSleeper(dice: Dice): Step[] {
  const change = dice.pick(['add', 'rename', 'url'] as const)
  return [
    PLAIN,
    NEW,
    { ...PLAIN, fate: { from: null, at: dice.between(8, 40), kind: 'hold' } },
    { do: 'wait', ms: 5 * MINUTE },
    { do: 'supplier', at: 0, change, stamp: { kind: 'now', ms: 0 } },
    PLAIN,
    { do: 'wake' },
    PLAIN,
  ]
}

/** Two changes further apart than the overlap, and a process that ends right where it has moved the watermark over both. */
function makeGap(dice: Dice): Step[] {
  const kind = dice.pick(['kill', 'kill', 'cut-before', 'cut-after', 'gone'] as const)
  const fate: Fate = { from: 'watermark', at: dice.between(1, 5), kind }
  return [PLAIN, NEW, { do: 'wait', ms: 30 * MINUTE }, NEW, { ...PLAIN, fate }]
}

function streamOf(dice: Dice, { orders }: Setting): ProofStream {
  if (dice.chance(0.1)) return 'replay'
  return orders === 0 ? 'suppliers' : dice.pick(['pos', 'pos', 'pos', 'suppliers', 'align'] as const)
}

function makeSetting(dice: Dice): Setting {
  return {
    suppliers: dice.between(1, 6),
    orders: dice.chance(0.6) ? 0 : dice.between(1, 3),
    concurrency: dice.chance(0.8) ? 1 : 3,
    hiddenMs: dice.chance(0.4) ? dice.between(1, GRACE_MS - 1000) : 0,
    listsInactive: dice.chance(0.8),
    remoteSkewMs: dice.chance(0.7) ? 0 : dice.pick([-10 * MINUTE, 10 * MINUTE, 3 * MINUTE]),
    hostSkewMs: dice.chance(0.7) ? 0 : dice.pick([-10 * MINUTE, 10 * MINUTE, 26 * 60 * MINUTE]),
    callsPerMinute: dice.chance(0.7) ? 100_000 : dice.between(6, 30),
    pageSize: dice.pick([3, 50, 50]),
  }
}

function makeWait(dice: Dice): number {
  return dice.pick([5_000, MINUTE, 3 * MINUTE, 5 * MINUTE, 11 * MINUTE, 30 * MINUTE])
}

function makePass(dice: Dice, canLie: boolean, stream: ProofStream): PassStep {
  const faults: FaultRule[] = []
  while (faults.length < 3 && dice.chance(0.5)) faults.push(makeFault(dice, canLie, stream))
  return {
    do: 'pass',
    stream,
    faults,
    fate: dice.chance(0.5) ? makeFate(dice) : null,
    rivals: dice.chance(0.2)
      ? Array.from({ length: dice.between(1, 2) }, () => (dice.chance(0.3) ? makeFate(dice) : null))
      : [],
    limit: dice.chance(0.1) ? dice.between(1, 3) : null,
    full: dice.chance(0.1),
    deadlineMs: dice.chance(0.1) ? dice.between(1, 120_000) : 15 * MINUTE,
    wakes: dice.chance(0.3),
  }
}

function makeFate(dice: Dice): Fate {
  const kind = dice.pick(FATES)
  if (dice.chance(0.4)) return { from: dice.pick(AIMS), at: dice.between(1, 6), kind }
  return { from: null, at: dice.between(1, dice.pick([20, 60, 120, 240])), kind }
}

const AIMS = ['watermark', 'watermark', 'plan', 'claim', 'claim', 'settle'] as const

const FATES = ['kill', 'kill', 'kill', 'kill', 'hold', 'hold', 'cut-before', 'cut-after', 'gone'] as const

function makeChange(dice: Dice, { orders }: Setting): Step {
  if (orders > 0 && dice.chance(0.7)) return makeOrderChange(dice)
  const change = dice.pick(['add', 'add', 'rename', 'rename', 'swap', 'url', 'off', 'on'] as const)
  return { do: 'supplier', at: dice.between(0, 20), change, stamp: makeStamp(dice, change === 'add') }
}

function makeOrderChange(dice: Dice): Step {
  if (dice.chance(0.3)) {
    return { do: 'people', at: dice.between(0, 5), action: dice.pick(['approve', 'approve', 'order', 'deny'] as const) }
  }
  const change = dice.pick(['add', 'add', 'add', 'release', 'touch', 'cancel', 'date'] as const)
  const stamp = makeStamp(dice, false)
  // An order from the day after tomorrow is not quiet before the day after tomorrow.
  const ms = stamp.kind === 'future' ? Math.min(stamp.ms, 10 * MINUTE) : stamp.ms
  return { do: 'order', at: dice.between(0, 5), change, stamp: { ...stamp, ms } }
}

function makeStamp(dice: Dice, isNew: boolean): Stamp {
  const roll = dice.next()
  if (roll < 0.4) return { kind: 'now', ms: 0 }
  if (roll < 0.55) return { kind: 'tie', ms: 0 }
  // The very edge of the overlap as often as anything inside.
  if (roll < 0.8) return { kind: 'late', ms: dice.chance(0.5) ? OVERLAP_MS : dice.between(1, OVERLAP_MS) }
  if (roll < 0.93 || !isNew) return { kind: 'future', ms: dice.pick([MINUTE, 10 * MINUTE, 48 * 60 * MINUTE]) }
  return { kind: 'none', ms: 0 }
}

const WRITE_FAULTS = [
  ...([
    'cut-before',
    'cut-after',
    'cut-body',
    'timeout-before',
    'timeout-after',
    'status-after',
    'late-effect',
  ] as const),
  ...(['broken-json', 'html', 'status', 'throttle', 'unauthorized', 'expire-token'] as const),
]
/** How a system says that it was asked too often. */
const THROTTLED = [429, 429, 503] as const
const READ_FAULTS = [
  'cut-before',
  'cut-body',
  'timeout-before',
  'status',
  'throttle',
  'unauthorized',
  'expire-token',
] as const

function makeFault(dice: Dice, canLie: boolean, stream: ProofStream): FaultRule {
  const roll = dice.next()
  if (roll < 0.6) return makeWriteFault(dice, stream)
  const after = dice.between(0, 3)
  const times = dice.pick([1, 1, 2, 4])
  const common = { method: 'GET', after, times, status: dice.pick([500, 503, 504]) }
  if (roll < 0.9 || !canLie) {
    const kind = dice.pick(READ_FAULTS)
    const status = kind === 'throttle' ? dice.pick(THROTTLED) : common.status
    return { ...common, system: roll < 0.75 ? 'plex' : 'procurify', kind, status, ...patience(dice) }
  }
  if (dice.chance(0.5))
    return { ...common, system: 'plex', path: '/mdm/v1/suppliers$', kind: 'ignore-filter', times: 3 }
  return {
    ...common,
    times: 1,
    system: 'procurify',
    path: '/api/v3/vendors/$',
    kind: dice.pick(['short', 'empty', 'duplicate-page']),
  }
}

/** What each stream writes. */
const WRITTEN: Readonly<Record<ProofStream, readonly string[]>> = {
  suppliers: ['/api/v3/vendors/'],
  // Suppliers of orders are delivered in the same pass.
  pos: ['/api/v3/requisitions/', '/api/v3/requisitions/', '/api/v3/vendors/'],
  invoices: ['/api/v3/ap/bills/'],
  align: ['/api/v3/account-codes/', '/api/v3/departments/'],
  replay: ['/api/v3/vendors/', '/api/v3/requisitions/'],
}

function makeWriteFault(dice: Dice, stream: ProofStream): FaultRule {
  const kind = dice.pick(WRITE_FAULTS)
  // Refused for good: a person replays it when everything has come to rest.
  const refusal = kind === 'status' && dice.chance(0.5) ? 400 : dice.pick([500, 502, 503, 504])
  return {
    system: 'procurify',
    method: stream === 'suppliers' && dice.chance(0.3) ? 'PATCH' : 'POST',
    path: dice.pick(WRITTEN[stream]),
    kind,
    after: stream === 'suppliers' ? dice.between(0, 2) : dice.between(0, 1),
    times: kind === 'throttle' ? dice.between(1, 3) : dice.pick([1, 1, 2]),
    status: kind === 'throttle' ? dice.pick(THROTTLED) : refusal,
    ...patience(dice),
    ...(kind === 'late-effect' ? { ms: dice.pick([1000, 45_000, MINUTE, 5 * MINUTE]) } : {}),
  }
}

function patience(dice: Dice): Pick<FaultRule, 'retryAfter' | 'seconds'> {
  return { retryAfter: dice.pick(['seconds', 'date', 'absent', 'text']), seconds: dice.pick([1, 20, 90, 600]) }
}
