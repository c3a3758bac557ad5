import { expect, it } from 'vitest'
import { Conductor, type Actor } from './conductor.js'
import { Dice } from './dice.js'
import { SimTime } from './sim-time.js'

const ACTOR: Omit<Actor, 'state'> = {
  ...{
    name: 'pass 1',
    fate: null,
    signal: new AbortController().signal,
    steps: 0,
    crossed: 0,
    isFateMet: false,
    underWay: 0,
  },
  onDeath: () => undefined,
}

function begin() {
  const time = new SimTime(0)
  const conductor = new Conductor(time, new Dice(1), () => undefined)
  const actor: Actor = { ...ACTOR, state: 'alive' }
  conductor.enter(actor)
  return { time, conductor, actor }
}

it('ends a schedule whose pass sleeps again and again and does nothing', async () => {
  const { time, conductor, actor } = begin()
  const clock = conductor.clockOf(actor, 0)
  const ticking = async (): Promise<void> => {
    for (;;) await clock.sleep(500, actor.signal)
  }
  void ticking()
  await conductor.runaway
  const { now } = { now: time.now() }
  expect(now).toBeGreaterThan(3_600_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(time.now()).toBe(now)
})

it('ends a schedule whose pass makes statements without end', async () => {
  const { conductor, actor } = begin()
  const session = {}
  let executed = 0
  const execute = (): Promise<unknown> => Promise.resolve((executed += 1))
  const asking = async (): Promise<void> => {
    for (;;)
      await conductor.step(actor, {
        text: 'select 1',
        session,
        inTransaction: false,
        execute,
        drop: () => Promise.resolve(),
      })
  }
  void asking()
  await conductor.runaway
  expect(executed).toBe(50_000)
})
