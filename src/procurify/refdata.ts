/** Locations, departments and account codes: read whole, and the latter two written (contracts/procurify.md section 9). */
import type { Claim, Found, LookUp } from '../domain/delivery.js'
import { Bug } from '../domain/errors.js'
import type { Result } from '../domain/failure.js'
import type { Json } from '../domain/record.js'
import { codeKey, type AccountCode, type Department } from '../domain/refdata.js'
import { cleanLine, fold } from '../domain/text.js'
import type { Http } from '../http.js'
import { encode, type Query } from '../http-text.js'
import type { Clock, Listed, RefdataSources, Target } from '../ports.js'
import { dataOf, membersOf, readPages, unexpected } from './client.js'
import { AlignedCode, AlignedPlace } from './schema.js'

const LOCATIONS = '/api/v2/locations/'
const DEPARTMENTS = '/api/v3/departments/'
const CODES = '/api/v3/account-codes/'

export interface RefdataTargetOptions {
  readonly pageSize: number
  readonly clock: Clock
}

export function makeProcurifyRefdata(http: Http, pageSize: number): RefdataSources['procurify'] {
  return {
    locations: () => readList(http, LOCATIONS, {}, pageSize, toPlace),
    departments: () => readList(http, DEPARTMENTS, {}, pageSize, toPlace),
    accountCodes: () => readList(http, CODES, {}, pageSize, toCode),
  }
}

type Read<T> = (row: Json) => T | null

function toPlace(row: Json): Department | null {
  const { data } = AlignedPlace.safeParse(row)
  return data === undefined || data.name.trim() === '' ? null : data
}

function toCode(row: Json): AccountCode | null {
  const { data } = AlignedCode.safeParse(row)
  return data === undefined || data.code.trim() === '' ? null : data
}

async function readList<T>(
  http: Http,
  path: string,
  query: Query,
  pageSize: number,
  read: Read<T>,
): Promise<Result<Listed<T>>> {
  const rows: T[] = []
  const unreadable: string[] = []
  const pages = await readPages(http, path, query, pageSize, (page) => {
    for (const row of page) {
      const record = read(row)
      if (record !== null) rows.push(record)
      else unreadable.push(`A row of ${path} in Procurify has no id or no name: ${JSON.stringify(row).slice(0, 80)}`)
    }
  })
  return pages.ok ? { ok: true, value: { rows, unreadable } } : pages
}

// --------------------------------------------------------------------------------------------------------------- writing

/** What makes the two kinds different to deliver. Neither has a GET by id. */
interface Kind<T> {
  readonly path: string
  readonly read: Read<T>
  /** Narrows the list for a cheap look; how the filter compares is undocumented, so `isOurs` decides. */
  readonly filter: (body: Body) => Query
  readonly isOurs: (record: T, body: Body) => boolean
  readonly holds: (record: T, body: Body) => boolean
  readonly keyOf: (record: T) => string
}
type Body = Readonly<Record<string, Json | undefined>>

const ACCOUNT_CODE: Kind<AccountCode> = {
  path: CODES,
  read: toCode,
  filter: ({ code }) => ({ code: textOf(code) }),
  isOurs: (record, { code }) => codeKey(record.code) === codeKey(textOf(code)),
  holds: (record, { code, description }) =>
    codeKey(record.code) === codeKey(textOf(code)) && cleanLine(record.description) === cleanLine(textOf(description)),
  keyOf: ({ code }) => codeKey(code),
}

const DEPARTMENT: Kind<Department> = {
  path: DEPARTMENTS,
  read: toPlace,
  filter: ({ branch }) => ({ branch: textOf(branch) }),
  isOurs: (record, { external_id: externalId, name, branch }) =>
    record.externalId === externalId ||
    (record.locationId === textOf(branch) && fold(record.name) === fold(textOf(name))),
  holds: (record, { name, branch }) => record.locationId === textOf(branch) && cleanLine(record.name) === textOf(name),
  keyOf: ({ name }) => cleanLine(name),
}

/** Locations are paired and never written: all that is looked for is whether one is still there. */
const LOCATION: Kind<Department> = {
  ...DEPARTMENT,
  path: LOCATIONS,
  filter: () => ({}),
  isOurs: () => false,
}

export function makeLocationTarget(http: Http, options: RefdataTargetOptions): Target {
  return makeTarget(http, options, LOCATION)
}

/** Account codes have neither an external id nor a uuid: the code itself is what they are known by. */
export function makeAccountCodeTarget(http: Http, options: RefdataTargetOptions): Target {
  return makeTarget(http, options, ACCOUNT_CODE)
}

/** Departments are created only; ours by external id, or by name at their location. */
export function makeDepartmentTarget(http: Http, options: RefdataTargetOptions): Target {
  return makeTarget(http, options, DEPARTMENT)
}

/** Records in doubt that are looked for within this time of a scan share it. */
const FRESH_MS = 1_000

function makeTarget<T extends { readonly id: string }>(
  http: Http,
  { pageSize, clock }: RefdataTargetOptions,
  kind: Kind<T>,
): Target {
  let scan: { readonly at: number; readonly rows: Promise<Result<Listed<T>>> } | null = null
  const scanAll = (): Promise<Result<Listed<T>>> => {
    if (scan === null || clock.now() - scan.at > FRESH_MS) {
      scan = { at: clock.now(), rows: readList(http, kind.path, {}, pageSize, kind.read) }
    }
    return scan.rows
  }
  return {
    lookFirst: async (claim) => {
      const listed = await readList(http, kind.path, kind.filter(bodyOf(claim)), pageSize, kind.read)
      return listed.ok ? { ok: true, value: lookAmong(listed.value.rows, claim, kind, false) } : listed
    },
    lookUp: async (claim, witnesses) => {
      const listed = await scanAll()
      if (!listed.ok) return listed
      const { rows } = listed.value
      const known = new Set(witnesses)
      // With nothing paired yet, any row is as much as can be asked for.
      const isProof = rows.some(({ id }) => known.size === 0 || known.has(id))
      return { ok: true, value: lookAmong(rows, claim, kind, isProof) }
    },
    send: async (claim, sendBefore) => {
      scan = null
      const { targetId } = claim.wanted
      const body = bodyOf(claim)
      const path = pathOf(kind.path, targetId)
      const answer = await http.write(targetId === null ? 'POST' : 'PUT', path, body, { sendBefore })
      scan = null
      if (!answer.ok) return answer
      const record = kind.read(dataOf(answer.value.value))
      const id = targetId ?? record?.id
      // The write took effect, but what it made is not known: that is for a look-up to find out.
      if (id === undefined) return { ...unexpected(answer.value, 'the record'), kind: 'unknown' }
      const targetKey = record === null ? claim.wanted.targetKey : kind.keyOf(record)
      return { ok: true, value: { targetId: id, targetKey, http: answer.value.http } }
    },
  }
}

/** A change is looked for by the id of its record, a creation by what it would be known by. */
function lookAmong<T extends { readonly id: string }>(
  rows: readonly T[],
  claim: Claim,
  kind: Kind<T>,
  complete: boolean,
): LookUp {
  const { targetId, payload } = claim.wanted
  const body = payload === null ? {} : bodyOf(claim)
  const ours = rows.filter((record) => (targetId === null ? kind.isOurs(record, body) : record.id === targetId))
  const [record] = ours
  if (record === undefined) return { kind: 'absent', complete }
  const http: Found['http'] = {
    ...{
      method: targetId === null ? 'POST' : 'PUT',
      path: pathOf(kind.path, targetId),
      status: null,
      request_id: null,
    },
  }
  const refuse =
    ours.length === 1
      ? null
      : { code: 'pair_ambiguous', message: `Several records of Procurify fit: ${ours.map(({ id }) => id).join(', ')}.` }
  const matches = payload === null || kind.holds(record, body)
  return { kind: 'found', found: { targetId: record.id, targetKey: kind.keyOf(record), matches, http, refuse } }
}

function pathOf(path: string, targetId: string | null): string {
  return targetId === null ? path : `${path}${encode(targetId)}/`
}

function bodyOf({ wanted }: Claim): Body {
  const body = membersOf(membersOf(wanted.payload)['body'])
  if (Object.keys(body).length === 0) throw new Bug('There is nothing to send.')
  return body
}

/** Ids are numbers in a body and text everywhere else. */
function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
