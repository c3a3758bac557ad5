/** What is gathered around an invoice, and what is asked of whom: books and sources that keep count. */
import { beforeEach, expect, it } from 'vitest'
import type { Invoice } from '../../src/domain/invoice.js'
import { factsOf, keyOf, toBillState, type BillState, type InvoiceState } from '../../src/domain/invoice-state.js'
import type { InvoiceCase } from '../../src/domain/plan-invoices.js'
import type { Json, Link, Note } from '../../src/domain/record.js'
import { makeCaseSource, type CaseOptions } from '../../src/passes/invoice-cases.js'
import type { InvoiceBooks } from '../../src/ports-invoices.js'
import type { Source } from '../../src/ports.js'
import { aBill, anInvoice } from '../domain/invoice-factories.js'
import { aLink, aNote } from '../support/factories.js'
import { valueOf } from '../support/http.js'

const ZONE = 'UTC'
let plex: Map<string, Invoice>
let asked: string[]
let links: Map<string, Link>
let bills: Map<string, BillState>
let noted: string[]
let marksAsked: string[]
let unstored: Map<string, BillState>
let draft: boolean

beforeEach(() => {
  plex = new Map()
  links = new Map()
  bills = new Map()
  unstored = new Map()
  asked = []
  noted = []
  marksAsked = []
  draft = false
})

const source = {
  read: (notes: readonly Note[]) => {
    const value = notes.map((note) => {
      const invoice = (note.record ?? plex.get(note.sourceId)) as Invoice | undefined
      if (note.record === null) asked.push(note.sourceId)
      if (invoice === undefined) return { kind: 'gone', note }
      return { kind: 'record', note, record: invoice, hash: 'h' }
    })
    return Promise.resolve({ ok: true, value })
  },
} as unknown as Source<Invoice>

const books = {
  vendorsOf: () => Promise.resolve(new Map([['s1', '7']])),
  invoicesOf: (keys: readonly string[]) => {
    const all = [...links].map(([id, link]) => ({ id, state: link.sent as unknown as InvoiceState }))
    return Promise.resolve(all.filter(({ state }) => keys.includes(state.match_key)))
  },
  billsOf: (keys: readonly string[]) => {
    const all = [...bills].map(([id, state]) => ({ id, state }))
    return Promise.resolve(all.filter(({ state }) => keys.includes(state.match_key ?? '')))
  },
  noteAgain: (ids: readonly string[]) => Promise.resolve(void noted.push(...ids)),
} as unknown as InvoiceBooks

function cases(options: Partial<CaseOptions> = {}) {
  const common = { startDate: '2026-01-01', skipNumbers: ['Received'], tolerance: '0.01', zone: ZONE }
  const ordered = aLink('po1', { targetId: 'req1', detail: { state: 'ordered', po_numbers: ['PO-7'] } })
  const store = {
    links: (stream: string, ids: readonly string[]) => {
      const all = stream === 'pos' ? new Map([['po1', ordered]]) : links
      return Promise.resolve(new Map([...all].filter(([id]) => ids.includes(id))))
    },
  }
  return makeCaseSource(source, {
    ...{ store, books, unstored, isFresh: false, isDryRun: false },
    planOptions: () => ({ ...common, draft, made: new Set() }),
    readPoMarks: (id) => {
      marksAsked.push(id)
      return Promise.resolve({ ok: true, value: id === 'b2' ? ['PO-7'] : [] })
    },
    ...options,
  })
}
async function read(notes: readonly Note[], from = cases()): Promise<(InvoiceCase | undefined)[]> {
  return valueOf(await from.read(notes)).map((detail) => (detail.kind === 'record' ? detail.record : undefined))
}
const note = (invoice: Invoice): Note => aNote(invoice.id, { record: invoice as unknown as Json })
const bare = (id: string): Note => aNote(id, { record: null, hash: null })

function judged(invoice: Invoice): void {
  const facts = factsOf(invoice, ZONE)
  const state = { facts, match_key: keyOf(facts), vendor: '7', finding: 'matched', message: '', bills: [] }
  links.set(invoice.id, aLink(invoice.id, { targetId: null, sent: state as unknown as Json }))
}

it('an invoice that only its surroundings touched is taken from the books; a replay asks Plex', async () => {
  judged(anInvoice())
  plex.set('i1', anInvoice())
  bills.set('b1', toBillState(aBill(), ZONE))
  const [one] = await read([bare('i1')])
  expect([asked, one?.invoice, one?.bills.map(({ id }) => id)]).toEqual([[], null, ['b1']])
  const [fresh] = await read([bare('i1')], cases({ isFresh: true }))
  expect([asked, fresh?.invoice?.id]).toEqual([['i1'], 'i1'])
})

it('is read from Plex where a bill is to be drafted, and only then', async () => {
  judged(anInvoice())
  plex.set('i1', anInvoice())
  draft = true
  expect((await read([bare('i1')]))[0]?.invoice?.id).toBe('i1')
  bills.set('b1', toBillState(aBill(), ZONE))
  expect((await read([bare('i1')]))[0]?.invoice).toBeNull()
  // What reads otherwise by now waits for its own change.
  bills.clear()
  plex.set('i1', anInvoice({ amount: '7', foreignCurrencyAmount: '7', lines: [] }))
  expect((await read([bare('i1')]))[0]?.invoice).toBeNull()
})

it('invoices of one number see each other, also those this pass has not stored yet', async () => {
  judged(anInvoice({ id: 'stored' }))
  const from = cases()
  const [a] = await read([note(anInvoice({ id: 'a' }))], from)
  expect(a?.invoices.map(({ id }) => id).sort()).toEqual(['a', 'stored'])
  const [b] = await read([note(anInvoice({ id: 'b' }))], from)
  expect(b?.invoices.map(({ id }) => id).sort()).toEqual(['a', 'b', 'stored'])
  // Each newcomer has the others judged again; a dry run notes nothing.
  expect(noted.sort()).toEqual(['a', 'stored', 'stored'])
  noted = []
  await read([note(anInvoice({ id: 'c' }))], cases({ isDryRun: true }))
  expect(noted).toEqual([])
})

it('an invoice that gets another number leaves those of its old one to be judged again', async () => {
  judged(anInvoice())
  judged(anInvoice({ id: 'sibling' }))
  await read([note(anInvoice({ invoiceNumber: 'ELSE' }))])
  expect(noted).toContain('sibling')
  noted = []
  // The same as before is no change.
  await read([note(anInvoice({ id: 'sibling' }))])
  expect(noted).toEqual([])
})

it('the PO is asked for only where several bills could be meant', async () => {
  bills.set('b1', toBillState(aBill({ id: 'b1' }), ZONE))
  const ordered = note(anInvoice({ poId: 'po1' }))
  await read([ordered])
  expect(marksAsked).toEqual([])
  bills.set('b2', toBillState(aBill({ id: 'b2' }), ZONE))
  const [one] = await read([ordered])
  expect(marksAsked.sort()).toEqual(['b1', 'b2'])
  expect(one?.invoices[0]?.poMarks).toEqual(['req1', 'PO-7'])
  expect(one?.bills.find(({ id }) => id === 'b2')?.poMarks).toEqual(['PO-7'])
})

it('placeholders have no company, and bills that were not stored hide what is stored of them', async () => {
  judged(anInvoice({ id: 'x', invoiceNumber: 'Received' }))
  const [one] = await read([note(anInvoice({ invoiceNumber: 'Received' }))])
  expect(one?.invoices.map(({ id }) => id)).toEqual(['i1'])
  bills.set('b1', toBillState(aBill(), ZONE))
  unstored.set('b1', toBillState(aBill({ number: 'MOVED' }), ZONE))
  expect((await read([note(anInvoice({ id: 'i2' }))]))[0]?.bills).toEqual([])
})

it('what Plex does not show any more comes as gone', async () => {
  expect(valueOf(await cases().read([bare('nobody')])).map(({ kind }) => kind)).toEqual(['gone'])
})
