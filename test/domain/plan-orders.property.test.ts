/** What holds for every order and every history: nothing is asked for twice, and nothing is sent that Procurify cannot hold. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { followRequisition, resendRequisition } from '../../src/domain/follow-order.js'
import type { ExistingRequisition, OrderDetail, OrderLine, Release } from '../../src/domain/order.js'
import type { Link } from '../../src/domain/record.js'
import { requested, type RequisitionBody } from '../../src/domain/requisition.js'
import { countPoints } from '../../src/domain/text.js'
import { findKey } from '../../src/domain/token.js'
import {
  aLine,
  anOrderDetail,
  aRelease,
  existingOf,
  NOW,
  ORDER_ID,
  plan,
  sentLinks,
  wantedOf,
} from './order-factories.js'

// ------------------------------------------------------------------------------------------- orders as messy as they come

const anyText = fc.oneof(
  fc.constantFrom(null, '', ' ', '00000000-0000-0000-0000-000000000000'),
  fc.string({ unit: 'binary', maxLength: 300 }),
)
const anyNumber = fc.oneof(
  fc.constantFrom(null, '0', '4', '0.10', '1e2', '-1', '1.1234567', '12345678901', 'x'),
  fc.integer({ min: 1, max: 999 }).map(String),
)
const anyStamp = fc.constantFrom(
  null,
  '2026-04-01T04:00:00Z',
  '2026-02-01T05:00:00.1234567Z',
  'soon',
  '0001-01-01T00:00:00Z',
)
const anyPlace = {
  building: fc.constantFrom(null, 'MAIN', 'WEST', 'NORTH'),
  department: fc.constantFrom(null, 'Maintenance', 'Production', 'Painting'),
}

const anyMessyLine = fc.record({
  ...{
    lineItemNumber: anyNumber,
    unit: fc.constantFrom('EA', null),
    orderUnit: fc.constantFrom('EA', 'ea', 'LB', null),
    description: anyText,
  },
  ...{
    unitPrice: anyNumber,
    accountId: fc.constantFrom(aLine().accountId, null, 'x'),
    note: anyText,
    blanketQuantity: anyNumber,
    ...anyPlace,
  },
})
const anyMessyRelease = fc.record({
  status: fc.constantFrom('Open', 'Open', 'Received', 'Cancelled', null, 'Firm'),
  quantity: anyNumber,
  dueDate: anyStamp,
})
const anyMess: fc.Arbitrary<OrderDetail> = fc
  .record({
    order: fc.record({
      ...{
        poNumber: anyText,
        currencyCode: fc.constantFrom('USD', 'SEK', null),
        blanketOrder: fc.constantFrom(true, false, null),
        dueDate: anyStamp,
        ...anyPlace,
      },
      ...{
        status: fc.constantFrom('On order', 'On order', 'New', 'Denied', 'Old', null),
        lineItemTotal: anyNumber,
        createdDate: anyStamp,
        lineItemCount: anyNumber,
      },
    }),
    lines: fc.array(fc.tuple(anyMessyLine, fc.array(anyMessyRelease, { maxLength: 3 })), { maxLength: 5 }),
  })
  .map(({ order, lines }) => {
    const built = lines.map(([line], at): OrderLine => aLine({ id: `line-${at}`, ...line }))
    const releases = lines.flatMap(([, some], at) =>
      some.map((release, n): Release => aRelease({ id: `r-${at}-${n}`, poLineItemId: `line-${at}`, ...release })),
    )
    return anOrderDetail(order, built, releases)
  })

describe('whatever an order looks like', () => {
  it('it gets a decision for part 1, and each part only one', () => {
    fc.assert(
      fc.property(anyMess, (record) => {
        const ids = plan([record]).map(({ sourceId }) => sourceId)
        expect(ids[0]).toBe(ORDER_ID)
        expect(new Set(ids).size).toBe(ids.length)
      }),
      { numRuns: 200 },
    )
  })

  it('what is sent of it fits into Procurify, holds every line once, and is unchanged afterwards', () => {
    const anySendable = anyMess.map(({ order, lines, releases }): OrderDetail => {
      const mended = lines.map((line) => ({
        ...line,
        unit: line.orderUnit,
        accountId: aLine().accountId,
        unitPrice: '0.12345678',
        building: null,
      }))
      const whole = {
        ...order,
        createdDate: NOW,
        modifiedDate: null,
        currencyCode: 'USD',
        status: 'On order',
        building: 'MAIN',
        department: 'Production',
        lineItemTotal: null,
      }
      const dated = mended.map(({ id }, at) =>
        aRelease({ id: `own-${id}`, poLineItemId: id, quantity: `${at + 1}.00001` }),
      )
      const live = releases.filter(
        ({ quantity, status }) => quantity !== null && /^\d{1,3}$/.test(quantity) && status !== 'Firm',
      )
      return {
        order: { ...whole, blanketOrder: false },
        lines: mended.map((line) => ({ ...line, department: line.department === 'Painting' ? null : line.department })),
        releases: [...dated, ...live],
      }
    })
    let sent = 0
    fc.assert(
      fc.property(anySendable, (record) => {
        const planned = plan([record], { options: { quietMs: 0 } })
        const creations = planned.filter(({ decision }) => decision.kind === 'send')
        sent += creations.length
        const drafts = creations.map(({ decision }) => wantedOf(decision).draft)
        if (record.lines.length > 0)
          expect(drafts.flatMap(({ lines }) => lines.map(({ id }) => id)).sort()).toEqual(
            record.lines.map(({ id }) => id).sort(),
          )
        for (const { body, key } of drafts) expectToFit(body, key)
        if (creations.length > 0) {
          const again = plan([record], {
            links: sentLinks(record, { options: { quietMs: 0 } }),
            options: { quietMs: 0 },
          })
          expect(new Set(again.map(({ decision }) => decision.kind))).toEqual(new Set(['unchanged']))
        }
      }),
      { numRuns: 100 },
    )
    expect(sent).toBeGreaterThan(50)
  })
})

/** RequisitionCreate of procurify.openapi.yaml. */
function expectToFit(body: RequisitionBody | null, key: string | null): void {
  expect(body?.required_date).toMatch(/^\d{4}-\d\d-\d\d$/)
  expect(body?.line_items.length).toBeLessThanOrEqual(100)
  for (const { item_name, quantity, unit_price, unit } of body?.line_items ?? []) {
    expect(countPoints(item_name)).toBeLessThanOrEqual(255)
    expect(item_name).not.toMatch(/[\p{Cc}\p{Cs}]/u)
    expect(findKey(item_name)).toBe(key)
    expect(quantity).toMatch(/^\d{1,10}(\.\d{1,5})?$/)
    expect(unit_price).toMatch(/^\d{1,13}(\.\d{1,8})?$/)
    expect(unit).toMatch(/^.{1,30}$/u)
  }
}

// --------------------------------------------------------------------------------------------------- histories of one order

const RUNS = 300

/** A requisition in Procurify, with the lines of Plex it was made for. */
interface Requisition extends ExistingRequisition {
  readonly lineIds: readonly string[]
}

/** Procurify, Plex and our database, with all that can go wrong between them. */
class World {
  record = anOrderDetail({}, [])
  links = new Map<string, Link>()
  backup = new Map<string, Link>()
  requisitions: Requisition[] = []
  accept = new Set<string>()
  clock = Date.parse(NOW)

  edit(at: number, change: Partial<OrderLine> & { readonly quantity?: string; readonly status?: string }): void {
    const { quantity = '4', status = 'Open', ...line } = change
    const id = `line-${at}`
    const lines = [
      ...this.record.lines.filter((one) => one.id !== id),
      aLine({ id, lineItemNumber: `${9 - at}`, ...line }),
    ]
    const releases = [
      ...this.record.releases.filter((one) => one.poLineItemId !== id),
      aRelease({ id, poLineItemId: id, quantity, status }),
    ]
    this.record = anOrderDetail({ status: this.record.order.status }, lines, releases)
  }

  remove(at: number): void {
    const lines = this.record.lines.filter((one) => one.id !== `line-${at}`)
    this.record = anOrderDetail({ status: this.record.order.status }, lines, this.record.releases)
  }

  /** One pass. `fate`, for each sending in turn: it works, it is lost on the way, or only its answer is. */
  pass(fates: readonly Fate[]): void {
    const planned = plan([this.record], {
      links: [...this.links.values()],
      known: { existing: this.requisitions, ration: { used: 0, held: new Set() } },
      options: { quietMs: 0, accept: this.accept, maxPerDay: 2 },
    })
    this.accept = new Set()
    planned.forEach(({ sourceId, decision, learned }, at) => {
      const link = this.links.get(sourceId) ?? blankLink(sourceId)
      const skipCode = decision.kind === 'skip' && link.targetId === null ? decision.code : null
      this.links.set(sourceId, { ...link, skipCode, sent: learned ?? link.sent })
      if (decision.kind !== 'send') return
      const { action, targetId, draft } = wantedOf(decision)
      const fate = action === 'create' ? (fates[at % fates.length] ?? 'works') : 'works'
      if (fate === 'lost') return
      const id = targetId ?? `r${this.requisitions.length + 1}`
      if (action === 'create') {
        const made = existingOf(wantedOf(decision), { id, orderNum: id })
        this.requisitions.push({ ...made, lineIds: draft.lines.map((line) => line.id) })
      }
      if (fate === 'unanswered') return
      const detail = targetId === link.targetId ? link.detail : requested(draft.revision, NOW)
      this.links.set(sourceId, { ...link, targetId: id, sent: draft, detail, skipCode: null })
    })
  }

  /** Somebody in Procurify decides; a denied one stays denied. */
  decide(at: number, status: string): void {
    const chosen = this.requisitions[at % Math.max(1, this.requisitions.length)]
    this.requisitions = this.requisitions.map((one) => (one === chosen && !isDead(one) ? { ...one, status } : one))
  }

  follow(): void {
    this.clock += 3_600_000
    for (const link of this.links.values()) {
      const found = this.requisitions.find(({ id }) => id === link.targetId)
      if (found === undefined) continue
      const order = { orderNum: found.orderNum, status: found.status, denialReason: null, denialComment: null }
      const { detail } = followRequisition(
        link,
        { kind: 'seen', order, pos: [] },
        new Date(this.clock).toISOString(),
        0,
      )
      this.links.set(link.sourceId, { ...link, detail: detail })
    }
  }

  resend(): void {
    for (const link of this.links.values()) {
      const next = resendRequisition(link, NOW)
      if (!('reasons' in next)) this.links.set(link.sourceId, { ...link, detail: next })
    }
  }

  check(): void {
    const keys = this.requisitions.map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    const live = this.requisitions.filter((one) => !isDead(one)).flatMap(({ lineIds }) => lineIds)
    expect(live.length).toBe(new Set(live).size)
    const targets = [...this.links.values()].flatMap(({ targetId }) => targetId ?? [])
    expect(new Set(targets).size).toBe(targets.length)
  }
}

type Fate = 'works' | 'lost' | 'unanswered'

function isDead({ status }: ExistingRequisition): boolean {
  return status === '2' || status === '4'
}

function blankLink(sourceId: string): Link {
  const nothing = { sourceKey: null, sourceHash: null, targetId: null, targetKey: null, wantedHash: null }
  return { sourceId, ...nothing, sent: null, detail: null, skipCode: null, version: 1 }
}

const anyLineEdit = fc.record({
  ...{
    quantity: fc.constantFrom('1', '2'),
    status: fc.constantFrom('Open', 'Open', 'Open', 'Cancelled'),
    unitPrice: fc.constantFrom('1', '2'),
  },
  department: fc.constantFrom('Maintenance', 'Production'),
})
const anyLineAt = fc.integer({ min: 0, max: 3 })
const anyFates = fc.array(fc.constantFrom<Fate[]>('works', 'works', 'lost', 'unanswered'), {
  minLength: 1,
  maxLength: 3,
})

/** A step says its name in a counterexample. */
interface Step {
  readonly run: (world: World) => void
  readonly toString: () => string
}
const step = (name: string, run: Step['run']): Step => ({ run, toString: () => name })
const steps = {
  edit: fc
    .tuple(anyLineAt, anyLineEdit)
    .map(([at, change]) => step(`edit ${at} ${JSON.stringify(change)}`, (world) => world.edit(at, change))),
  remove: anyLineAt.map((at) => step(`remove ${at}`, (world) => world.remove(at))),
  status: fc.constantFrom('On order', 'On order', 'Cancelled').map((status) =>
    step(`status ${status}`, (world) => {
      world.record = { ...world.record, order: { ...world.record.order, status } }
    }),
  ),
  pass: anyFates.map((fates) => step(`pass ${fates.join(' ')}`, (world) => world.pass(fates))),
  decide: fc
    .tuple(fc.nat(9), fc.constantFrom('1', '2', '2', '3', '4'))
    .map(([at, status]) => step(`decide ${at} ${status}`, (world) => world.decide(at, status))),
  follow: fc.constant(step('follow', (world) => world.follow())),
  resend: fc.constant(step('resend', (world) => world.resend())),
  accept: fc.constant(step('accept', (world) => (world.accept = new Set(world.links.keys())))),
  loseDatabase: fc.constant(step('lose database', (world) => world.links.clear())),
  backUp: fc.constant(step('back up', (world) => (world.backup = new Map(world.links)))),
  restore: fc.constant(step('restore', (world) => (world.links = new Map(world.backup)))),
}
const WEIGHTS = {
  edit: 3,
  remove: 1,
  status: 1,
  pass: 6,
  decide: 3,
  follow: 3,
  resend: 3,
  accept: 1,
  loseDatabase: 1,
  backUp: 1,
  restore: 1,
}
const anyStep = fc.oneof(
  ...Object.entries(steps).map(([name, arbitrary]) => ({ weight: WEIGHTS[name as keyof typeof steps], arbitrary })),
)

/** A denial that is followed and answered by sending anew: by chance alone that would be rare. */
const anyDenial = fc.nat(9).map((at) =>
  step(`deny ${at} and resend`, (world) => {
    world.decide(at, '2')
    world.follow()
    world.resend()
  }),
)
const anyHistory = fc
  .tuple(
    fc.array(anyLineEdit, { minLength: 1, maxLength: 3 }),
    fc.array(fc.oneof({ weight: 20, arbitrary: anyStep }, { weight: 3, arbitrary: anyDenial }), {
      minLength: 5,
      maxLength: 30,
    }),
  )
  .map(([lines, history]) => [
    step(`order ${JSON.stringify(lines)}`, (world) => lines.forEach((line, at) => world.edit(at, line))),
    ...history,
  ])

describe('whatever happens to an order', () => {
  it('there is one requisition for each key, and no line is in two that live', () => {
    const made = { first: 0, again: 0 }
    fc.assert(
      fc.property(anyHistory, (history) => {
        const world = new World()
        for (const { run } of history) {
          run(world)
          world.check()
        }
        for (const { key } of world.requisitions) made[key.endsWith('01') ? 'first' : 'again'] += 1
      }),
      { numRuns: RUNS },
    )
    // The histories are worth the name: most send something, many send something anew.
    expect(made.first).toBeGreaterThan(RUNS / 2)
    expect(made.again).toBeGreaterThan(RUNS / 20)
  })
})
