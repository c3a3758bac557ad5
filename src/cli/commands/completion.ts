import { Argument, type Command } from 'commander'
import type { Context } from '../program.js'

export function defineCompletion(program: Command, context: Context): void {
  const { io } = context
  program
    .command('completion')
    .description('a script that completes commands, options and their choices in your shell')
    .addArgument(new Argument('<shell>', 'the shell it is for').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', COMPLETION_EXAMPLES)
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('../completion.js')
      io.out(completionScript(shell, await tree()))
    })
  // For the build, which puts it into the package: `man ml-connector` finds it after a global install.
  program
    .command('man', { hidden: true })
    .description('the manual page, in roff')
    .addHelpText('after', '\nExample:\n  ml-connector man | man -l -\n')
    .action(async () => {
      const { manPage } = await import('../man-page.js')
      io.out(manPage(await tree(), context.version))
    })

  async function tree() {
    const { readTree } = await import('../command-tree.js')
    const { PROBLEMS } = await import('../../domain/problems.js')
    return readTree(program, Object.keys(PROBLEMS).sort())
  }
}

const COMPLETION_EXAMPLES = `
Examples:
  eval "$(ml-connector completion bash)"                      in ~/.bashrc
  source <(ml-connector completion zsh)                       in ~/.zshrc, after compinit
  ml-connector completion fish > ~/.config/fish/completions/ml-connector.fish
`
