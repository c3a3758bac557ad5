import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findMark,
  fromTicks,
  halve,
  isInside,
  planWindows,
  shiftStamp,
  stampIn,
  stampKey,
  toTicks,
  type SourceWindow,
  type Watermark,
} from '../../src/domain/window.js'

const NOTHING: Watermark = { position: null, anchors: [], loaded: false }
const LOADED: Watermark = { position: '2026-03-04T09:10:11.1234567Z', anchors: ['a'], loaded: true }
const row = (sourceId: string, modifiedAt: string | null, createdAt: string | null = null) => ({
  sourceId,
  modifiedAt,
  createdAt,
})

const anyTicks = fc.bigInt({ min: BigInt(Date.parse('0000-01-01T00:00:00Z')) * 10_000n, max: 253402300799_999_999_9n })

describe('stamps', () => {
  it('keep all seven digits', () => {
    expect(stampKey('2026-03-04T09:10:11.1234567Z')).toBe('2026-03-04T09:10:11.1234567Z')
  })

  it.each([
    ['no fraction', '2026-03-04T09:10:11Z', '2026-03-04T09:10:11.0000000Z'],
    ['no seconds', '2026-03-04T09:10Z', '2026-03-04T09:10:00.0000000Z'],
    ['a short fraction', '2026-03-04T09:10:11.5Z', '2026-03-04T09:10:11.5000000Z'],
    ['more digits than Plex has', '2026-03-04T09:10:11.123456789Z', '2026-03-04T09:10:11.1234567Z'],
    ['an offset', '2026-03-04T09:10:11+02:00', '2026-03-04T07:10:11.0000000Z'],
    ['an offset without colon', '2026-03-04T23:10:11-0330', '2026-03-05T02:40:11.0000000Z'],
    ['no zone, which is UTC', '2026-03-04 09:10:11', '2026-03-04T09:10:11.0000000Z'],
    ['the first day of .NET', '0001-01-01T00:00:00', '0001-01-01T00:00:00.0000000Z'],
    ['a moment before 1970', '1969-12-31T23:59:59.9999999Z', '1969-12-31T23:59:59.9999999Z'],
    ['white space around', ' 2026-03-04T09:10:11z ', '2026-03-04T09:10:11.0000000Z'],
    ['a large offset', '2026-03-04T09:10:11+10:30', '2026-03-03T22:40:11.0000000Z'],
    ['the last moment of .NET', '9999-12-31T23:59:59.9999999', '9999-12-31T23:59:59.9999999Z'],
    ['a leap day', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.0000000Z'],
  ])('with %s are read', (_, stamp, key) => {
    expect(stampKey(stamp)).toBe(key)
  })

  it.each([
    ...['', 'yesterday', '2026-03-04', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2025-02-29T00:00:00Z'],
    ...[
      '2026-03-04T25:00:00Z',
      '2026-03-04T09:61:00Z',
      '2026-03-04T09:10:99Z',
      '2026-00-10T00:00:00Z',
      '9999-12-31T23:00:00-09:00',
    ],
  ])('that are no instant are none: "%s"', (stamp) => {
    expect(stampKey(stamp)).toBeNull()
  })

  it('come back from ticks as they went in', () => {
    fc.assert(fc.property(anyTicks, (ticks) => toTicks(fromTicks(ticks)) === ticks))
  })

  it('are the same instant in every way of writing it, and none in every way if the calendar has no such day', () => {
    const two = (max: number) => fc.integer({ min: 0, max }).map((value) => `${value}`.padStart(2, '0'))
    const anyDigits = fc.stringMatching(/^\d{1,7}$/)
    fc.assert(
      fc.property(
        two(13),
        two(32),
        two(25),
        two(61),
        two(61),
        anyDigits,
        (month, day, hour, minute, second, digits) => {
          const instant = `2024-${month}-${day}T${hour}:${minute}:${second}.${digits}`
          const key = stampKey(`${instant}Z`)
          for (const other of [instant, `${instant}z`, `${instant}+00:00`, ` ${instant}-0000`])
            expect(stampKey(other)).toBe(key)
          const ms = Date.parse(`${instant.slice(0, 19)}Z`)
          const isReal = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(instant.slice(0, 19))
          expect(key).toBe(isReal ? `${instant.slice(0, 19)}.${digits.padEnd(7, '0')}Z` : null)
        },
      ),
    )
  })

  it('sort as text in the order of time', () => {
    fc.assert(fc.property(anyTicks, anyTicks, (one, other) => fromTicks(one) < fromTicks(other) === one < other))
  })
})

describe('shiftStamp', () => {
  it('moves by milliseconds and keeps what is finer', () => {
    expect(shiftStamp('2026-03-01T00:00:00.0000001Z', -1)).toBe('2026-02-28T23:59:59.9990001Z')
  })

  it('reaches the first and the last moment of the calendar', () => {
    expect(shiftStamp('0000-01-01T00:00:00.001Z', -1)).toBe('0000-01-01T00:00:00.0000000Z')
    expect(shiftStamp('9999-12-31T23:59:59.9989999Z', 1)).toBe('9999-12-31T23:59:59.9999999Z')
  })

  it('goes nowhere from no instant, nor out of the calendar', () => {
    expect(shiftStamp('yesterday', -1)).toBeNull()
    expect(shiftStamp('0000-01-01T00:00:00Z', -1)).toBeNull()
  })
})

describe('planWindows', () => {
  const both = (from: string) => [
    { by: 'modified', from, to: null },
    { by: 'created', from, to: null },
  ]
  const TEN_MINUTES = 600_000

  it('reads everything while the whole range was not read once, and when all is wanted', () => {
    expect(planWindows(NOTHING, TEN_MINUTES, null, false)).toEqual([null])
    expect(planWindows({ ...LOADED, loaded: false }, TEN_MINUTES, null, false)).toEqual([null])
    expect(planWindows({ ...NOTHING, loaded: true }, TEN_MINUTES, null, false)).toEqual([null])
    expect(planWindows(LOADED, TEN_MINUTES, '2026-01-01T00:00:00Z', true)).toEqual([null])
  })

  it('reaches back by the overlap, by modified and by created date', () => {
    expect(planWindows(LOADED, TEN_MINUTES, null, false)).toEqual(both('2026-03-04T09:00:11.1234567Z'))
  })

  it('begins where it is told to, also before anything was loaded', () => {
    expect(planWindows(LOADED, TEN_MINUTES, '2026-01-01T00:00:00Z', false)).toEqual(both('2026-01-01T00:00:00Z'))
    expect(planWindows(NOTHING, TEN_MINUTES, '2026-01-01T00:00:00Z', false)).toEqual(both('2026-01-01T00:00:00Z'))
  })

  it('leaves no gap below the watermark, however late it is told to begin', () => {
    expect(planWindows(LOADED, TEN_MINUTES, '2026-05-01T00:00:00Z', false)).toEqual(
      both('2026-03-04T09:00:11.1234567Z'),
    )
  })
})

describe('halve', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z')

  it('cuts in the middle, and both halves include it', () => {
    const window = { by: 'modified', from: '2026-03-01T00:00:00Z', to: '2026-03-03T00:00:00Z' } as const
    expect(halve(window, NOW)).toEqual([
      { ...window, to: '2026-03-02T00:00:00.0000000Z' },
      { ...window, from: '2026-03-02T00:00:00.0000000Z' },
    ])
  })

  it('leaves open ends open: older and newer records belong to a half as well', () => {
    const [first, second] = halve({ by: 'created', from: null, to: null }, NOW) ?? []
    expect(first).toMatchObject({ from: null, to: '2012-12-31T12:00:00.0000000Z' })
    expect(second).toMatchObject({ from: '2012-12-31T12:00:00.0000000Z', to: null })
  })

  it('ends: a window under two seconds is not cut', () => {
    expect(halve({ by: 'created', from: '2026-03-01T00:00:00Z', to: '2026-03-01T00:00:02Z' }, NOW)).not.toBeNull()
    expect(halve({ by: 'created', from: '2026-03-01T00:00:00Z', to: '2026-03-01T00:00:01.9999999Z' }, NOW)).toBeNull()
    expect(halve({ by: 'created', from: '2026-03-01T00:00:00Z', to: null }, NOW)).toBeNull()
    expect(halve({ by: 'created', from: null, to: '1999-01-01T00:00:00Z' }, NOW)).toBeNull()
    expect(halve({ by: 'created', from: 'yesterday', to: null }, NOW)).toBeNull()
    expect(halve({ by: 'created', from: null, to: 'tomorrow' }, NOW)).toBeNull()
  })

  it('loses no instant of the window and makes both halves shorter', () => {
    fc.assert(
      fc.property(anyTicks, anyTicks, anyTicks, (from, to, at) => {
        const window: SourceWindow = { by: 'created', from: fromTicks(from), to: fromTicks(to) }
        const halves = halve(window, NOW)
        if (halves === null) return
        const record = row('x', null, fromTicks(at))
        expect(halves.some((half) => isInside(record, half))).toBe(isInside(record, window))
        const lengths = halves.map((half) => (toTicks(half.to ?? '') ?? 0n) - (toTicks(half.from ?? '') ?? 0n))
        for (const length of lengths) expect(length).toBeLessThan(to - from)
      }),
    )
  })
})

describe('isInside', () => {
  const window = { by: 'modified', from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00.5Z' } as const

  it.each([
    ['2026-03-01T00:00:00.0000000Z', true],
    ['2026-02-28T23:59:59.9999999Z', false],
    ['2026-03-02T00:00:00.5000000Z', true],
    ['2026-03-02T00:00:00.5000001Z', false],
    ['2026-03-01T01:00:00+02:00', false],
  ])('counts both ends in: %s %s', (stamp, inside) => {
    expect(isInside(row('x', stamp), window)).toBe(inside)
  })

  it('knows no bound where the window is open', () => {
    const stamp = '2026-03-01T12:00:00Z'
    expect(isInside(row('x', stamp), { ...window, from: null })).toBe(true)
    expect(isInside(row('x', stamp), { ...window, to: null })).toBe(true)
  })

  it('keeps a row without a readable stamp: dropping it could lose it', () => {
    expect(isInside(row('x', null), window)).toBe(true)
    expect(isInside(row('x', 'yesterday'), window)).toBe(true)
  })

  it('goes by the created date for rows that were never edited, and for created windows', () => {
    expect(stampIn(row('x', null, 'c'), 'modified')).toBe('c')
    expect(stampIn(row('x', 'm', 'c'), 'modified')).toBe('m')
    expect(stampIn(row('x', 'm', 'c'), 'created')).toBe('c')
  })
})

describe('findMark', () => {
  const CEILING = Date.parse('2026-03-05T00:00:00Z')
  const find = (...rows: ReturnType<typeof row>[]) => {
    const finder = findMark(() => CEILING)
    rows.forEach((one) => finder.see(one))
    return finder
  }

  it('is the largest modified date in the words of the source, with those that carry it', () => {
    const finder = find(
      row('b', '2026-03-04T10:00:00.0000001Z'),
      row('c', '2026-03-04T10:00:00.0000002Z'),
      row('d', '2026-03-04 10:00:00.0000002'),
      row('a', '2026-03-04T09:00:00Z', '2026-03-04T23:00:00Z'),
    )
    const position = '2026-03-04T10:00:00.0000002Z'
    expect(finder.next(LOADED, true)).toEqual({ position, anchors: ['c', 'd'], loaded: true })
  })

  it('never moves back', () => {
    expect(find(row('b', '2026-03-04T09:10:11.1234566Z')).next(LOADED, false)).toEqual(LOADED)
    expect(find().next(LOADED, false)).toEqual(LOADED)
  })

  it('takes over who carries the watermark now', () => {
    expect(find(row('b', LOADED.position)).next(LOADED, false)).toEqual({ ...LOADED, anchors: ['b'] })
  })

  it('is not moved by a clock that runs ahead of the answer, a second of rounding allowed', () => {
    expect(find(row('b', '2026-03-05T00:00:01Z')).next(LOADED, false)).toEqual(LOADED)
    expect(find(row('b', '2026-03-05T00:00:00.9999999Z')).next(LOADED, false).position).toBe(
      '2026-03-05T00:00:00.9999999Z',
    )
  })

  it('begins with created dates where nothing was ever edited', () => {
    const finder = find(row('b', null, '2026-03-04T10:00:00Z'))
    expect(finder.next(NOTHING, true)).toEqual({ position: '2026-03-04T10:00:00Z', anchors: ['b'], loaded: true })
    expect(finder.next(LOADED, false)).toEqual(LOADED)
  })

  it('goes by modified dates as soon as one row was edited, however much later others were created', () => {
    const finder = find(row('a', null, '2026-03-04T12:00:00Z'), row('b', '2026-03-04T10:00:00Z'))
    expect(finder.next(NOTHING, true)).toEqual({ position: '2026-03-04T10:00:00Z', anchors: ['b'], loaded: true })
  })

  it('passes over rows whose stamps cannot be read', () => {
    const finder = find(row('a', 'yesterday', 'last week'), row('b', '2026-03-04T10:00:00Z'), row('c', 'zzz'))
    expect(finder.next(LOADED, false)).toEqual({ ...LOADED, position: '2026-03-04T10:00:00Z', anchors: ['b'] })
    expect(find(row('a', 'yesterday', 'last week')).next(NOTHING, false)).toEqual(NOTHING)
  })

  it('keeps its words when the same instant comes back in others', () => {
    const finder = find(row('b', '2026-03-04T11:10:11.1234567+02:00'))
    expect(finder.next(LOADED, false)).toEqual({ ...LOADED, anchors: ['b'] })
  })

  it('does not count as loaded because it moved', () => {
    expect(find(row('b', '2026-03-04T10:00:00Z')).next(NOTHING, false).loaded).toBe(false)
    expect(find(row('b', '2026-03-04T10:00:00Z')).next(NOTHING, true).loaded).toBe(true)
    expect(find(row('b', '2026-03-04T10:00:00Z')).next({ ...NOTHING, loaded: true }, false).loaded).toBe(true)
  })

  it('keeps a few carriers of many, each once', () => {
    const stamp = '2026-03-04T10:00:00Z'
    const finder = find(...['a', 'a', 'b', 'c', 'd', 'e', 'f'].map((id) => row(id, stamp)))
    expect(finder.next(LOADED, false).anchors).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('stays loaded once it was', () => {
    expect(find().next({ ...NOTHING, loaded: true }, false).loaded).toBe(true)
    expect(find().next(NOTHING, true).loaded).toBe(true)
    expect(find().next(NOTHING, false)).toEqual(NOTHING)
  })

  it('is the same in whatever order the rows come', () => {
    const rows = [
      row('a', '2026-03-04T10:00:00Z'),
      row('b', '2026-03-04T11:00:00Z'),
      row('c', null, '2026-03-04T12:00:00Z'),
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: 3 }), (shuffled) => {
        expect(find(...shuffled).next(LOADED, false)).toEqual(find(...rows).next(LOADED, false))
      }),
    )
  })
})
