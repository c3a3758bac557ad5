/** Claims ahead and settlements behind, with the failures that a database brings. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Claim, Delivery } from '../../src/domain/delivery.js'
import { makeLedger, makeSupply } from '../../src/passes/push-flow.js'
import type { Pass } from '../../src/passes/pass.js'
import type { Outlet } from '../../src/ports.js'
import { aClaim } from '../support/factories.js'

type Given = Pass<Outlet>

/** A pass that claims from these; the sizes asked for are written down. */
function passOver(claims: Claim[], changes: { concurrency?: number; slow?: Promise<void> } = {}) {
  const asked: number[] = []
  const pass = {
    runId: 'run',
    stream: { name: 'suppliers' },
    clock: { now: () => performance.now(), sleep: (ms: number, signal?: AbortSignal) => waitFor(ms, signal) },
    settings: { concurrency: changes.concurrency ?? 2, leaseMs: 150_000, timeoutMs: 60_000 },
    store: {
      claim: async (_stream: string, _run: string, limit: number) => {
        asked.push(limit)
        await changes.slow
        return claims.splice(0, limit)
      },
    },
  } as unknown as Given
  return { pass, asked }
}

const waitFor = async (ms: number, signal?: AbortSignal): Promise<void> => {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
}

const claimsOf = (count: number): Claim[] => Array.from({ length: count }, (_, n) => aClaim({ intentId: n + 1 }))
const aDelivery = (intentId: number): Delivery => ({
  claim: aClaim({ intentId }),
  verdict: { kind: 'absent', inMs: 1 },
})

describe('the supply of claims', () => {
  it('hands out every claim once and ends when nothing more is due', async () => {
    const { pass, asked } = passOver(claimsOf(19))
    const supply = makeSupply(pass, null, () => false)
    const ids: number[] = []
    for (let next = await supply.next(); next !== null; next = await supply.next()) ids.push(next.claim.intentId)
    expect(ids).toEqual(Array.from({ length: 19 }, (_, n) => n + 1))
    // Two full claims and the rest: that it was less than asked for says that nothing is left.
    expect(asked).toEqual([8, 8, 8])
  })

  it('claims fewer at a time when deliveries are slow, so that no claim grows old in the queue', async () => {
    const { pass, asked } = passOver(claimsOf(40))
    const supply = makeSupply(pass, null, () => false)
    await supply.next()
    supply.took(12_000)
    for (let n = 0; n < 20; n += 1) await supply.next()
    expect(asked[0]).toBe(8)
    expect(new Set(asked.slice(1))).toEqual(new Set([2]))
  })

  it('hands out what was being claimed when the pass began to end: it must be given back', async () => {
    let release = (): void => undefined
    const { pass, asked } = passOver(claimsOf(3), { slow: new Promise((resolve) => (release = resolve)) })
    let isEnding = false
    const supply = makeSupply(pass, null, () => isEnding)
    const first = supply.next()
    isEnding = true
    release()
    expect((await first)?.claim.intentId).toBe(1)
    expect([(await supply.next())?.claim.intentId, (await supply.next())?.claim.intentId]).toEqual([2, 3])
    expect(await supply.next()).toBeNull()
    expect(asked).toHaveLength(1)
  })

  it('passes a failure of the database on to the workers', async () => {
    const { pass } = passOver([], { slow: Promise.reject(new Error('gone')) })
    const supply = makeSupply(pass, null, () => false)
    await expect(supply.next()).rejects.toThrow('gone')
  })
})

describe('the ledger of deliveries', () => {
  it('settles in groups, one at a time and in order, and everything by its end', async () => {
    const groups: number[][] = []
    let running = 0
    const ledger = makeLedger(passOver([]).pass, async (deliveries) => {
      running += 1
      expect(running).toBe(1)
      await delay(1)
      groups.push(deliveries.map(({ claim }) => claim.intentId))
      running -= 1
    })
    for (let n = 1; n <= 100; n += 1) await ledger.add(aDelivery(n))
    await ledger.close()
    expect(groups.flat()).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
    expect(groups.length).toBeLessThanOrEqual(7)
  })

  it('settles a few within half a second, though the next delivery takes long', async () => {
    const groups: number[] = []
    const ledger = makeLedger(passOver([]).pass, (deliveries) => Promise.resolve(void groups.push(deliveries.length)))
    await ledger.add(aDelivery(1))
    while (groups.length === 0) await delay(20)
    expect(groups).toEqual([1])
    await ledger.close()
  })

  it('throws a failure to whoever comes next: a pass must not go on as if all were settled', async () => {
    const ledger = makeLedger(passOver([]).pass, () => Promise.reject(new Error('gone')))
    for (let n = 1; n <= 16; n += 1) await ledger.add(aDelivery(n))
    await delay(1)
    await expect(ledger.close()).rejects.toThrow('gone')
  })
})
