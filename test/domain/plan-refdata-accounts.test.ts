/** What is written for accounts, and what people are told of them, word by word. */
import { describe, expect, it } from 'vitest'
import { chosenAccountId } from '../../src/domain/account-to-plex.js'
import { contentHash } from '../../src/domain/content-hash.js'
import type { AccountCode, Direction, PlexAccount } from '../../src/domain/refdata.js'
import {
  aCode,
  aMap,
  anAccount,
  aWorld,
  carryOut,
  firstOf,
  itemOf,
  planOf,
  told,
  wantedOf,
  type World,
} from './refdata-factories.js'

const worldOf = (account: Partial<PlexAccount> | null, code: Partial<AccountCode> | null): World =>
  aWorld({ accounts: account === null ? [] : [anAccount(account)], codes: code === null ? [] : [aCode(code)] })
const edit = (world: World, account: Partial<PlexAccount>, code: Partial<AccountCode> = {}): World => ({
  ...world,
  accounts: world.accounts.map((one) => ({ ...one, ...account })),
  codes: world.codes.map((one) => ({ ...one, ...code })),
})
const first = (world: World, options: Parameters<typeof firstOf>[2] = {}) => firstOf('accounts', world, options)

describe('an account that Procurify lacks', () => {
  it('is sent whole, and shown field by field', () => {
    const world = worldOf({ number: ' 7000 ', name: 'Fuel\t& oil', category: ' revenue' }, null)
    const item = itemOf(world, 'accounts', '7000')
    const draft = {
      plex: { number: '7000', name: 'Fuel & oil' },
      procurify: { code: '7000', description: 'Fuel & oil' },
    }
    const body = { code: '7000', description: 'Fuel & oil', account_type: 3, departments: [11] }
    expect(wantedOf(item)).toEqual({
      ...{ action: 'create', targetId: null, targetKey: '7000', draft, wantedHash: contentHash(draft), message: null },
      payload: { system: 'procurify', body },
      changes: [
        { field: 'code', from: null, to: '7000' },
        { field: 'description', from: null, to: 'Fuel & oil' },
        { field: 'account_type', from: null, to: 3 },
        { field: 'departments', from: null, to: ['Main Plant / Maintenance'] },
      ],
    })
    const plex = { id: 'a1', key: '7000', name: 'Fuel & oil', active: true }
    expect(item.pair).toEqual({
      ...{ stream: 'accounts', state: 'only_in_plex', plex, procurify: null, code: null, message: null },
    })
    expect(item.planned).toMatchObject({ sourceId: 'a1', sourceKey: '7000', record: { plex, procurify: null } })
    expect(item.writesTo).toBe('procurify')
  })

  it('of an unknown category is made as "other", and that is told', () => {
    expect(told(first(worldOf({ category: 'Statistical' }, null))).journal).toBe(
      'Plex has the category "Statistical": made as "other"',
    )
    expect(told(first(worldOf({ category: null }, null))).journal).toBe('Plex has the category "": made as "other"')
  })

  it.each([
    ['that is inactive', { active: false }, 'inactive_unpaired', 'It is inactive and has no account code.'],
    ['without a number', { number: null }, 'number_missing', 'It has no number in Plex.'],
    ['with a blank number', { number: ' ' }, 'number_missing', 'It has no number in Plex.'],
    ['with a long number', { number: '9'.repeat(51) }, 'code_too_long', 'The number has more than 50 characters.'],
  ])('%s is listed with the reason', (_, fields, code, message) => {
    expect(told(first(worldOf(fields, null)))).toEqual({ state: 'only_in_plex', code, message, journal: message })
  })

  it('may have a number as long as Procurify takes, whose characters count and not their bytes', () => {
    expect(wantedOf(first(worldOf({ number: '\u{1F600}'.repeat(50) }, null))).action).toBe('create')
  })

  it('that the map pairs with nothing is listed', () => {
    const message = 'REFDATA_MAP pairs it with "typo", which Procurify does not have.'
    expect(told(first(worldOf({ number: '1' }, null), { map: aMap({ accounts: { '1': 'typo' } }) }))).toEqual({
      ...{ state: 'only_in_plex', code: 'mapped_name_unknown', message, journal: message },
    })
  })

  it('is only listed where Procurify is not written to, with what it might be', () => {
    const options = { direction: 'to-plex' } as const
    const none = 'Procurify has no such code.'
    expect(told(first(worldOf({}, null), options))).toEqual({
      ...{ state: 'only_in_plex', code: 'missing_in_procurify', message: none, journal: none },
    })
    const similar = 'Procurify has "6100".'
    expect(told(first(worldOf({ number: '006100' }, {}), options))).toEqual({
      ...{ state: 'only_in_plex', code: 'account_similar', message: similar, journal: similar },
    })
    expect(told(first(worldOf({ number: '006100' }, {})))).toMatchObject({ code: 'account_similar', message: similar })
    // A code that has its own account is not what another number might be.
    const world = aWorld({ accounts: [anAccount(), anAccount({ id: 'a2', number: '06100' })], codes: [aCode()] })
    expect(told(itemOf(world, 'accounts', '06100'))).toMatchObject({ code: null })
  })

  it('goes by its id where it has no number, and pairs with no blank code', () => {
    expect(first(worldOf({ number: null, name: null }, { code: ' ' })).pair).toMatchObject({
      ...{ state: 'only_in_plex', plex: { id: 'a1', key: 'a1', name: null } },
    })
  })
})

describe('an account that Plex lacks', () => {
  const only = (fields: Partial<AccountCode>, direction: Direction = 'both') =>
    first(worldOf(null, fields), { direction })

  it('is sent whole, under the id that was chosen for it', () => {
    const item = only({ code: ' T&E', description: ' Travel  ' })
    const draft = { plex: { number: 'T&E', name: 'Travel' }, procurify: { code: 'T&E', description: 'Travel' } }
    const id = chosenAccountId('default', { id: '1', code: 'T&E' })
    const body = { id, accountNumber: 'T&E', name: 'Travel', categoryType: 'Expense' }
    expect(wantedOf(item)).toEqual({
      ...{ action: 'create', targetId: null, targetKey: 'T&E', draft, wantedHash: contentHash(draft) },
      ...{ message: 'created in Plex', payload: { system: 'plex', body, procurifyId: '1' } },
      changes: Object.entries(body).map(([field, to]) => ({ field, from: null, to })),
    })
    expect(item).toMatchObject({ writesTo: 'plex', planned: { sourceId: id, sourceKey: 'T&E' } })
    expect(item.pair).toMatchObject({ state: 'only_in_procurify', code: null, message: 'created in Plex', plex: null })
    expect(wantedOf(only({ description: ' ' })).draft).toMatchObject({ plex: { name: '6100' } })
  })

  it('gets its category from the type of the code', () => {
    const categories = ['0', '1', '2', '3', '4'].map((type) => {
      const { body } = wantedOf(only({ type })).payload as { body: { categoryType: string } }
      return body.categoryType
    })
    expect(categories).toEqual(['Asset', 'Liability', 'Expense', 'Revenue', 'Equity'])
  })

  it.each([
    ['that is inactive', { active: false }, 'both', 'inactive_unpaired', 'It is inactive and Plex has no such number.'],
    ['not to be written', {}, 'to-procurify', 'missing_in_plex', 'Plex has no GL account of this number.'],
    ['of type other', { type: '5' }, 'both', 'category_unknown', 'Plex has no category for its type.'],
    ['of no type', { type: null }, 'to-plex', 'category_unknown', 'Plex has no category for its type.'],
  ] as const)('%s is listed with the reason', (_, fields, direction, code, message) => {
    const item = only(fields, direction)
    expect(told(item)).toEqual({ state: 'only_in_procurify', code, message, journal: null })
    expect(item).toMatchObject({ planned: null, writesTo: null })
  })

  it('is not made where it may be one that Plex has, paired or not', () => {
    const world = aWorld({ accounts: [anAccount()], codes: [aCode(), aCode({ id: '2', code: '06100' })] })
    expect(told(itemOf(world, 'accounts', '06100', { direction: 'both' }))).toMatchObject({
      ...{ code: 'account_similar', message: 'Plex has "6100".' },
    })
  })

  it('has the number of an account whose pair is another code', () => {
    const world = edit(carryOut(worldOf({}, {})), { number: '9' })
    const both = { ...world, codes: [...world.codes, aCode({ id: '9', code: '9' })] }
    const message = 'The GL account of this number is paired with another code.'
    const [, held] = planOf(both, { direction: 'both' }).aligned.accounts
    expect(held).toMatchObject({ planned: null, pair: { state: 'conflict', code: 'pair_taken', message } })
  })
})

describe('a pair of accounts, in words', () => {
  const paired = (): World => carryOut(worldOf({}, {}))

  it('is remembered as both sides are, and it is told what was left different', () => {
    const item = first(worldOf({ name: ' Fuel ' }, { code: '6100 ', description: 'Oil ' }))
    const draft = { plex: { number: '6100', name: 'Fuel' }, procurify: { code: '6100', description: 'Oil' } }
    expect(wantedOf(item)).toEqual({
      ...{ action: 'adopt', targetId: '1', targetKey: '6100', draft, payload: null, wantedHash: contentHash(draft) },
      ...{ changes: [], message: 'paired by number; left different: "Fuel" and "Oil"' },
    })
    expect(item.pair.message).toBeNull()
    expect(told(first(worldOf({}, {}))).journal).toBe('paired by number')
    const nameless = worldOf({ name: null }, { description: 'Oil' })
    expect(told(first(nameless)).journal).toBe('paired by number; left different: "" and "Oil"')
    expect(wantedOf(first(nameless)).draft).toMatchObject({ plex: { name: null } })
    // What goes by its number is in step with a code that is described by it.
    expect(told(first(worldOf({ name: null }, { description: '6100' }))).journal).toBe('paired by number')
    const map = aMap({ accounts: { '1': '2' } })
    expect(told(first(worldOf({ number: '1' }, { code: '2' }), { map })).journal).toBe('paired by REFDATA_MAP')
  })

  it('of which only one is active is told so at the first pairing too', () => {
    expect(told(first(worldOf({ active: false }, {})))).toEqual({
      ...{ state: 'paired', code: 'inactive_in_plex', message: 'Only one of the two is active.' },
      journal: 'paired by number',
    })
  })

  it.each([
    ['nothing', null],
    ['no names of Plex', { procurify: { code: '6100', description: 'Old' } }],
    ['no names of Procurify', { plex: { number: '6100', name: 'Old' } }],
    ['no description', { plex: { number: '6100', name: 'Old' }, procurify: { code: '6100' } }],
  ])('of which the books hold %s begins anew, and nobody is written to', (_, sent) => {
    const world = paired()
    const link = world.books.accounts.links.get('a1')
    if (link === undefined) throw new Error('not paired')
    const links = new Map([['a1', { ...link, sent: sent }]])
    const books = { ...world.books, accounts: { ...world.books.accounts, links } }
    expect(told(first(edit({ ...world, books }, { name: 'New' })))).toMatchObject({
      ...{ state: 'paired', code: null, journal: 'paired by number; left different: "New" and "Supplies"' },
    })
  })

  it('whose code was made anew by hand begins anew, whatever the old one was called', () => {
    const world = { ...paired(), codes: [aCode({ id: '2', description: 'Made anew' })] }
    expect(wantedOf(first(world))).toMatchObject({
      ...{ action: 'adopt', targetId: '2', message: 'paired by number; left different: "Supplies" and "Made anew"' },
    })
  })

  it('renamed in Plex is written whole, and it is told what it was called', () => {
    const item = first(edit(paired(), { name: ' Fuel' }, { type: null, code: ' 6100' }))
    const draft = { plex: { number: '6100', name: 'Fuel' }, procurify: { code: '6100', description: 'Fuel' } }
    expect(wantedOf(item)).toEqual({
      ...{ action: 'update', targetId: '1', targetKey: '6100', draft, wantedHash: contentHash(draft) },
      // A member that the list did not show is not sent, so that nothing is overwritten by what is not known.
      payload: { system: 'procurify', body: { code: ' 6100', description: 'Fuel', parent: null } },
      changes: [{ field: 'description', from: 'Supplies', to: 'Fuel' }],
      message: 'Plex calls it "Fuel", before "Supplies"',
    })
    expect(item.pair).toMatchObject({ state: 'paired', code: null, message: null })
    const nameless = first(edit(paired(), { name: null }))
    expect(told(nameless).journal).toBe('Plex calls it "", before "Supplies"')
    const again = edit(carryOut(edit(paired(), { name: null })), { name: 'Fuel' })
    expect(told(first(again)).journal).toBe('Plex calls it "Fuel", before ""')
    expect(told(first(edit(paired(), { name: 'Fuel', active: false })))).toEqual({
      ...{ state: 'paired', code: 'inactive_in_plex', message: 'Only one of the two is active.' },
      journal: 'Plex calls it "Fuel", before "Supplies". Only one of the two is active.',
    })
  })

  it.each([
    ['renamed there', {}, { description: 'Mine' }, 'renamed_in_procurify', '"Supplies" in Plex, "Mine" in Procurify.'],
    [
      'renamed apart',
      { name: null },
      { description: 'Mine' },
      'changed_on_both_sides',
      '"" in Plex, "Mine" in Procurify.',
    ],
    ['inactive here', { active: false }, {}, 'inactive_in_plex', 'Only one of the two is active.'],
    ['inactive there', {}, { active: false }, 'inactive_in_procurify', 'Only one of the two is active.'],
    ['renumbered', { number: '62' }, {}, 'number_differs', 'Number 62 in Plex, code 6100 in Procurify.'],
  ])('%s is told with what each side says', (_, account, code, issue, message) => {
    const item = first(edit(paired(), account, code))
    expect(told(item)).toEqual({ state: item.pair.state, code: issue, message, journal: message })
    expect(item.pair.state).toBe(
      issue === 'changed_on_both_sides' || issue === 'number_differs' ? 'conflict' : 'paired',
    )
  })

  it('renumbered takes the number into the books, but keeps the names it had when they were last in step', () => {
    const wanted = wantedOf(first(edit(paired(), { number: '62' }, { description: 'Mine' })))
    expect(wanted).toMatchObject({
      draft: { plex: { number: '62', name: 'Supplies' }, procurify: { code: '6100', description: 'Supplies' } },
      changes: [{ field: 'plex.number', from: '6100', to: '62' }],
    })
  })

  it('in step again after it was renamed apart is told so, with what changed in the books', () => {
    const apart = carryOut(edit(paired(), { name: 'One' }, { description: 'Two' }))
    const wanted = wantedOf(first(edit(apart, { name: 'Two' })))
    expect(wanted).toMatchObject({
      message: 'both sides agree again',
      changes: [
        { field: 'plex.name', from: 'Supplies', to: 'Two' },
        { field: 'procurify.description', from: 'Supplies', to: 'Two' },
      ],
    })
  })
})
