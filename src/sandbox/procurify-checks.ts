import { membersOf, type Reply, type Row } from './exchange.js'

/** Forms a 400 may take; none is documented, so clients must read all (procurify.md section 3). */
export type ErrorStyle = 'errorsMap' | 'nonField' | 'drf' | 'detail'

/** One mistake in a body. */
export interface Problem {
  /** Members and list positions down to the wrong value. */
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly code: string
}

/** What a value must be: undefined = fine, else a message and a code. */
export type Check = (value: unknown) => readonly [message: string, code: string] | undefined

/** What a member must be. `nullable` and `required` are independent, as in the contract's `overall_score`. */
interface Field {
  readonly check: Check
  readonly required?: boolean
  readonly nullable?: boolean
}

/** Members of an object, as a schema of procurify.openapi.yaml lists them. */
export type Shape = Readonly<Record<string, Field>>

/** Text of at most `max` characters (counted as code points, as the real server does). */
export function text(max: number, min = 0): Check {
  return (value) => {
    if (typeof value !== 'string') return ['Not a valid string.', 'INVALID']
    const length = [...value].length
    if (length > max) return [`Ensure this field has no more than ${max} characters.`, 'MAX_LENGTH']
    return length < min ? ['This field may not be blank.', 'BLANK'] : undefined
  }
}

/** A decimal given as text; the official pattern also lets an empty text and a minus through. */
export function decimal(whole: number, fraction: number): Check {
  const pattern = new RegExp(`^-?[0-9]{0,${whole}}(\\.[0-9]{0,${fraction}})?$`)
  return (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : ['A valid number is required.', 'INVALID']
}

/** A JSON number without a fraction; digits in a text are refused. */
export const integer: Check = (value) =>
  Number.isInteger(value) ? undefined : ['A valid integer is required.', 'INVALID']

/** A JSON boolean. */
export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : ['Must be a valid boolean.', 'INVALID'])

/** One of these very values, type included. */
export function oneOf(...values: readonly unknown[]): Check {
  return (value) =>
    values.includes(value) ? undefined : [`"${String(value)}" is not a valid choice.`, 'INVALID_CHOICE']
}

/** A calendar date that exists. */
export const day: Check = (value) =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : ['Date has wrong format. Use YYYY-MM-DD.', 'INVALID']

/** Strict enough to refuse what people type into address fields: `n/a`, two addresses, a trailing dot. */
const EMAIL = /^[^\s@<>,;"()]+@[^\s@<>,;"().]+(\.[^\s@<>,;"().]+)+$/

/** A list of addresses; an empty one passes, since the contract is silent about it. */
export const emails: Check = (value) => {
  if (!Array.isArray(value)) return ['Expected a list of items.', 'NOT_A_LIST']
  const bad = (value as unknown[]).find((item) => typeof item !== 'string' || !EMAIL.test(item))
  return bad === undefined ? undefined : ['Enter a valid email address.', 'INVALID']
}

/** A list of ids. */
export const integers: Check = (value) =>
  Array.isArray(value) && value.every((item) => Number.isInteger(item)) ? undefined : ['Expected ids.', 'NOT_A_LIST']

/** Any list; its elements are checked on their own. */
export const list: Check = (value) => (Array.isArray(value) ? undefined : ['Expected a list of items.', 'NOT_A_LIST'])

/** Any object. */
export const object: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : ['Expected an object.', 'INVALID']

/** Everything wrong with an object. `partial` = only what is present counts (PATCH). Unknown members are ignored. */
export function checkShape(
  value: unknown,
  shape: Shape,
  options: { readonly partial?: boolean; readonly at?: Problem['path'] } = {},
): Problem[] {
  const at = options.at ?? []
  const given = membersOf(value)
  return Object.entries(shape).flatMap(([name, field]): Problem[] => {
    const member = given[name]
    const path = [...at, name]
    if (member === undefined) {
      const isMissing = field.required === true && options.partial !== true
      return isMissing ? [{ path, message: 'This field is required.', code: 'REQUIRED' }] : []
    }
    if (member === null) {
      return field.nullable === true ? [] : [{ path, message: 'This field may not be null.', code: 'NULL' }]
    }
    const wrong = field.check(member)
    return wrong === undefined ? [] : [{ path, message: wrong[0], code: wrong[1] }]
  })
}

/** The 400 answer for these problems, in the chosen style. */
export function refuse(problems: readonly Problem[], style: ErrorStyle): Reply {
  return { status: 400, json: errorBody(problems, style) }
}

/** Dots join a path in all forms but the framework's, which nests. */
function errorBody(problems: readonly Problem[], style: ErrorStyle): Row {
  const sentences = problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join(' ')
  switch (style) {
    case 'errorsMap':
      return {
        errors: Object.fromEntries(problems.map(({ path, message, code }) => [path.join('.'), { message, code }])),
      }
    case 'nonField':
      return { errors: { null: { message: sentences, code: problems[0]?.code ?? 'INVALID' } } }
    case 'drf':
      return frameworkErrors(problems)
    case 'detail':
      return { detail: sentences }
  }
}

/** Field -> messages; for a nested list one object per line, empty where the line is fine. */
function frameworkErrors(problems: readonly Problem[]): Row {
  const body: Row = {}
  for (const { path, message } of problems) {
    const [field = 'non_field_errors', index, member] = path
    if (typeof index !== 'number' || member === undefined) {
      body[field] = [...((body[field] as string[] | undefined) ?? []), message]
      continue
    }
    const lines = (body[field] ??= []) as Record<string, string[]>[]
    while (lines.length <= index) lines.push({})
    const line = lines[index] ?? {}
    line[member] = [...(line[member] ?? []), message]
  }
  return body
}
