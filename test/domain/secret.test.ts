import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { Bug, ConfigError } from '../../src/domain/errors.js'
import { recordIdOf } from '../../src/domain/record.js'
import { Secret } from '../../src/domain/secret.js'

it('a secret shows nothing but stars, however it is written down, until it is asked for', () => {
  const secret = new Secret('hunter2')
  expect([`${String(secret)}`, JSON.stringify({ secret }), inspect(secret)]).toEqual(['***', '{"secret":"***"}', '***'])
  expect(JSON.stringify({ ...secret })).toBe('{}')
  expect(secret.reveal()).toBe('hunter2')
})

it('errors tell every mistake, and which kind they are', () => {
  const error = new ConfigError(['One.', 'Two.'])
  expect([error.name, error.message, error.problems]).toEqual(['ConfigError', 'One.\nTwo.', ['One.', 'Two.']])
  expect(new ConfigError('One.').problems).toEqual(['One.'])
  expect(new Bug('how?').name).toBe('Bug')
})

it('a part belongs to the record its id begins with', () => {
  expect(['o1', 'o1/2', 'o1/2/3', ''].map(recordIdOf)).toEqual(['o1', 'o1', 'o1', ''])
})
