/** Creating GL accounts in Plex: the one resource there that is written (contracts/plex.md section 11). */
import type { Claim, Delivered, Found, LookUp } from '../domain/delivery.js'
import { Bug } from '../domain/errors.js'
import type { Result } from '../domain/failure.js'
import type { Json } from '../domain/record.js'
import { codeKey, type PlexAccount } from '../domain/refdata.js'
import { cleanLine } from '../domain/text.js'
import type { Http } from '../http.js'
import type { Target } from '../ports.js'
import { ACCOUNTS, readList } from './refdata.js'
import { readRecord } from './resource.js'
import * as schema from './schema.js'

/** The body of a creation and the account code it is the other side of. */
interface Creation {
  readonly body: Json
  readonly id: string
  readonly number: string
  readonly name: string
  readonly procurifyId: string
}

/** We choose the id of an account, so it is found again by nothing else. The pair's target is the account code it is made for. */
export function makeAccountTarget(http: Http): Target {
  return {
    lookFirst: async (claim) => {
      const creation = creationOf(claim)
      const row = await readRecord(http, ACCOUNTS, creation.id)
      if (!row.ok) return row
      const parsed = row.value === null ? null : schema.parseRecord(schema.Account, 'GL account', row.value)
      return {
        ok: true,
        value: parsed?.ok === true ? toFound(parsed.record, creation) : { kind: 'absent', complete: false },
      }
    },
    // By the whole list: a 404 for one id is also how a wrong company looks, a list without it is not, once it shows others.
    lookUp: async (claim): Promise<Result<LookUp>> => {
      const creation = creationOf(claim)
      const listed = await readList(http, ACCOUNTS, (row) => schema.parseRecord(schema.Account, 'GL account', row))
      if (!listed.ok) return listed
      const account = listed.value.rows.find(({ id }) => id.toLowerCase() === creation.id)
      if (account !== undefined) return { ok: true, value: toFound(account, creation) }
      return { ok: true, value: { kind: 'absent', complete: listed.value.rows.length > 0 } }
    },
    send: async (claim, sendBefore): Promise<Result<Delivered>> => {
      const { body, procurifyId, number } = creationOf(claim)
      const answer = await http.write('POST', ACCOUNTS, body, { sendBefore })
      if (!answer.ok) return answer
      return { ok: true, value: { targetId: procurifyId, targetKey: number, http: answer.value.http } }
    },
  }
}

function toFound(account: PlexAccount, { number, name, procurifyId }: Creation): LookUp {
  const matches = codeKey(account.number ?? '') === number && cleanLine(account.name ?? '') === name
  const http: Found['http'] = { method: 'POST', path: ACCOUNTS, status: null, request_id: null }
  return { kind: 'found', found: { targetId: procurifyId, targetKey: number, matches, http, refuse: null } }
}

function creationOf({ wanted }: Claim): Creation {
  const payload = membersOf(wanted.payload)
  const body = membersOf(payload['body'])
  const [id, number, name, procurifyId] = [body['id'], body['accountNumber'], body['name'], payload['procurifyId']]
  const isWhole =
    typeof id === 'string' && typeof number === 'string' && typeof name === 'string' && typeof procurifyId === 'string'
  if (!isWhole) throw new Bug('Only whole GL accounts are created in Plex.')
  return { body, id, number, name, procurifyId }
}

function membersOf(value: Json | undefined): Readonly<Record<string, Json | undefined>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, Json | undefined>>) : {}
}
