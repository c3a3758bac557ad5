/**
 * GL accounts of Plex and account codes of Procurify: paired, created on either side, and renamed in Procurify when Plex was.
 * Pure. The merge base is each side's own last value: what both were when they were paired or last brought into step.
 */
import { contentHash } from './content-hash.js'
import { chosenAccountId, ruleMissingAccount } from './account-to-plex.js'
import type { Decision } from './decision.js'
import {
  activityCode,
  changesOf,
  isTrouble,
  observe,
  remember,
  ruleTrouble,
  skip,
  toAligned,
  type Ruling,
  type Words,
} from './plan-refdata-item.js'
import type { Json } from './record.js'
import {
  baseOf,
  codeKey,
  writesToProcurify,
  type AccountCode,
  type Aligned,
  type Book,
  type Direction,
  type LinkedDepartments,
  type PlexAccount,
} from './refdata.js'
import type { RefdataMap } from './refdata-map.js'
import { pairUp, type Match } from './refdata-pairs.js'
import { cleanLine, cut, fold } from './text.js'

export interface AccountOptions {
  readonly connection: string
  readonly direction: Direction
  readonly map: RefdataMap['accounts']
  readonly departments: LinkedDepartments
}

/** Most characters Procurify takes (AccountCodeCreate in procurify.openapi.yaml). */
const CODE_MAX = 50
const DESCRIPTION_MAX = 200

/** `account_type` of Procurify by category of Plex (contracts/procurify.md section 9). 5 = other. */
const TYPES: Readonly<Record<string, number>> = { asset: 0, liability: 1, expense: 2, revenue: 3, income: 3, equity: 4 }
const TYPE_OTHER = 5

const WORDS: Words<PlexAccount, AccountCode> = {
  stream: 'accounts',
  showPlex: ({ id, number, name, active }) => ({
    id,
    key: codeKey(number ?? '') || id,
    name: name === null ? null : cleanLine(name),
    active,
  }),
  showProcurify: ({ id, code, description, active }) => ({
    id,
    key: codeKey(code),
    name: cleanLine(description),
    active,
  }),
}

type AccountMatch = Match<PlexAccount, AccountCode>

/** Pairs by number = code, trimmed and else exact, or as REFDATA_MAP says. */
export function planAccounts(
  accounts: readonly PlexAccount[],
  codes: readonly AccountCode[],
  book: Book,
  options: AccountOptions,
): Aligned[] {
  const numberOf = ({ number }: PlexAccount): string => codeKey(number ?? '')
  const wantedKey = (account: PlexAccount): string | null => options.map.get(numberOf(account))?.target ?? null
  const matches = pairUp(accounts, codes, book.links, {
    keysInPlex: (account) => [numberOf(account)].filter((key) => key !== ''),
    keyInProcurify: ({ code }) => codeKey(code),
    wantedKey,
  })
  const lookalikes = listLookalikes(matches)
  const numbers = new Set(accounts.map(numberOf))
  return matches.map((match) => {
    if (isTrouble(match)) return ruleTrouble(match, WORDS, book)
    const plex = 'plex' in match ? WORDS.showPlex(match.plex) : null
    const procurify = 'procurify' in match ? WORDS.showProcurify(match.procurify) : null
    const stream = 'accounts' as const
    if (match.kind === 'paired') {
      return toAligned({ stream, sourceId: match.plex.id, plex, procurify }, rulePaired(match, book, options), book)
    }
    if (match.kind === 'only_in_plex') {
      const ruling = ruleMissingCode(
        match.plex,
        lookalikes.ofProcurify.get(looseKey(match.plex.number ?? '')) ?? null,
        options,
      )
      return toAligned({ stream, sourceId: match.plex.id, plex, procurify }, ruling, book)
    }
    const code = match.procurify
    const ruling = numbers.has(codeKey(code.code))
      ? NUMBER_HELD
      : ruleMissingAccount(code, lookalikes.ofPlex.get(looseKey(code.code)) ?? null, options)
    const sourceId = chosenAccountId(options.connection, code)
    return toAligned({ stream, sourceId, plex, procurify }, ruling, book)
  })
}

/** What a missing number or code might be, by its loose key: a code without a partner; for Plex, which is written to last, any number. */
function listLookalikes(matches: readonly AccountMatch[]) {
  const ofPlex = matches.flatMap((match) => ('plex' in match ? [codeKey(match.plex.number ?? '')] : []))
  const ofProcurify = matches.flatMap((match) =>
    match.kind === 'only_in_procurify' ? [codeKey(match.procurify.code)] : [],
  )
  const byLooseKey = (texts: readonly string[]) => new Map(texts.map((text) => [looseKey(text), text]))
  return { ofPlex: byLooseKey(ofPlex), ofProcurify: byLooseKey(ofProcurify) }
}

/** What differs only so is most likely one account that two people typed differently. */
function looseKey(text: string): string {
  return fold(text)
    .replace(/\s/g, '')
    .replace(/^0+(?=.)/, '')
}

// ------------------------------------------------------------------------------------------------------ what is paired

interface AccountBase {
  readonly plex: { readonly number: string; readonly name: string | null }
  readonly procurify: { readonly code: string; readonly description: string }
}

/** The description a code has when it says what Plex says. */
function describeAccount({ name, number }: Pick<PlexAccount, 'name' | 'number'>): string {
  return cut(cleanLine(name ?? '') || codeKey(number ?? ''), DESCRIPTION_MAX)
}

function rulePaired(
  { plex, procurify, how }: Extract<AccountMatch, { kind: 'paired' }>,
  { links }: Book,
  options: AccountOptions,
): Ruling {
  const now = toBase(plex, procurify)
  const link = how === 'linked' ? links.get(plex.id) : undefined
  const base = link === undefined ? null : readBase(link.sent)
  const other = numberCode(now, options) ?? activityCode(plex, procurify)
  if (base === null) return ruleFirst(plex, procurify, now, how, other)
  const isInStep = now.procurify.description === describeAccount(plex)
  const isPlexNews = now.plex.name !== base.plex.name
  const isCodeNews = now.procurify.description !== base.procurify.description
  if (!isInStep && isPlexNews && !isCodeNews && writesToProcurify(options.direction))
    return ruleRenamed(plex, procurify, now, base, other)
  const code = isInStep ? null : renameCode(isPlexNews, isCodeNews)
  const issue = code ?? other
  const message = issue === null ? null : tellIssue(issue, now)
  // Names that differ since they were changed apart keep their base; numbers and codes are never written, so theirs moves along.
  const names = isInStep ? now : base
  const draft = {
    plex: { number: now.plex.number, name: names.plex.name },
    procurify: { code: now.procurify.code, description: names.procurify.description },
  }
  const changes = changesOf(link, draft)
  const target = { id: procurify.id, key: now.procurify.code }
  const decision =
    changes.length === 0
      ? observe(issue, message ?? '')
      : remember(target, draft, changes, message ?? 'both sides agree again')
  return { state: stateOf(issue), code: issue, message, decision }
}

type Issue = NonNullable<Ruling['code']>

function stateOf(issue: Issue | null): 'paired' | 'conflict' {
  return issue === 'changed_on_both_sides' || issue === 'number_differs' ? 'conflict' : 'paired'
}

function toBase(plex: PlexAccount, procurify: AccountCode): AccountBase {
  const name = plex.name === null ? null : cleanLine(plex.name)
  return {
    plex: { number: codeKey(plex.number ?? ''), name },
    procurify: { code: codeKey(procurify.code), description: cleanLine(procurify.description) },
  }
}

function readBase(sent: Json): AccountBase | null {
  const [plex, procurify] = [baseOf(sent, 'plex'), baseOf(sent, 'procurify')]
  const isBase = plex !== null && procurify !== null && typeof procurify['description'] === 'string'
  // Only bases are ever stored there: a description is proof enough.
  return isBase ? ({ plex, procurify } as unknown as AccountBase) : null
}

/** The first pairing writes to neither side, whatever the names are. */
function ruleFirst(
  plex: PlexAccount,
  procurify: AccountCode,
  now: AccountBase,
  how: 'linked' | 'wanted' | 'found',
  issue: Issue | null,
): Ruling {
  const isAlike = now.procurify.description === describeAccount(plex)
  const left = isAlike
    ? ''
    : `; left different: ${JSON.stringify(now.plex.name ?? '')} and ${JSON.stringify(now.procurify.description)}`
  const message = issue === null ? null : tellIssue(issue, now)
  const said = `paired by ${how === 'wanted' ? 'REFDATA_MAP' : 'number'}${left}`
  const target = { id: procurify.id, key: now.procurify.code }
  return { state: stateOf(issue), code: issue, message, decision: remember(target, now as unknown as Json, [], said) }
}

/** A PUT replaces the whole code, so it carries what is not to change as well. */
function ruleRenamed(
  plex: PlexAccount,
  procurify: AccountCode,
  now: AccountBase,
  base: AccountBase,
  issue: Issue | null,
): Ruling {
  const description = describeAccount(plex)
  const draft = { plex: now.plex, procurify: { code: now.procurify.code, description } }
  const body = {
    code: procurify.code,
    description,
    ...(procurify.type === null ? {} : { account_type: Number(procurify.type) }),
    parent: procurify.parent === null ? null : Number(procurify.parent),
  }
  const changes = [{ field: 'description', from: now.procurify.description, to: description }]
  const renamed = `Plex calls it ${JSON.stringify(now.plex.name ?? '')}, before ${JSON.stringify(base.plex.name ?? '')}`
  const told = issue === null ? null : tellIssue(issue, now)
  const message = told === null ? renamed : `${renamed}. ${told}`
  const wanted = {
    ...({ action: 'update', targetId: procurify.id, targetKey: now.procurify.code, draft, changes, message } as const),
    payload: { system: 'procurify', body },
    wantedHash: contentHash(draft),
  }
  return {
    state: stateOf(issue),
    code: issue,
    message: told,
    decision: { kind: 'send', wanted },
    writesTo: 'procurify',
  }
}

function renameCode(
  isPlexNews: boolean,
  isCodeNews: boolean,
): 'changed_on_both_sides' | 'renamed_in_plex' | 'renamed_in_procurify' | null {
  if (isPlexNews) return isCodeNews ? 'changed_on_both_sides' : 'renamed_in_plex'
  return isCodeNews ? 'renamed_in_procurify' : null
}

/** A pair that a person made of two numbers is meant so. */
function numberCode({ plex, procurify }: AccountBase, { map }: AccountOptions): 'number_differs' | null {
  const isMeant = plex.number === procurify.code || map.get(plex.number)?.target === procurify.code
  return isMeant ? null : 'number_differs'
}

function tellIssue(issue: Issue, { plex, procurify }: AccountBase): string {
  const names = `${JSON.stringify(plex.name ?? '')} in Plex, ${JSON.stringify(procurify.description)} in Procurify`
  switch (issue) {
    case 'number_differs':
      return `Number ${plex.number} in Plex, code ${procurify.code} in Procurify.`
    case 'inactive_in_plex':
    case 'inactive_in_procurify':
      return 'Only one of the two is active.'
    default:
      return `${names}.`
  }
}

// ------------------------------------------------------------------------------------------------- what is on one side

function ruleMissingCode(account: PlexAccount, lookalike: string | null, options: AccountOptions): Ruling {
  const number = codeKey(account.number ?? '')
  if (number === '') return skip('only_in_plex', 'number_missing', 'It has no number in Plex.')
  const mapped = options.map.get(number)?.target
  if (mapped !== undefined) {
    return skip(
      'only_in_plex',
      'mapped_name_unknown',
      `REFDATA_MAP pairs it with ${JSON.stringify(mapped)}, which Procurify does not have.`,
    )
  }
  if (!account.active) return skip('only_in_plex', 'inactive_unpaired', 'It is inactive and has no account code.')
  if (Array.from(number).length > CODE_MAX)
    return skip('only_in_plex', 'code_too_long', `The number has more than ${CODE_MAX} characters.`)
  const similar = lookalike === null ? null : `Procurify has ${JSON.stringify(lookalike)}.`
  if (!writesToProcurify(options.direction)) {
    return skip(
      'only_in_plex',
      similar === null ? 'missing_in_procurify' : 'account_similar',
      similar ?? 'Procurify has no such code.',
    )
  }
  const code = similar === null ? null : 'account_similar'
  return {
    state: 'only_in_plex',
    code,
    message: similar,
    decision: createCode(account, number, options),
    writesTo: 'procurify',
  }
}

function createCode(account: PlexAccount, number: string, { departments }: AccountOptions): Decision {
  const description = describeAccount(account)
  const type = TYPES[fold(account.category ?? '')]
  const draft = {
    plex: { number, name: account.name === null ? null : cleanLine(account.name) },
    procurify: { code: number, description },
  }
  const body = { code: number, description, account_type: type ?? TYPE_OTHER, departments: departments.ids.map(Number) }
  const changes = [
    { field: 'code', from: null, to: number },
    { field: 'description', from: null, to: description },
    { field: 'account_type', from: null, to: type ?? TYPE_OTHER },
    { field: 'departments', from: null, to: departments.names },
  ]
  const message =
    type === undefined ? `Plex has the category ${JSON.stringify(account.category ?? '')}: made as "other"` : null
  const wanted = { action: 'create', targetId: null, targetKey: number, draft, changes, message } as const
  return { kind: 'send', wanted: { ...wanted, payload: { system: 'procurify', body }, wantedHash: contentHash(draft) } }
}

/** The account of this number belongs to another code, since one of that pair was renumbered. */
const NUMBER_HELD: Ruling = {
  ...{ state: 'conflict', code: 'pair_taken', decision: null },
  message: 'The GL account of this number is paired with another code.',
}
