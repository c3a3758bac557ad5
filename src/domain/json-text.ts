import type { Json } from './record.js'

/**
 * A JSON string or a JSON number; whatever stands between them is punctuation and words. As strict as JSON, or broken
 * text would become valid by being quoted: `01`, the member name of `{1:2}`, a number in a string without an end.
 */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\[^])*(?:"|$)|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\s*:)/g

/**
 * Parses JSON with every number kept as the text the sender wrote: `1.10` stays `"1.10"` and no digit of a price is
 * lost in a binary float. Characters no database can hold (NUL, half a surrogate pair) become U+FFFD. Throws SyntaxError
 * like JSON.parse.
 */
export function parseExact(text: string): Json {
  return JSON.parse(text.replace(STRING_OR_NUMBER, toSafeString)) as Json
}

function toSafeString(token: string): string {
  if (!token.startsWith('"')) return `"${token}"`
  if (!token.includes('\\u')) return token
  return JSON.stringify((JSON.parse(token) as string).toWellFormed().replaceAll('\0', '\uFFFD'))
}
