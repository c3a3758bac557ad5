import { describe, expect, it } from 'vitest'
import { PROBLEMS } from '../../src/domain/problems.js'
import { runCli } from '../support/cli.js'

const run = (...args: string[]) => runCli(['explain', ...args], {})

describe('explain', () => {
  it('tells what a code means and what to do, without any settings', async () => {
    const { code, out } = await run('vendor_ambiguous')
    expect(code).toBe(0)
    const text = out.replaceAll('\n', ' ')
    expect(text).toContain(PROBLEMS.vendor_ambiguous.what)
    expect(text).toContain(PROBLEMS.vendor_ambiguous.advice)
  })

  it('says when nothing has to be done by a person', async () => {
    expect((await run('throttled')).out).toContain('The next run tries again by itself.')
    expect((await run('vendor_ambiguous')).out).not.toContain('by itself')
  })

  it('takes a code however it is typed', async () => {
    const { out } = await run('in_doubt')
    expect(out).toMatch(/^in_doubt\n/)
    expect((await run('In-Doubt')).out).toBe(out)
  })

  it('gives the entry as JSON', async () => {
    const { code, out } = await run('throttled', '--json')
    expect(code).toBe(0)
    const { what, advice } = PROBLEMS.throttled
    expect(JSON.parse(out)).toEqual({
      schema: 'ml-connector/explain@1',
      problems: [{ code: 'throttled', what, advice, retryable: true }],
    })
  })

  it('lists all codes without one', async () => {
    const { code, out } = await run()
    expect(code).toBe(0)
    for (const name of Object.keys(PROBLEMS)) expect(out).toContain(`\n${name} `)
    const { problems } = JSON.parse((await run('--json')).out) as { problems: { code: string }[] }
    expect(problems.map((problem) => problem.code)).toEqual(Object.keys(PROBLEMS).sort())
  })

  it('refuses an unknown code, naming those that look like it', async () => {
    const near = await run('vendor_ambigous')
    expect(near).toMatchObject({ code: 2, out: '' })
    expect(near.err).toContain('Did you mean vendor_ambiguous?')
    const far = await run('xyzzy')
    expect(far.code).toBe(2)
    expect(far.err).toContain('ml-connector explain')
    expect(far.err).not.toContain('Did you mean')
  })

  it('names its examples in --help', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toContain('ml-connector explain vendor_ambiguous')
  })
})
