/** Text of people and of foreign systems: made clean, made short, made comparable. */

const LINE_BREAK = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/
/** Invisible marks that make equal names look different; the two joiners stay, some scripts need them. */
const INVISIBLE = /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g
/** Control characters and halves of surrogate pairs: neither a form nor a jsonb column takes them. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/gu

/** One line: NFC, no control characters, no invisible marks, trimmed, runs of white space made one space. */
export function cleanLine(text: string): string {
  const printable = text.replace(INVISIBLE, '').replace(UNPRINTABLE, ' ')
  return printable.replace(/\s+/g, ' ').trim().normalize('NFC')
}

/** The lines of a block, each clean; empty ones stay where they separate others. */
export function cleanLines(text: string): string[] {
  const lines = text.split(LINE_BREAK).map(cleanLine)
  const first = lines.findIndex((line) => line !== '')
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1)
}

/**
 * At most `max` code points (how Procurify counts), cut between characters as people see them: never inside a surrogate
 * pair, an accent or a joined emoji. Only a single character longer than the limit is cut in the middle.
 */
export function cut(text: string, max: number): string {
  // A string never has more code points than code units.
  if (text.length <= max) return text
  if (countPoints(text) <= max) return text
  let kept = ''
  let points = 0
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    points += countPoints(segment)
    if (points > max) break
    kept += segment
  }
  return (kept === '' ? Array.from(text).slice(0, max).join('') : kept).trimEnd()
}

/** Code points, not UTF-16 units. */
export function countPoints(text: string): number {
  return Array.from(text).length
}

/**
 * What two names have in common when a person calls them the same: compatibility forms, case and white space are gone.
 * For comparing only. Upper before lower case, so that the German sharp s equals SS and a final sigma any other.
 */
export function fold(text: string): string {
  const visible = text.replace(/\p{Cf}/gu, '').normalize('NFKC')
  return cleanLine(visible).toUpperCase().toLowerCase()
}

/** Words at the end of a company name that say how it is registered, not who it is. */
const LEGAL_WORDS = new Set([
  ...[
    'inc',
    'incorporated',
    'llc',
    'llp',
    'lp',
    'ltd',
    'limited',
    'corp',
    'corporation',
    'co',
    'company',
    'plc',
    'pty',
  ],
  ...['gmbh', 'ag', 'kg', 'sa', 'sas', 'sarl', 'srl', 'spa', 'bv', 'nv', 'oy', 'ab', 'as'],
])

/**
 * The folded name without punctuation and legal suffix: `ACME-Steel, Inc.` and `Acme Steel L.L.C.` are similar. A name
 * made of nothing else keeps its words, so that `Inc` is not similar to everything.
 */
export function similarityKey(name: string): string {
  const spelled = fold(name)
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
  // `s a s`, left over from `S.A.S.`, is the word `sas`.
  const words = spelled.replace(/(?<!\S)(\p{L}) (?=\p{L}(?!\S))/gu, '$1').split(' ')
  while (LEGAL_WORDS.has(words.at(-1) ?? '')) words.pop()
  return words.join('') || fold(name)
}
