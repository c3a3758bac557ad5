/**
 * Exact decimal arithmetic on texts. A price never becomes a binary float: what Plex wrote is what Procurify gets, digit by
 * digit. Canonical form: no exponent, no leading or trailing zeros, no minus before zero; equal numbers are equal texts.
 */
import Big from 'big.js'

/** A constructor of our own: strictness is a property of the constructor, and the library's is everybody's. */
const Exact = Big()
// Refuses binary floats, which have lost digits before they come here.
Exact.strict = true

/** What a JSON number may look like, and what a data source writes: no hex, no NaN, no thousands separators. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/
/** Beyond any amount of money; stops `1e999` from becoming a thousand digits. */
const MAX_DIGITS = 60

/** The canonical decimal of a number's text; null for what is no number, or one of absurd length. */
export function readDecimal(text: string | null | undefined): string | null {
  const trimmed = text?.trim() ?? ''
  if (trimmed.length > MAX_DIGITS || !NUMBER.test(trimmed)) return null
  const value = new Exact(trimmed.replace(/^\+/, ''))
  return Math.abs(value.e) > MAX_DIGITS ? null : toText(value)
}

/** Exact sum; `0` for none. */
export function sum(values: readonly string[]): string {
  return toText(values.reduce((total, value) => total.plus(value), new Exact('0')))
}

/** Exact product: no digit is rounded away. */
export function multiply(left: string, right: string): string {
  return toText(new Exact(left).times(right))
}

/** Negative, zero or positive, as for Array.sort. */
export function compare(left: string, right: string): number {
  return new Exact(left).cmp(right)
}

/** Do the two differ by at most `tolerance`? */
export function isWithin(left: string, right: string, tolerance: string): boolean {
  return new Exact(left).minus(right).abs().lte(tolerance)
}

/** Does a column of `whole` digits before and `fraction` after the point hold it to the digit? */
export function fitsScale(value: string, whole: number, fraction: number): boolean {
  const [before = '', after = ''] = value.replace('-', '').split('.')
  return before.length <= whole && after.length <= fraction
}

function toText(value: Big): string {
  // toString would write small numbers with an exponent; the sign of zero means nothing.
  return value.eq('0') ? '0' : value.toFixed()
}
