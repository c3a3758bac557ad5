/**
 * Completion for bash, zsh and fish: a script made of the command tree, so that completing starts no process and knows every
 * command, option and choice there is. Each shell walks the words typed so far down the tree (`at`), past the values of
 * options, and offers what the tree has there.
 */
import { everyNode, type CommandNode, type OptionNode, type Value } from './command-tree.js'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const NAME = 'ml-connector'

export function completionScript(shell: Shell, tree: CommandNode): string {
  return { bash, zsh, fish }[shell](tree)
}

/** The options of a command, and those of the program, which may stand anywhere. */
function optionsAt(tree: CommandNode, node: CommandNode): OptionNode[] {
  const own = new Set(node.options.flatMap(({ names }) => names))
  const global = tree.options.filter(
    ({ names }) => !names.includes('--version') && !names.some((name) => own.has(name)),
  )
  return node === tree ? [...node.options] : [...node.options, ...global]
}

function withValue(tree: CommandNode): string[] {
  const options = everyNode(tree).flatMap(({ options: own }) => own)
  return [...new Set(options.filter(({ value }) => value !== null).flatMap(({ names }) => names))]
}

/** Every step down the tree: where one is, the word that leads on, and where it leads. */
function steps(tree: CommandNode): { from: string; word: string; to: string }[] {
  return everyNode(tree).flatMap(({ path, commands }) =>
    commands.map((below) => ({ from: path, word: below.name, to: below.path })),
  )
}

/** Options with a value that is known, and the words it may be. */
function values(tree: CommandNode): { at: string; name: string; value: Value }[] {
  return everyNode(tree).flatMap((node) =>
    optionsAt(tree, node).flatMap(({ names, value }) =>
      value === null ? [] : names.map((name) => ({ at: node.path, name, value })),
    ),
  )
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** `case` arms of bash and zsh that walk down the tree. */
function walk(tree: CommandNode): string {
  return steps(tree)
    .map(({ from, word, to }) => `      ${quoted(`${from}/${word}`)}) at=${quoted(to)} ;;`)
    .join('\n')
}

// ---- bash: words that begin like what is typed ----

function bash(tree: CommandNode): string {
  const arms = (value: Value): string => {
    if (value.kind === 'file') return `COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null`
    return `COMPREPLY=($(compgen -W ${quoted(value.kind === 'words' ? value.words.join(' ') : '')} -- "$cur"))`
  }
  const ofOptions = values(tree).map(
    ({ at, name, value }) => `    ${quoted(`${at} ${name}`)}) ${arms(value)}; return ;;`,
  )
  const ofCommands = everyNode(tree).map((node) => {
    const flags = optionsAt(tree, node).flatMap(({ names }) => names)
    const words = node.commands.map(({ name }) => name)
    const open = node.argument === null || words.length > 0 ? arms({ kind: 'words', words }) : arms(node.argument)
    return `    ${quoted(node.path)}) if [[ $cur == -* ]]; then ${arms({ kind: 'words', words: flags })}; else ${open}; fi ;;`
  })
  return `# bash completion for ${NAME}. Put it where bash-completion looks, or: eval "$(${NAME} completion bash)"
_ml_connector() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev='' at='' word last=$COMP_CWORD i
  COMPREPLY=()
  # bash takes --option=value for three words
  if [[ $cur == '=' ]]; then cur=''; else last=$((last - 1)); fi
  if [[ \${COMP_WORDS[last]} == '=' ]]; then last=$((last - 1)); fi
  prev=\${COMP_WORDS[last]}
  [[ $COMP_CWORD -gt 1 && $prev == '=' ]] && prev=\${COMP_WORDS[last - 1]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == '=' || \${COMP_WORDS[i - 1]} == '=' ]] && continue
    case \${COMP_WORDS[i - 1]} in ${withValue(tree).join('|')}) continue ;; esac
    case "$at/$word" in
${walk(tree)}
    esac
  done
  case "$at $prev" in
${ofOptions.join('\n')}
  esac
  case "$at" in
${ofCommands.join('\n')}
  esac
}
complete -F _ml_connector ${NAME}
`
}

// ---- zsh: the same, with descriptions ----

function zsh(tree: CommandNode): string {
  const described = (word: string, description: string): string =>
    quoted(`${word.replaceAll(':', '\\:')}:${description.replaceAll('\n', ' ')}`)
  const offer = (value: Value): string => {
    if (value.kind === 'file') return '_files'
    return value.kind === 'words' ? `compadd -- ${value.words.map(quoted).join(' ')}` : `_message 'a value'`
  }
  const ofOptions = values(tree).map(
    ({ at, name, value }) => `    ${quoted(`${at} ${name}`)}) ${offer(value)}; return ;;`,
  )
  const ofCommands = everyNode(tree).map((node) => {
    const flags = optionsAt(tree, node).flatMap(({ names, description }) =>
      names.map((name) => described(name, description)),
    )
    const words = node.commands.map(({ name, description }) => described(name, description))
    const open =
      words.length > 0
        ? `found=(${words.join(' ')}); _describe command found`
        : node.argument === null
          ? 'return 0'
          : offer(node.argument)
    return `    ${quoted(node.path)})
      if [[ $words[CURRENT] == -* ]]; then found=(${flags.join(' ')}); _describe option found
      else ${open}; fi ;;`
  })
  return `#compdef ${NAME}
# zsh completion for ${NAME}. Save it as _${NAME} in a folder of $fpath, or: source <(${NAME} completion zsh)
_ml_connector() {
  local at='' word i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    case $words[i-1] in ${withValue(tree).join('|')}) continue ;; esac
    case "$at/$word" in
${walk(tree)}
    esac
  done
  case "$at $words[CURRENT-1]" in
${ofOptions.join('\n')}
  esac
  case "$at" in
${ofCommands.join('\n')}
  esac
}
if [[ $funcstack[1] == _${NAME} ]]; then _ml_connector "$@"; else compdef _ml_connector ${NAME}; fi
`
}

// ---- fish: one line for everything that may be offered, with the place where it is ----

function fish(tree: CommandNode): string {
  const single = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const at = (path: string): string => `-n ${single(`test (__ml_connector_at) = ${JSON.stringify(path)}`)}`
  const offered = (value: Value): string =>
    value.kind === 'file' ? '-r -F' : value.kind === 'words' ? `-x -a ${single(value.words.join(' '))}` : '-x'
  const lines = everyNode(tree).flatMap((node) => {
    const commands = node.commands.map(
      ({ name, description }) => `${at(node.path)} -a ${name} -d ${single(description)}`,
    )
    const options = optionsAt(tree, node).map(({ names, description, value }) => {
      const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
      return `${at(node.path)} ${flags.join(' ')}${value === null ? '' : ` ${offered(value)}`} -d ${single(description)}`
    })
    const { argument } = node
    const own =
      argument === null || commands.length > 0
        ? []
        : argument.kind === 'file'
          ? [`${at(node.path)} -F`]
          : argument.kind === 'words'
            ? [`${at(node.path)} -a ${single(argument.words.join(' '))}`]
            : []
    return [...commands, ...options, ...own].map((line) => `complete -c ${NAME} ${line}`)
  })
  return `# fish completion for ${NAME}: ${NAME} completion fish > ~/.config/fish/completions/${NAME}.fish
function __ml_connector_at
    set -l at ''
    set -l before ''
    for word in (commandline -opc)[2..-1]
        if not contains -- "$before" ${withValue(tree).join(' ')}
            switch "$at/$word"
${steps(tree)
  .map(
    ({ from, word, to }) =>
      `                case ${single(`${from}/${word}`)}\n                    set at ${single(to)}`,
  )
  .join('\n')}
            end
        end
        set before $word
    end
    echo $at
end
complete -c ${NAME} -f
${lines.join('\n')}
`
}
