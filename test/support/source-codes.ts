/** The problem codes that the source speaks of, found in its syntax: no list anybody has to keep. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const SRC = join(import.meta.dirname, '../../src')
/** The simulators speak for the other systems; the catalogue is what the codes are compared with. */
const LEFT_OUT = /^sandbox\/|problems\.ts$/

export interface Mention {
  readonly code: string
  readonly file: string
}

/** `words`: all that stands in quotes. `mentions`: what is used as a code. */
export function readSourceCodes(): { words: ReadonlySet<string>; mentions: readonly Mention[] } {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !LEFT_OUT.test(name))
    .map((name) => ts.createSourceFile(name, readFileSync(join(SRC, name), 'utf8'), ts.ScriptTarget.Latest, true))
  const everywhere = files.flatMap(placesOfCode)
  const mentions = files.flatMap((file) => {
    const places = placesFor(file, everywhere)
    return mentionsIn(file, places)
      .filter((code) => CODE.test(code))
      .map((code) => ({ code, file: file.fileName }))
  })
  return { words: new Set(files.flatMap(wordsIn)), mentions }
}

/** Of one word alone it cannot be told: it may be a state, a kind or a member. */
const CODE = /^[a-z]+(_[a-z]+)+$/

/** Given to a member or variable called `code`, compared with one, or passed where a function has a parameter of that name. */
function mentionsIn(file: ts.SourceFile, places: ReadonlyMap<string, number>): string[] {
  const found: string[] = []
  visit(file, (node) => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'code' && !isForLibrary(node))
      found.push(...resultsOf(node.initializer))
    else if (ts.isVariableDeclaration(node) && node.name.getText() === 'code' && node.initializer !== undefined)
      found.push(...resultsOf(node.initializer))
    else if (ts.isBinaryExpression(node) && isEquality(node) && isCode(node.left)) found.push(...resultsOf(node.right))
    else if (ts.isCallExpression(node)) {
      const at = places.get(nameOf(node.expression))
      const given = at === undefined ? undefined : node.arguments[at]
      if (given !== undefined) found.push(...resultsOf(given))
    }
  })
  return found
}

/** A function of this file, else one of that name anywhere; where those differ nobody can tell which is meant. */
function placesFor(file: ts.SourceFile, everywhere: readonly [string, number][]): Map<string, number> {
  const known = new Map<string, number>()
  const unclear = new Set(
    everywhere.filter(([name, at]) => everywhere.some((one) => one[0] === name && one[1] !== at)).map(([name]) => name),
  )
  for (const [name, at] of everywhere) if (!unclear.has(name)) known.set(name, at)
  for (const [name, at] of placesOfCode(file)) known.set(name, at)
  return known
}

/** Functions and methods with a parameter called `code`, and where it stands. */
function placesOfCode(file: ts.SourceFile): [string, number][] {
  const found: [string, number][] = []
  visit(file, (node) => {
    if (!ts.isFunctionLike(node)) return
    const at = node.parameters.findIndex((parameter) => parameter.name.getText() === 'code')
    const name = node.name?.getText() ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : '')
    if (at >= 0 && name !== '') found.push([name, at])
  })
  return found
}

/** The texts an expression may come to: both branches of a choice, not its condition. */
function resultsOf(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return resultsOf(node.expression)
  if (ts.isConditionalExpression(node)) return [...resultsOf(node.whenTrue), ...resultsOf(node.whenFalse)]
  if (ts.isBinaryExpression(node) && !isEquality(node)) return [...resultsOf(node.left), ...resultsOf(node.right)]
  return []
}

function isEquality({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return kind === ts.SyntaxKind.EqualsEqualsEqualsToken || kind === ts.SyntaxKind.ExclamationEqualsEqualsToken
}

function isCode(node: ts.Node): boolean {
  return nameOf(node) === 'code'
}

/** zod's issues and commander's errors have codes of their own. */
function isForLibrary(node: ts.PropertyAssignment): boolean {
  const call = node.parent.parent
  return ts.isCallExpression(call) && nameOf(call.expression) === 'addIssue'
}

function nameOf(node: ts.Node): string {
  return ts.isPropertyAccessExpression(node) ? node.name.text : ts.isIdentifier(node) ? node.text : ''
}

function wordsIn(file: ts.SourceFile): string[] {
  const found: string[] = []
  visit(file, (node) => void (ts.isStringLiteralLike(node) && found.push(node.text)))
  return found
}

function visit(node: ts.Node, use: (node: ts.Node) => void): void {
  use(node)
  node.forEachChild((child) => visit(child, use))
}
