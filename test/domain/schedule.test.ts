import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planJobs, toCalendar, toCronFields, type Job } from '../../src/domain/schedule.js'

/** What crontab(5) means by a field, written from its manual and not from our code. */
function expand(field: string, first: number, last: number): number[] {
  const numbers = field.split(',').flatMap((part) => {
    const [range = '', step = '1'] = part.split('/')
    const [from, to] = range === '*' ? [first, last] : range.split('-').map(Number)
    const end = to ?? (part.includes('/') ? last : (from ?? 0))
    const all: number[] = []
    for (let at = from ?? 0; at <= end; at += Number(step)) all.push(at)
    return all
  })
  return [...new Set(numbers)].sort((a, b) => a - b)
}

const numbers = (last: number) =>
  fc.uniqueArray(fc.integer({ min: 0, max: last }), { minLength: 1 }).map((list) => list.sort((a, b) => a - b))

describe('cron fields', () => {
  it('mean exactly the minutes and hours of the job, whatever they are', () => {
    fc.assert(
      fc.property(numbers(59), numbers(23), fc.boolean(), (minutes, hours, weekdaysOnly) => {
        const fields = toCronFields({ name: 'x', args: [], about: '', minutes, hours, weekdaysOnly }).split(' ')
        expect(fields).toHaveLength(5)
        expect(expand(fields[0] ?? '', 0, 59)).toEqual(minutes)
        expect(expand(fields[1] ?? '', 0, 23)).toEqual(hours)
        expect(fields.slice(2)).toEqual(['*', '*', weekdaysOnly ? '1-5' : '*'])
      }),
    )
  })
})

describe('the jobs of a connection', () => {
  const startsOf = ({ minutes, hours }: Job) => hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute))

  it('leave the night alone, never start together, and keep an hour free for the full runs', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (connection) => {
        const jobs = planJobs(connection)
        const starts = jobs.flatMap(startsOf)
        expect(Math.min(...starts)).toBeGreaterThanOrEqual(4 * 60)
        expect(Math.max(...starts)).toBeLessThan(24 * 60)
        const often = jobs.filter(({ minutes }) => minutes.length > 1)
        expect(new Set(often.flatMap(startsOf)).size).toBe(often.flatMap(startsOf).length)
        const full = jobs.filter(({ args }) => args.includes('--full')).flatMap(startsOf)
        expect(full.every((at) => Math.floor(at / 60) === 4)).toBe(true)
        expect(often.flatMap(startsOf).every((at) => at >= 5 * 60)).toBe(true)
      }),
    )
  })

  it('differ between connections, so that a host does not start all at once', () => {
    const firsts = ['default', 'ohio', 'plant-2', 'mexico'].map((name) => planJobs(name)[0]?.minutes[0])
    expect(new Set(firsts).size).toBeGreaterThan(2)
  })

  it('are written for systemd too', () => {
    const [suppliers, , refdata] = planJobs('default')
    const digest = planJobs('default').at(-1)
    expect(suppliers && toCalendar(suppliers, null)).toMatch(/^\*-\*-\* 05\.\.23:0\d\/10:00$/)
    expect(refdata && toCalendar(refdata, 'America/Detroit')).toMatch(/^\*-\*-\* 04,12:0\d:00 America\/Detroit$/)
    expect(digest && toCalendar(digest, null)).toMatch(/^Mon\.\.Fri \*-\*-\* 07:0\d:00$/)
  })
})
