import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { parseEnv } from 'node:util'
import { ConfigError } from './domain/errors.js'
import { SETTINGS } from './settings.js'

/** Names and values as the process or an env file has them. Empty = not set. */
export type Env = Readonly<Record<string, string | undefined>>

/** What an env file says, and what is wrong with the file itself: told together with the mistakes in the settings. */
export interface EnvFile {
  values: Env
  problems: readonly string[]
}

/** Every setting's text, wherever it came from; null = given, but unusable, which `problems` tells. */
export interface Gathered {
  texts: Readonly<Record<string, string | null | undefined>>
  /** For `~/` in the names of files. */
  home: string
  problems: string[]
}

/** A name that begins like ours but is none of ours is a typing mistake, not somebody else's variable. */
const OUR_PREFIX = /^(PLEX|PROCURIFY|SYNC|SUPPLIER|PO|INVOICE|ALIGN|REFDATA|ML_CONNECTOR|DEFAULT)_/
const SECRETS: readonly string[] = SETTINGS.filter((setting) => setting.secret).map((setting) => setting.name)
const KNOWN: readonly string[] = [...SETTINGS.map((setting) => setting.name), ...SECRETS.map((name) => `${name}_FILE`)]

const MISSING = 'does not exist'

/** Brings together environment (which wins), env file and the files of single secrets, and looks for unknown names. */
export function gatherSettings(env: Env, envFile: EnvFile | null): Gathered {
  const given = { ...withoutEmpty(envFile?.values ?? {}), ...withoutEmpty(env) }
  const home = given['HOME'] ?? homedir()
  const secrets = readSecretFiles(given, home)
  const problems = [...(envFile?.problems ?? []), ...findUnknown(given), ...secrets.problems]
  return { texts: { ...given, ...secrets.texts }, home, problems }
}

/**
 * The env file given by `--env-file`, or `.env` where none was given. Null = there is no `.env`, which is no mistake; a
 * missing file that was asked for throws ConfigError.
 */
export function readEnvFile(path: string | null = null): EnvFile | null {
  const file = readTextFile(path ?? '.env')
  if (typeof file === 'string') {
    if (path === null && file === MISSING) return null
    throw new ConfigError(`The env file ${path ?? '.env'} ${file}.`)
  }
  const text = file.text.replace(/^\uFEFF/, '')
  const values = withoutEmpty(parseEnv(text))
  const problems = findCutValues(text).map((name) => `${name} holds a # in ${file.path}: put its value in quotes.`)
  const secret = SECRETS.find((name) => isSecret(name, values[name]))
  if (file.isExposed && secret !== undefined) {
    problems.push(`${file.path} holds a secret (${secret}) and others can read it: run chmod 600 ${file.path}`)
  }
  return { values, problems }
}

/** Names of the settings that are set, and the secrets among their values, for a report that must hold none of these. */
export function describeGiven(env: Env, envFile: EnvFile | null): { names: string[]; secrets: string[] } {
  const given = { ...withoutEmpty(envFile?.values ?? {}), ...withoutEmpty(env) }
  const { texts } = gatherSettings(env, envFile)
  const secrets = SECRETS.flatMap((name) => texts[name] ?? []).flatMap((text) => [text, ...passwordsIn(text)])
  return { names: KNOWN.filter((name) => name in given), secrets }
}

/** A driver may tell of an address in parts. */
function passwordsIn(text: string): string[] {
  const written = [/:\/\/[^/@:]*:([^@]+)@/, /[?&]password=([^&]+)/].flatMap((pattern) => pattern.exec(text)?.[1] ?? [])
  return written.flatMap((password) => [password, safeDecode(password)])
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function withoutEmpty(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, text]) => text !== undefined && text !== ''))
}

/** Files may be written as `~/...`, also where no shell expands it. */
export function expandHome(path: string, home: string): string {
  return path.startsWith('~/') ? home + path.slice(1) : path
}

/** A small text file and whether others than its owner can read it; or what is wrong, to complete "FILE ...". */
function readTextFile(path: string): { path: string; text: string; isExposed: boolean } | string {
  try {
    return { path, text: readFileSync(path, 'utf8'), isExposed: (statSync(path).mode & 0o044) !== 0 }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return code === 'ENOENT' ? MISSING : `cannot be read (${code ?? 'unknown reason'})`
  }
}

/** The secrets given as `NAME_FILE`, and what is wrong with them. */
function readSecretFiles(given: Env, home: string): Pick<Gathered, 'texts' | 'problems'> {
  const texts: Record<string, string | null> = {}
  const problems: string[] = []
  for (const name of SECRETS) {
    const path = given[`${name}_FILE`]
    if (path === undefined) continue
    const file = readTextFile(expandHome(path, home))
    texts[name] = null
    if (given[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set: remove one of them.`)
    else if (typeof file === 'string') problems.push(`${name}_FILE: ${path} ${file}.`)
    else if (file.isExposed) problems.push(`${name}_FILE: others can read the secret: run chmod 600 ${file.path}`)
    else if (file.text.trim() === '') problems.push(`${name}_FILE: ${path} is empty.`)
    else texts[name] = file.text.replace(/[\r\n]+$/, '')
  }
  return { texts, problems }
}

function findUnknown(given: Env): string[] {
  return Object.keys(given)
    .filter((name) => OUR_PREFIX.test(name) && !KNOWN.includes(name))
    .map((name) => {
      const near = KNOWN.map((known) => ({ known, by: distance(name, known) })).sort((a, b) => a.by - b.by)[0]
      return `${name} is not a setting: ${near && near.by <= 2 ? `did you mean ${near.known}?` : 'remove it.'}`
    })
}

/** How many letters must be added, dropped or changed to make one word of the other (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [above, letter] of [...left].entries()) {
    const next = [above + 1]
    for (const [index, other] of [...right].entries()) {
      const replaced = (row[index] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}

/** Unquoted, everything from a # on is a comment to the parser: a password would be cut without a word. */
function findCutValues(text: string): string[] {
  const cut = /^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*[^\s'"`#][^\r\n#]*(?<=\S)#/gm
  return [...text.matchAll(cut)].flatMap(([, name]) => (name !== undefined && KNOWN.includes(name) ? [name] : []))
}

/** A database URL is a secret only with a password in it. */
function isSecret(name: string, text: string | undefined): boolean {
  if (text === undefined) return false
  return name !== 'DATABASE_URL' || /:\/\/[^/@]*:[^@]+@|[?&]password=/.test(text)
}
