/** The bare loop as a process of its own, like the program it is compared with. Its only argument names the file with the calls. */
import { readFileSync } from 'node:fs'
import { runBare, type BareWork } from '../support/bare-loop.js'

await runBare(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as BareWork)
