import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nameOf, planJobs, toCalendar, toCronFields, type Job } from '../../src/domain/schedule.js'

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

describe('cron fields, for people', () => {
  const fieldsOf = (minutes: readonly number[], hours: readonly number[]) =>
    toCronFields({ name: 'x', args: [], about: '', minutes, hours, weekdaysOnly: false })

  it.each([
    ['a single number', [7], [4], '7 4 * * *'],
    ['neighbours as a range', [0, 1, 2], [5, 6, 7], '0-2 5-7 * * *'],
    ['even steps up to the end', [3, 13, 23, 33, 43, 53], [1, 12, 23], '3-59/10 1-23/11 * * *'],
    ['the last number a step before the end', [0, 20, 40], [0, 12], '0-59/20 0-23/12 * * *'],
    ['even steps that stop early one by one', [0, 10, 20], [4, 12], '0,10,20 4,12 * * *'],
    ['uneven ones one by one', [0, 29, 59], [4, 12, 19], '0,29,59 4,12,19 * * *'],
    ['steps that would just fit once more one by one', [19, 39], [3, 13], '19,39 3,13 * * *'],
  ])('write %s', (_, minutes, hours, fields) => {
    expect(fieldsOf(minutes, hours)).toBe(fields)
  })
})

describe('the name of a unit', () => {
  it.each([
    ['default', undefined, 'ml-connector'],
    ['default', 'pos', 'ml-connector-pos'],
    ['ohio', undefined, 'ml-connector-ohio'],
    ['Plant_2 (Ohio)', 'pos-full', 'ml-connector-plant-2-ohio-pos-full'],
    ['ümlaut!', 'pos', 'ml-connector-mlaut-pos'],
    ['x!', undefined, 'ml-connector-x'],
    // Cut to what a label of DNS takes, which does not end with a dash.
    ['p'.repeat(60), undefined, `ml-connector-${'p'.repeat(39)}`],
    ['p'.repeat(38), 'pos', `ml-connector-${'p'.repeat(38)}`],
  ])('of connection %s and job %s is %s', (connection, job, name) => {
    expect(nameOf(connection, job)).toBe(name)
  })
})

describe('the jobs of a connection', () => {
  it('are what the README promises: often by day, everything once a night, people asked on workdays', () => {
    expect(planJobs('default').map((job) => `${job.name}: ${job.args.join(' ')} @ ${toCronFields(job)}`)).toEqual([
      'suppliers: sync suppliers @ 1-59/10 5-23 * * *',
      'pos: sync pos @ 4-59/10 5-23 * * *',
      'refdata: align refdata @ 2 4,12 * * *',
      'invoices: sync invoices @ 7-59/10 5-23 * * *',
      'suppliers-full: sync suppliers --full @ 11 4 * * *',
      'pos-full: sync pos --full @ 31 4 * * *',
      'invoices-full: sync invoices --full @ 51 4 * * *',
      'digest: status @ 1 7 * * 1-5',
    ])
  })

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
