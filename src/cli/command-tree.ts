/** The command tree as data, for what is made of it: completion in shells, and the man page. */
import type { Argument, Command, Option } from 'commander'

/** What may stand behind an option, or in place of an argument. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  /** Anything: names, times, numbers. */
  | { readonly kind: 'text' }

export interface OptionNode {
  /** `-h, --help`, as in the help. */
  readonly flags: string
  readonly names: readonly string[]
  readonly description: string
  /** Null = takes none. An optional one stands behind a space as well. */
  readonly value: Value | null
}

export interface CommandNode {
  /** `sync suppliers`; empty = the program itself. */
  readonly path: string
  readonly name: string
  readonly description: string
  /** `<id> [target]` */
  readonly usage: string
  readonly commands: readonly CommandNode[]
  readonly options: readonly OptionNode[]
  /** Of the first argument; null = takes none. */
  readonly argument: Value | null
  /** What the help says below the options. */
  readonly notes: string
}

/** `codes`: what stands for a problem code. */
export function readTree(program: Command, codes: readonly string[]): CommandNode {
  const nodeOf = (command: Command, path: string): CommandNode => {
    const help = command.createHelp()
    const below = help.visibleCommands(command).filter((one) => one.name() !== 'help')
    const [argument] = command.registeredArguments
    return {
      path,
      name: command.name(),
      description: command.description(),
      usage: command.registeredArguments.map(usageOf).join(' '),
      commands: below.map((one) => nodeOf(one, `${path} ${one.name()}`.trim())),
      options: help.visibleOptions(command).map((option) => optionNode(option, codes)),
      argument: argument === undefined ? null : valueOf(argument.name(), argument.argChoices, codes),
      notes: notesOf(command),
    }
  }
  return nodeOf(program, '')
}

function usageOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

function optionNode(option: Option, codes: readonly string[]): OptionNode {
  const names = [option.short, option.long].filter((name) => name !== undefined)
  const [, placeholder = ''] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? []
  const takesValue = option.required || option.optional
  const value = takesValue ? valueOf(placeholder, option.argChoices, codes) : null
  return { flags: option.flags, names, description: option.description, value }
}

function valueOf(placeholder: string, choices: readonly string[] | undefined, codes: readonly string[]): Value {
  if (choices !== undefined) return { kind: 'words', words: choices }
  if (placeholder === 'code') return { kind: 'words', words: codes }
  return { kind: placeholder === 'file' ? 'file' : 'text' }
}

/** Commander gives these texts to nobody: they are what it prints besides the help it can be asked for. */
function notesOf(command: Command): string {
  let text = ''
  const before = { ...command.configureOutput() }
  command.configureOutput({ writeOut: (more) => void (text += more) })
  command.outputHelp()
  command.configureOutput(before)
  return text.replace(command.helpInformation(), '').trim()
}

/** The node itself and all below it. */
export function everyNode(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(everyNode)]
}
