/** Whatever people do on both sides between two runs: one run brings everything into step, and the next writes nothing. */
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { openAlignBench, type AlignBench } from '../support/align.js'

let bench: AlignBench

afterEach(() => bench.close())

const anyName = fc.constantFrom('Supplies', 'Fuel', 'fuel ', 'x'.repeat(210), 'Ägypten "1"\r\n& more')
const anyNumber = fc.nat({ max: 12 }).map((n) => String(100 + n))
const anyEdit = fc.oneof(
  fc.record({ do: fc.constant('rename in Plex' as const), number: anyNumber, name: anyName }),
  fc.record({ do: fc.constant('rename in Procurify' as const), number: anyNumber, name: anyName }),
  fc.record({
    do: fc.constantFrom('add in Plex' as const, 'add in Procurify' as const),
    number: fc.constantFrom('0100', ' 113', 'a-1', 'A-1', '114', '115'),
  }),
  fc.record({ do: fc.constantFrom('retire in Plex' as const, 'retire in Procurify' as const), number: anyNumber }),
  fc.record({
    do: fc.constant('order' as const),
    building: fc.constantFrom('MAIN', 'Main Plant', 'WEST', 'NORTH', null),
    department: fc.constantFrom('Paint', 'PAINT', 'Quality', 'Oven'),
  }),
)
type Edit = typeof anyEdit extends fc.Arbitrary<infer T> ? T : never

const { accounts, codes } = {
  accounts: () => bench.sandbox.plex.state.data.accounts,
  codes: () => bench.sandbox.procurify.state.data['account-codes'],
}

function carryOut(edit: Edit): void {
  if (edit.do === 'order') return void bench.addOrder({ building: edit.building, department: edit.department })
  const account = accounts().find((row) => String(row['accountNumber']).trim() === edit.number.trim())
  const code = codes().find((row) => String(row['code']).trim() === edit.number.trim())
  switch (edit.do) {
    case 'rename in Plex':
      return void (account && accounts().edit(String(account['id']), { name: `${edit.name} ${edit.number}` }))
    case 'rename in Procurify':
      return void (
        code && codes().edit(String(code['id']), { description: `${edit.name.slice(0, 190)} ${edit.number}` })
      )
    case 'retire in Plex':
      return void (account && accounts().edit(String(account['id']), { active: false }))
    case 'retire in Procurify':
      return void (code && codes().edit(String(code['id']), { active: false }))
    case 'add in Plex':
      return account === undefined ? bench.addAccount(edit.number) : undefined
    case 'add in Procurify':
      return void (
        code ??
        codes().add({
          code: edit.number,
          description: `Code ${edit.number}`,
          account_type: 2,
          active: true,
          parent: null,
        })
      )
  }
}

for (const [seed, direction] of [
  [1, 'both'],
  [2, 'to-procurify'],
  [3, 'both'],
  [4, 'to-plex'],
] as const) {
  it(`edits of seed ${seed}, ${direction}`, async () => {
    const numbers = Array.from({ length: 13 }, (_, n) => String(100 + n))
    bench = await openAlignBench({ accounts: numbers.slice(0, 10), codes: numbers.slice(3) })
    Object.assign(bench.env, { ALIGN_DIRECTION: direction })
    for (const edits of fc.sample(fc.array(anyEdit, { minLength: 8, maxLength: 20 }), { seed, numRuns: 2 })) {
      edits.forEach(carryOut)
      const before = codes()
        .all()
        .map((row) => ({ ...row }))
      const run = await bench.run('align refdata --json')
      expect(run.code, run.out + run.err).toBe(0)
      // Only descriptions are changed, and only on codes that were there; nothing disappears.
      for (const row of before)
        expect({ ...codes().get(String(row['id'])), description: row['description'] }).toEqual(row)
      bench.sandbox.log.clear()
      const again = await bench.run('align refdata --json')
      expect([...bench.writes(), ...bench.plexWrites()]).toEqual([])
      expect(again.json()).toMatchObject({
        exit_code: 0,
        counts: { created: 0, updated: 0, adopted: 0, observed: 0, parked: 0 },
      })
    }
    expect((await bench.run('audit verify')).code).toBe(0)
  })
}
