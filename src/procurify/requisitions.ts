/** Requisitions of Procurify: looking for one of ours, and making one, which nobody can take back (contracts/procurify.md section 5). */
import type { Claim, Delivered, Found, LookUp } from '../domain/delivery.js'
import { Bug } from '../domain/errors.js'
import type { Failure, Result } from '../domain/failure.js'
import { holdsSame } from '../domain/match-requisition.js'
import type { ExistingRequisition } from '../domain/order.js'
import type { Json } from '../domain/record.js'
import { normalizeUuid, readDraft, type RequisitionBody, type RequisitionDraft } from '../domain/requisition.js'
import type { Http } from '../http.js'
import type { Target } from '../ports.js'
import { dataOf, membersOf, unexpected } from './client.js'
import type { Scans } from './scans.js'
import { readVendor } from './vendors.js'

const PATH = '/api/v3/requisitions/'

/**
 * Requisitions are found again by their key alone, in an index of all that are ours (`readRequisitionIndex`). A first look takes a
 * recent index with what was sent since; a look for one in doubt takes a fresh one, which is complete when it shows a witness.
 * One that is found but differs in vendor, quantities or prices, or is not the only one, is for a person.
 */
export function makeRequisitionTarget(http: Http, index: Scans<ExistingRequisition>): Target {
  return {
    lookFirst: async (claim) => {
      const known = await index.recent()
      return known.ok ? ok(lookAmong(known.value, claim, false)) : known
    },
    lookUp: async (claim, witnesses) => {
      const look = await lookAfresh(index, claim, witnesses)
      const isProved = !look.ok || look.value.kind === 'found' || look.value.complete
      if (isProved || witnesses.length === 0) return look
      // A witness may have been made after the reading that was shared: once more, with one of its own.
      index.doubt()
      return lookAfresh(index, claim, witnesses)
    },
    send: async (claim, sendBefore) => {
      const draft = draftOf(claim)
      const outdated = claim.isOwnPlan ? null : await checkVendor(http, draft)
      if (outdated !== null) return outdated
      const sent = await send(http, claim.wanted.payload, sendBefore)
      if (sent.ok) index.add(asExisting(draft, sent.value.targetId))
      // It may be there now, although the last index does not show it.
      else if (sent.kind === 'unknown') index.doubt()
      return sent
    },
  }
}

async function lookAfresh(
  index: Scans<ExistingRequisition>,
  claim: Claim,
  witnesses: readonly string[],
): Promise<Result<LookUp>> {
  const known = await index.fresh()
  if (!known.ok) return known
  const isComplete = known.value.some(({ id }) => witnesses.includes(id))
  return ok(lookAmong(known.value, claim, isComplete))
}

function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}

type Draft = RequisitionDraft & { readonly key: string; readonly body: RequisitionBody }

/** Vendor and key are not in the body, which has names only; the draft holds what the body was made of. */
function draftOf({ wanted }: Claim): Draft {
  const draft = readDraft(wanted.draft)
  if (draft === null || draft.key === null || draft.body === null) {
    throw new Bug('A requisition would be sent or looked for without its key and content.')
  }
  return { ...draft, key: draft.key, body: draft.body }
}

/** A requisition that is only to be taken over has its id already; it must still be there, and hold the same. */
function lookAmong(known: readonly ExistingRequisition[], claim: Claim, complete: boolean): LookUp {
  const draft = draftOf(claim)
  const { targetId } = claim.wanted
  const ours = known.filter(({ key, id }) => (targetId === null ? key === draft.key : id === targetId))
  // The same one may be in the list and among those just sent; the list knows more of it.
  const [first, ...others] = new Map(ours.reverse().map((one) => [one.id, one])).values()
  if (first === undefined) return { kind: 'absent', complete }
  return { kind: 'found', found: toFound(draft, first, others) }
}

function toFound(draft: Draft, one: ExistingRequisition, others: readonly ExistingRequisition[]): Found {
  const matches = others.length === 0 && holdsSame(draft, one.items)
  const http = { method: 'POST', path: PATH, status: null, request_id: null }
  return {
    targetId: one.id,
    targetKey: one.orderNum,
    matches,
    http,
    refuse: matches ? null : refusal(draft, one, others),
  }
}

function refusal({ key }: Draft, one: ExistingRequisition, others: readonly ExistingRequisition[]): Found['refuse'] {
  const [name, ...more] = [one, ...others].map(({ orderNum, id }) => orderNum ?? id)
  const message =
    more.length === 0
      ? `Requisition ${name} carries the key ${key} of this order, but differs in vendor, quantities or prices.`
      : `Requisitions ${[name, ...more].join(', ')} all carry the key ${key} of this order.`
  return { code: 'requisition_ambiguous', message }
}

/**
 * A plan of a former run names its vendor as it was then. Under another name Procurify would refuse the requisition or, worse, take the
 * line for free text and make a new vendor of it (contracts/procurify.md section 5). Null = it is as it was planned.
 */
async function checkVendor(http: Http, { vendor_id: id, body }: Draft): Promise<Failure | null> {
  if (id === null) return null
  const vendor = await readVendor(http, id)
  if (!vendor.ok) return vendor
  const names = new Set(body.line_items.map(({ vendor_name }) => vendor_name))
  const isSame = vendor.value?.active === true && names.size === 1 && names.has(vendor.value.name)
  if (isSame) return null
  const message = `The vendor ${[...names].join(', ')} was changed in Procurify since the order was planned; it is planned anew.`
  return {
    ...{ ok: false, kind: 'permanent', code: 'plan_outdated', message },
    ...{ status: null, http: null, retryAfterMs: null },
  }
}

/** One try. The answer holds the uuid alone; the number becomes known when the requisition is next seen. */
async function send(http: Http, body: Json, sendBefore: number): Promise<Result<Delivered>> {
  if (body === null) throw new Bug('There is nothing to send.')
  const answer = await http.write('POST', PATH, body, { sendBefore })
  if (!answer.ok) return answer
  const { uuid } = membersOf(dataOf(answer.value.value))
  // It took effect, but what it made is not known: that is for a look-up to find out.
  if (typeof uuid !== 'string' || uuid === '') return { ...unexpected(answer.value, 'a uuid'), kind: 'unknown' }
  return ok({ targetId: normalizeUuid(uuid), targetKey: null, http: answer.value.http })
}

function asExisting({ key, vendor_id: vendorId, body }: Draft, id: string): ExistingRequisition {
  const items = body.line_items.map(({ item_name: name, quantity, unit_price: price }) => ({
    ...{ name, vendorId, quantity, price },
  }))
  return { key, id, orderNum: null, status: null, items }
}
