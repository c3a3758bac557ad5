import { describe, expect, it } from 'vitest'
import { patienceMs, problemText, queryText, requestIdOf } from '../src/http-text.js'

describe('a query', () => {
  it('repeats the parameter for several values and leaves out what is undefined', () => {
    expect(queryText({ id: ['a', 'b'], code: undefined, empty: [], page: '2' })).toBe('?id=a&id=b&page=2')
    expect(queryText({ code: undefined })).toBe('')
  })

  it('encodes what a server could take for something else', () => {
    const query = queryText({ 'modified date': '2026-03-01T00:00:00.1234567+00:00', name: 'A&B = ü/%' })
    expect(query).toBe('?modified%20date=2026-03-01T00%3A00%3A00.1234567%2B00%3A00&name=A%26B%20%3D%20%C3%BC%2F%25')
    expect(new URLSearchParams(query).get('name')).toBe('A&B = ü/%')
  })

  it('survives half a character', () => {
    expect(queryText({ name: 'a\ud83d' })).toBe('?name=a%EF%BF%BD')
  })
})

describe('what an error body says', () => {
  const said = (body: unknown): string => problemText(typeof body === 'string' ? body : JSON.stringify(body), [])

  it.each<[string, unknown, string]>([
    ['Plex', { code: 'ARGUMENT_INVALID', message: 'Bad date.' }, 'ARGUMENT_INVALID: Bad date.'],
    [
      'Plex with details',
      {
        code: 'REQUEST_VALIDATION_FAILED',
        message: 'Invalid.',
        errors: [{ code: 'RANGE', message: 'Begin after end.' }],
      },
      'REQUEST_VALIDATION_FAILED: Invalid.; RANGE: Begin after end.',
    ],
    [
      'a map of fields',
      {
        errors: {
          name: { message: 'This field is required.', code: 'REQUIRED' },
          null: { message: 'No.', code: 'NO' },
        },
      },
      'name: This field is required.; NO: No.',
    ],
    ['lists by field', { name: ['Too long.'], non_field_errors: ['Nope.'] }, 'name: Too long.; Nope.'],
    ['a nested list', { line_items: [{}, { vendor_name: ['Unknown.'] }] }, 'line_items 2 vendor_name: Unknown.'],
    ['one detail', { detail: 'Not found.' }, 'Not found.'],
    ['a token error', { error: 'invalid_client', error_description: 'Bad secret' }, 'invalid_client; Bad secret'],
    ['a login page', '<!DOCTYPE html><html><title>Sign in</title>', 'an HTML page, Sign in'],
    ['plain text', 'upstream timed out', 'upstream timed out'],
    ['nothing', '', ''],
    ['an envelope without errors', { metadata: { a: 1 }, data: null }, ''],
  ])('%s', (_kind, body, expected) => {
    expect(said(body)).toBe(expected)
  })

  it('is one line of at most 300 characters without control characters', () => {
    expect(said({ detail: 'a\r\n\u0007\u001b[31mb' })).toBe('a [31mb')
    expect(said({ detail: 'x'.repeat(1000) })).toHaveLength(300)
  })

  it('shows no secret, login header, e-mail address or query string', () => {
    const echoed = 'Bearer abc.def-123 for jane.doe@example.com at https://x.test/a?email=j&name=k with s3cret-value'
    const line = problemText(JSON.stringify({ detail: echoed }), ['s3cret-value'])
    expect(line).toBe('Bearer *** for ***@*** at https://x.test/a?*** with ***')
  })
})

describe('the patience asked for', () => {
  const date = 'Mon, 23 Nov 2026 10:00:00 GMT'
  const answeredAt = Date.parse(date)

  it.each<[string, number, string | null, string, number | null]>([
    ['seconds', 429, '7', '', 7000],
    ['seconds on a 503', 503, '7', '', 7000],
    ['a date, by the clock of the answer', 429, 'Mon, 23 Nov 2026 10:01:30 GMT', '', 90_000],
    ['a date in the past', 429, 'Mon, 23 Nov 2026 09:00:00 GMT', '', null],
    ['words', 429, null, 'Rate limit exceeded, try again in 42 seconds.', 42_000],
    ['the header before the words', 429, '7', 'in 42 seconds', 7000],
    ['an unreadable header', 429, 'soon', '', null],
    ['nothing', 429, null, 'slow down', null],
    ['another status', 500, '7', 'in 5 seconds', null],
    ['an absurd wait', 429, '9999999999', '', 86_400_000],
  ])('%s', (_kind, status, header, problem, expected) => {
    expect(patienceMs(status, header, problem, answeredAt)).toBe(expected)
  })
})

it('keeps a request id short and printable', () => {
  expect(requestIdOf({ 'x-procurify-request-id': `a\nb${'c'.repeat(200)}` })).toBe(`a b${'c'.repeat(97)}`)
  expect(requestIdOf({})).toBeNull()
})
