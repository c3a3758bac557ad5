import type { CommandNode } from '../../src/cli/command-tree.js'

/** Words of a command line that no command or option is called. Values are left out: what follows an option or the command. */
export function unknownIn(text: string, tree: CommandNode): string[] {
  const words = text.replace(/ (\| |> |&& ).*$/, '').split(/\s+/)
  let node = tree
  for (const word of words) node = node.commands.find(({ name }) => name === word) ?? node
  const options = new Set([...tree.options, ...node.options].flatMap(({ names }) => names))
  const [first = ''] = words.filter((word) => !word.startsWith('-'))
  const isKnown = node !== tree || first === 'man' || words.includes('--env-file')
  return [...(isKnown ? [] : [text]), ...words.filter((word) => word.startsWith('--') && !options.has(word))]
}
