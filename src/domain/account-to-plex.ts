/** Accounts that only Procurify has: listed, or created in Plex under an id of our choosing when the direction says so. Pure. */
import { createHash } from 'node:crypto'
import { contentHash } from './content-hash.js'
import type { Ruling } from './plan-refdata-item.js'
import { codeKey, writesToPlex, type AccountCode, type Direction } from './refdata.js'
import { cleanLine } from './text.js'

/** Category of Plex by `account_type` of Procurify (contracts/procurify.md section 9). */
const CATEGORIES: Readonly<Record<string, string>> = {
  0: 'Asset',
  1: 'Liability',
  2: 'Expense',
  3: 'Revenue',
  4: 'Equity',
}

export function ruleMissingAccount(
  code: AccountCode,
  lookalike: string | null,
  { connection, direction }: { readonly connection: string; readonly direction: Direction },
): Ruling {
  const state = 'only_in_procurify' as const
  if (!code.active) {
    return { state, code: 'inactive_unpaired', message: 'It is inactive and Plex has no such number.', decision: null }
  }
  if (!writesToPlex(direction))
    return { state, code: 'missing_in_plex', message: 'Plex has no GL account of this number.', decision: null }
  // A chart of accounts is not the place to find out whether 0100 is 100.
  if (lookalike !== null)
    return { state, code: 'account_similar', message: `Plex has ${JSON.stringify(lookalike)}.`, decision: null }
  const category = CATEGORIES[code.type ?? '']
  if (category === undefined)
    return { state, code: 'category_unknown', message: 'Plex has no category for its type.', decision: null }
  const number = codeKey(code.code)
  const name = cleanLine(code.description) || number
  const draft = { plex: { number, name }, procurify: { code: number, description: cleanLine(code.description) } }
  const body = { id: chosenAccountId(connection, code), accountNumber: number, name, categoryType: category }
  const changes = Object.entries(body).map(([field, to]) => ({ field, from: null, to }))
  // The target of the pair exists already: the adapter answers with it once Plex has its side.
  const payload = { system: 'plex', body, procurifyId: code.id }
  const wanted = { action: 'create', targetId: null, targetKey: number, draft, payload, changes } as const
  const message = 'created in Plex'
  return {
    state,
    code: null,
    message,
    decision: { kind: 'send', wanted: { ...wanted, wantedHash: contentHash(draft), message } },
    writesTo: 'plex',
  }
}

/** RFC 9562 section 5.5, in a name space of our own. */
const NAME_SPACE = Buffer.from('a64b1c0e5d7f4b5e9f3a2c8d1e6f7a90', 'hex')

/** The id we choose for an account of Plex: always the same, so that a repeated creation is recognised (contracts/plex.md section 11). */
export function chosenAccountId(connection: string, { id, code }: Pick<AccountCode, 'id' | 'code'>): string {
  const name = ['account', connection, id, codeKey(code)].join('\n')
  const bytes = createHash('sha1').update(NAME_SPACE).update(name).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
