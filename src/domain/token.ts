/**
 * The token at the start of a requisition's item names: `[PLEX PO-4711/3 k7q2m9x40101] Bearing`. It is the only thread by
 * which Procurify lets us find a requisition again (procurify.md section 6). People read the number, the program only the key.
 */
import { createHash } from 'node:crypto'
import { Bug } from './errors.js'
import { cleanLine, countPoints, cut } from './text.js'

/** Most characters of an item name (procurify.md section 5), counted as code points. */
export const ITEM_NAME_MAX = 255
/** What people call the order and the line is cut to this, so that the key always fits. */
const NUMBER_MAX = 60
const LINE_MAX = 20

/** Base 32 without the letters that are mistaken for digits or for each other. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
const TOKEN = /\[PLEX ([^[\]]*) ([0-9a-hjkmnp-tv-z]{12})\]/i
/** Two digits each for part and revision. */
const MAX_COUNT = 32 * 32 - 1

/** What a key says: which order (`stem`), which of its requisitions, and which attempt people asked for. */
export interface Key {
  readonly stem: string
  readonly part: number
  readonly revision: number
}

/** Eight characters (40 bits) that stand for one order of one connection: all keys of the order begin with them. */
export function makeStem(connection: string, orderId: string): string {
  const bytes = createHash('sha256').update(`${connection}\n${orderId}`).digest()
  return toDigits(BigInt(`0x${bytes.subarray(0, 5).toString('hex')}`), 8)
}

/**
 * Twelve characters: the stem, then part and revision, both from 1. Part and revision are spelled out instead of hashed, so
 * that every requisition an order ever had can be told from the order alone, by a database that has forgotten them.
 */
export function makeKey({ stem, part, revision }: Key): string {
  if (![part, revision].every((count) => Number.isInteger(count) && count >= 1 && count <= MAX_COUNT)) {
    throw new Bug(`No key for part ${part}, revision ${revision}.`)
  }
  return `${stem}${toDigits(BigInt(part), 2)}${toDigits(BigInt(revision), 2)}`
}

/** The inverse of makeKey; null when the text is no key. */
export function readKey(text: string): Key | null {
  const key = text.toLowerCase()
  if (key.length !== 12 || ![...key].every((digit) => DIGITS.includes(digit))) return null
  const [part, revision] = [fromDigits(key.slice(8, 10)), fromDigits(key.slice(10))]
  return part === 0 || revision === 0 ? null : { stem: key.slice(0, 8), part, revision }
}

/** The key in an item name, in small letters; null when there is none. People may have put text before it. */
export function findKey(itemName: string): string | null {
  const found = TOKEN.exec(itemName)?.[2]?.toLowerCase() ?? null
  return found === null || readKey(found) === null ? null : found
}

/** The line number in the token of an item name; '' when there is none. Only to be compared with another one. */
export function findLine(itemName: string): string {
  return TOKEN.exec(itemName)?.[1]?.split('/').at(-1)?.trim() ?? ''
}

/** The item name of a line: at most 255 code points, one line of printable text, and the key whole. */
export function makeItemName(order: string, line: string, key: string, description: string): string {
  const token = `[PLEX ${plain(order, NUMBER_MAX)}/${plain(line, LINE_MAX)} ${key}]`
  return `${token} ${cut(cleanLine(description), ITEM_NAME_MAX - countPoints(token) - 1)}`.trimEnd()
}

/** Brackets inside the token would hide where it ends. */
function plain(text: string, max: number): string {
  return cut(cleanLine(text).replaceAll('[', '(').replaceAll(']', ')'), max)
}

function toDigits(value: bigint, length: number): string {
  let rest = value
  let text = ''
  for (let at = 0; at < length; at += 1) {
    text = `${DIGITS.charAt(Number(rest % 32n))}${text}`
    rest /= 32n
  }
  return text
}

function fromDigits(text: string): number {
  return [...text].reduce((value, digit) => value * 32 + DIGITS.indexOf(digit), 0)
}
