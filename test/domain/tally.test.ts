import { describe, expect, it } from 'vitest'
import { Tally } from '../../src/domain/tally.js'

const tally = (): Tally => new Tally('pos', (code) => `advice for ${code}`)
const A = { sourceId: 'a', sourceKey: 'PO-1' }
const told = ({ problems }: Tally) => problems.map(({ code, message }) => `${code}: ${message}`)

describe('that a record waits', () => {
  it('is told, with its advice, while it does', () => {
    const one = tally()
    one.wait('account_not_linked', 'No link.', A)
    expect(one.problems).toEqual([
      {
        ...{ code: 'account_not_linked', stream: 'pos', source_id: 'a', source_key: 'PO-1', message: 'No link.' },
        advice: 'advice for account_not_linked',
      },
    ])
    expect(one.counts()).toMatchObject({ read: 1, waiting: 1 })
  })

  it('is taken back when it goes on in the same pass, and nothing else is', () => {
    const one = tally()
    one.problem('throttled', 'Too fast.')
    one.wait('supplier_not_linked', 'Not yet.', A)
    one.wait('supplier_not_linked', 'Not yet.', { sourceId: 'b', sourceKey: null })
    one.mark('a', 'pending')
    one.mark('a', 'created')
    expect(told(one)).toEqual(['throttled: Too fast.', 'supplier_not_linked: Not yet.'])
    expect(one.problems[1]?.source_id).toBe('b')
    expect(one.counts()).toMatchObject({ read: 2, created: 1, waiting: 1 })
  })

  it('for another reason than before is told for that one alone', () => {
    const one = tally()
    one.wait('supplier_not_linked', 'Not yet.', A)
    one.wait('account_not_linked', 'No link.', A)
    expect(told(one)).toEqual(['account_not_linked: No link.'])
  })
})

describe('the last word on a record', () => {
  it('counts, and that nothing is left to do takes nothing back', () => {
    const one = tally()
    one.markTouched('a')
    one.mark('a', 'created')
    one.mark('a', 'unchanged')
    one.markTouched('b')
    one.mark('b', 'unchanged')
    one.countUnchanged(3)
    expect(one.counts()).toMatchObject({ read: 5, created: 1, unchanged: 4, pending: 0 })
  })

  it('parked ends the pass as partial, left out does not', () => {
    const one = tally()
    one.leaveOut('excluded', 'Not this one.', A)
    expect([one.outcome(), one.leftOut.length, one.problems.length]).toEqual(['done', 1, 0])
    one.mark('b', 'parked')
    expect(one.outcome()).toBe('partial')
  })

  it('of a paused record is that it was left out, once', () => {
    const one = tally()
    one.markTouched('a')
    expect([one.markHeld('a'), one.markHeld('a'), one.markHeld('never touched')]).toEqual([true, false, false])
    expect(one.counts()).toMatchObject({ read: 1, skipped: 1 })
  })
})

describe('what befell a record that another stream was asked for', () => {
  const suppliers = (): Tally => {
    const other = new Tally('suppliers', () => 'advice')
    other.mark('s', 'parked')
    other.problem('vendor_ambiguous', 'Two of that name.', { sourceId: 's', sourceKey: 'SUP-1' })
    return other
  }

  it('is told once and counts for the outcome, not for the records of this one', () => {
    const one = tally()
    const other = suppliers()
    one.absorb(other, new Set())
    one.absorb(other, new Set())
    expect([one.outcome(), told(one)]).toEqual(['partial', ['vendor_ambiguous: Two of that name.']])
    expect(one.problems[0]?.stream).toBe('suppliers')
    expect(one.counts()).toMatchObject({ read: 0, parked: 0 })
  })

  it('is no news where it was parked before', () => {
    const one = tally()
    const other = suppliers()
    one.absorb(other, new Set(['s']))
    expect([one.outcome(), told(one)]).toEqual(['done', []])
    // Neither does other news make it news.
    other.problem('timed_out', 'No answer.', { sourceId: 't', sourceKey: null })
    one.absorb(other, new Set(['s']))
    expect([one.outcome(), told(one)]).toEqual(['done', ['timed_out: No answer.']])
  })

  it('is not told to its end either', () => {
    const one = tally()
    const other = suppliers()
    for (let n = 0; n < 998; n += 1) other.problem('gone', 'It is gone.', { sourceId: String(n), sourceKey: null })
    one.problem('throttled', 'Too fast.')
    one.problem('timed_out', 'No answer.')
    one.absorb(other, new Set())
    expect(one.problems).toHaveLength(1000)
  })

  it('is told all the same where it is another trouble, or one of the whole stream', () => {
    const one = tally()
    const other = new Tally('suppliers', () => 'advice')
    other.problem('timed_out', 'No answer.', { sourceId: 's', sourceKey: null })
    other.problem('plan_too_large', 'Too many.')
    other.end('interrupted')
    other.end('stopped')
    other.stopHash = 'abc'
    one.absorb(other, new Set(['s']))
    expect([one.outcome(), one.stopHash]).toEqual(['stopped', 'abc'])
    expect(told(one)).toEqual(['timed_out: No answer.', 'plan_too_large: Too many.'])
  })
})

it('tells the same once, and a long list not to its end', () => {
  const one = tally()
  one.problem('throttled', 'Too fast.')
  one.problem('throttled', 'Too fast.')
  expect(one.problems).toHaveLength(1)
  for (let n = 0; n < 1200; n += 1) one.problem('gone', 'It is gone.', { sourceId: String(n), sourceKey: null })
  expect(one.problems).toHaveLength(1000)
})
