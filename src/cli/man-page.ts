/** The manual page, made of the command tree and the settings: there is nothing in it that could be forgotten. */
import { SETTINGS } from '../config.js'
import { EXIT_MEANINGS } from '../domain/outcome.js'
import { everyNode, type CommandNode, type OptionNode } from './command-tree.js'

/** Roff, for `man -l` and mandoc. */
export function manPage(tree: CommandNode, version: string): string {
  const { description, notes } = tree
  return [
    `.TH ML-CONNECTOR 1 "" ${quoted(`ml-connector ${version}`)} "User Commands"`,
    ...['.SH NAME', `ml-connector \\- ${text('keeps Plex (ERP) and Procurify (procurement) in step')}`],
    ...['.SH SYNOPSIS', '.B ml-connector', '.RI [ options ]', '.I command', '.RI [ arguments ]'],
    ...['.SH DESCRIPTION', text(description)],
    ...[
      '.SH OPTIONS',
      'These may stand before or behind the name of any command.',
      ...tree.options.flatMap(optionLines),
    ],
    ...['.SH COMMANDS', ...everyNode(tree).filter(isRunnable).flatMap(commandLines)],
    ...['.SH EXIT STATUS', ...EXIT_MEANINGS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)])],
    ...[
      '.SH ENVIRONMENT',
      'Also read from the file given by \\fB\\-\\-env\\-file\\fR, by default \\fI.env\\fR. A secret may come from a file named by',
    ],
    ...['\\fINAME\\fB_FILE\\fR.', ...SETTINGS.flatMap(settingLines)],
    ...['.SH EXAMPLES', ...literal(examplesOf(notes))],
    '',
  ].join('\n')
}

/** A command that only gathers others does nothing by itself. */
function isRunnable({ path, commands, argument }: CommandNode): boolean {
  return path !== '' && (commands.length === 0 || argument !== null)
}

function commandLines({ path, usage, description, options, notes }: CommandNode): string[] {
  const title = `ml-connector ${path}${usage === '' ? '' : ` ${usage}`}`
  const own = options.filter(({ names }) => !names.includes('--help'))
  return [`.SS ${quoted(title)}`, text(sentence(description)), ...own.flatMap(optionLines), ...paragraph(notes)]
}

function optionLines({ flags, description }: OptionNode): string[] {
  return ['.TP', `.B ${text(flags)}`, text(sentence(description))]
}

function settingLines({ name, description, default: fallback, required }: (typeof SETTINGS)[number]): string[] {
  const usual = required ? ' Required.' : fallback === null ? '' : ` Default: ${fallback}.`
  return ['.TP', `.B ${text(name)}`, text(`${settingSentence(description)}${usual}`)]
}

/** A word in backticks is written as it is typed, at the beginning too. */
function settingSentence(description: string): string {
  const words = description.replaceAll('`', '')
  return description.startsWith('`') ? `${words}.` : sentence(words)
}

function sentence(words: string): string {
  const whole = words.charAt(0).toUpperCase() + words.slice(1)
  return /[.!?:]$/.test(whole) ? whole : `${whole}.`
}

function examplesOf(notes: string): string {
  return notes.split('\n\n', 1)[0] ?? ''
}

function paragraph(notes: string): string[] {
  return notes === '' ? [] : ['.PP', ...literal(notes)]
}

/** Lines that are laid out already. */
function literal(notes: string): string[] {
  return ['.nf', ...notes.split('\n').map(text), '.fi']
}

/** Roff would take a leading dot or quote for a request, a backslash for an escape, and a hyphen for one that may be broken at. */
function text(words: string): string {
  const safe = words.replaceAll('\\', '\\e').replaceAll('-', '\\-')
  return /^[.']/.test(safe) ? `\\&${safe}` : safe
}

function quoted(words: string): string {
  return `"${text(words).replaceAll('"', '\\(dq')}"`
}
