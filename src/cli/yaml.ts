/** Plain data as YAML: block style; a text that could be taken for a number, a date or a word of YAML is in quotes. */

export function toYaml(value: object): string {
  return `${lines(value, 0).join('\n')}\n`
}

function lines(value: object, depth: number): string[] {
  const indent = '  '.repeat(depth)
  if (Array.isArray(value)) return (value as readonly unknown[]).flatMap((item) => listItem(item, depth))
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const key = `${indent}${/^[A-Za-z][\w./-]*$/.test(name) ? name : JSON.stringify(name)}:`
    return isNested(member) ? [key, ...lines(member, depth + 1)] : [`${key} ${scalar(member)}`]
  })
}

/** The first member of an object stands beside the dash. */
function listItem(item: unknown, depth: number): string[] {
  const indent = '  '.repeat(depth)
  if (!isNested(item)) return [`${indent}- ${scalar(item)}`]
  const [first = '', ...rest] = lines(item, depth + 1)
  return [`${indent}- ${first.trimStart()}`, ...rest]
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** What no reader of YAML 1.1 or 1.2 takes for anything but text. */
const PLAIN = /^(?!(?:y|n|yes|no|true|false|on|off|null)$)[a-z][\w./-]*$/i

/** JSON's form of texts, numbers, true, false, null, [] and {} is YAML's too (YAML 1.2, section 1.3). */
function scalar(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value
  return JSON.stringify(value ?? null)
}
