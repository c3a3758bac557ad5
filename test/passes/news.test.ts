/** What the push hears of the planning beside it. */
import { describe, expect, it } from 'vitest'
import { makeNews } from '../../src/passes/news.js'

/** What `next` has answered by now; `waiting` when it has not. */
const soon = (next: Promise<boolean>): Promise<boolean | 'waiting'> =>
  Promise.race([next, new Promise<'waiting'>((resolve) => setImmediate(() => resolve('waiting')))])

describe('news of the planning', () => {
  it('makes who asks wait until something is stored, and tells each thing once', async () => {
    const news = makeNews()
    const first = news.next()
    expect(await soon(first)).toBe('waiting')
    news.tell(3)
    expect(await first).toBe(true)
    expect(await soon(news.next())).toBe('waiting')
    news.tell(2)
    expect(news.stored).toBe(5)
  })

  it('tells what was stored before the end, and then the end', async () => {
    const news = makeNews()
    news.tell(1)
    news.end()
    expect(await news.next()).toBe(true)
    expect(await news.next()).toBe(false)
    expect(news.isOver).toBe(true)
  })

  it('ends also for who waits', async () => {
    const news = makeNews()
    const next = news.next()
    news.end()
    expect(await next).toBe(false)
  })
})
