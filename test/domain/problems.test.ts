import { describe, expect, it } from 'vitest'
import { adviceFor, explain, PROBLEMS } from '../../src/domain/problems.js'
import { readSourceCodes } from '../support/source-codes.js'

const entries = Object.entries(PROBLEMS)

describe('the catalogue of problems', () => {
  it.each(entries)('says in whole sentences what %s is and what to do', (code, { what, advice }) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    for (const text of [what, advice]) expect(text).toMatch(/^[A-Z`].{8,}\.$/s)
  })

  it('describes no two codes alike', () => {
    expect(new Set(entries.map(([, { what }]) => what)).size).toBe(entries.length)
  })
})

describe('the source', () => {
  const { words, mentions } = readSourceCodes()

  it('uses no code that has no entry: what is told to people is explained to them', () => {
    expect(mentions.length).toBeGreaterThan(100)
    const unexplained = mentions.filter(({ code }) => explain(code) === null)
    expect(unexplained.map(({ code, file }) => `${file}: ${code}`)).toEqual([])
  })

  it('uses every entry', () => {
    expect(Object.keys(PROBLEMS).filter((code) => !words.has(code))).toEqual([])
  })
})

describe('explain and adviceFor', () => {
  it('give the entry of a code', () => {
    expect(explain('name_missing')?.what).toContain('no name')
    expect(adviceFor('name_missing')).toBe(PROBLEMS.name_missing.advice)
  })

  it('are at no loss for a code that does not exist, not even one that every object has', () => {
    for (const code of ['no_such_code', 'toString', '__proto__', '']) {
      expect(explain(code)).toBeNull()
      expect(adviceFor(code)).toContain('audit show')
    }
  })
})
