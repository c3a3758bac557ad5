/** `schedule`: what it prints is checked by the very programs that take it, where this machine has them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { planJobs } from '../../src/domain/schedule.js'
import { toCronJob } from '../../src/cli/schedule-kubernetes.js'
import { idleSettings, runCli } from '../support/cli.js'

let folder: string
let env: Record<string, string>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ml-schedule-'))
  await writeFile(join(folder, 'ml-connector'), '#!/bin/sh\n')
  await chmod(join(folder, 'ml-connector'), 0o755)
  env = { PATH: folder }
})
afterEach(() => rm(folder, { recursive: true }))

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const schedule = async (...words: string[]): Promise<string> => {
  const { code, out, err } = await runCli(['schedule', ...words], env)
  expect([code, err]).toEqual([0, ''])
  return out
}
const dataOf = (crontab: string): string[] =>
  crontab.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !/^[A-Z_]+=/.test(line))

describe('crontab lines', () => {
  it('are quiet but for the digest, name the env file, and can be read by cron and its shell', async () => {
    const crontab = await schedule('--env-file', '/etc/ml connector/100%.env', '--connection', 'ohio')
    const lines = dataOf(crontab)
    expect(lines.length).toBeGreaterThanOrEqual(6)
    for (const line of lines) {
      const [, command = ''] = /^[\d,*/-]+ [\d,-]+ \* \* (?:\*|1-5) +(.*)$/.exec(line) ?? []
      expect(command, line).toContain(
        `${folder}/ml-connector --env-file '/etc/ml connector/100\\%.env' --connection ohio`,
      )
      expect(command.endsWith('--quiet'), line).toBe(!command.includes('status'))
      // As cron hands it over: an escaped % is one.
      execFileSync('sh', ['-n', '-c', command.replaceAll('\\%', '%')])
    }
    expect(lines.filter((line) => line.includes('--full')).every((line) => / 4 \* \* \* /.test(line))).toBe(true)
    expect(lines.filter((line) => line.includes(' status'))).toEqual([expect.stringContaining(' 7 * * 1-5 ')])
    expect(crontab).toContain(`PATH=${folder}:/usr/local/bin:/usr/bin:/bin`)
  })

  it('say the zone they are in', async () => {
    expect(await schedule()).toContain('Times are those of this host')
    env = { ...idleSettings('postgres://127.0.0.1:9/x'), PLEX_TIMEZONE: 'America/Detroit', PATH: folder }
    expect(await schedule()).toContain('\nCRON_TZ=America/Detroit\n')
  })

  it.skipIf(!has('crontab') || spawnSync('crontab', ['-V']).status !== 0)('are taken by cronie', async () => {
    const file = join(folder, 'tab')
    await writeFile(file, await schedule())
    execFileSync('crontab', ['-T', file])
  })
})

describe('systemd units', () => {
  it('are written one file each: a service and a timer a job', async () => {
    const target = join(folder, 'units')
    const told = await schedule('--systemd', '--output', target, '--connection', 'ohio')
    const names = await readdir(target)
    expect(names).toHaveLength(2 * planJobs('ohio').length)
    expect(told).toContain('systemctl enable --now ml-connector-ohio-suppliers.timer')
    const service = await readFile(join(target, 'ml-connector-ohio-suppliers.service'), 'utf8')
    expect(service).toContain('SuccessExitStatus=4 6\n')
    expect(service).toContain(
      `ExecStart=${folder}/ml-connector --env-file /dev/null --connection ohio sync suppliers\n`,
    )
    expect(await schedule('--systemd')).toContain('# ==== ml-connector-suppliers.timer\n')
  })

  it.skipIf(!has('systemd-analyze'))('are found right by systemd-analyze verify', async () => {
    const target = join(folder, 'units')
    await schedule('--systemd', '--output', target, '--connection', 'a b%n$c')
    const files = (await readdir(target)).map((name) => join(target, name))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it.skipIf(!has('systemd-analyze'))('begin when the crontab lines do', async () => {
    env = { ...idleSettings('postgres://127.0.0.1:9/x'), PLEX_TIMEZONE: 'America/Detroit', PATH: folder }
    const units = await schedule('--systemd')
    const calendars = [...units.matchAll(/^OnCalendar=(.*)$/gm)].map(([, calendar = '']) => calendar)
    expect(calendars).toHaveLength(planJobs('default').length)
    for (const calendar of calendars) execFileSync('systemd-analyze', ['calendar', calendar], { stdio: 'pipe' })
  })
})

describe('Kubernetes manifests', () => {
  it('are YAML that holds exactly what the typed objects hold', async () => {
    env = { ...idleSettings('postgres://127.0.0.1:9/x'), PLEX_TIMEZONE: 'America/Detroit', PATH: folder }
    const out = await schedule('--kubernetes', '--connection', 'Ohio_2', '--image', 'registry.example/ml: "x"')
    const documents = parseAllDocuments(out)
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
    const place = {
      ...{ connection: 'Ohio_2', isNamed: true, envFile: '/dev/null', zone: 'America/Detroit', deadlineMs: 900_000 },
      ...{ program: '', path: '', image: 'registry.example/ml: "x"', version: '' },
    }
    const jobs = planJobs('Ohio_2').map((job) => toCronJob(job, place))
    expect(documents.map((document) => document.toJS() as unknown)).toEqual(JSON.parse(JSON.stringify(jobs)) as unknown)
    expect(jobs[0]).toMatchObject({
      ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'ml-connector-ohio-2-suppliers' } },
      spec: {
        ...{ timeZone: 'America/Detroit', concurrencyPolicy: 'Forbid' },
        jobTemplate: {
          spec: {
            ...{ activeDeadlineSeconds: 1200, backoffLimit: 2 },
            podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { values: [1, 2, 3, 5, 7] } }, {}] },
            template: { spec: { restartPolicy: 'Never', containers: [{ args: ['sync', 'suppliers'] }] } },
          },
        },
      },
    })
    for (const plain of ['apiVersion: batch/v1\n', 'concurrencyPolicy: Forbid\n', 'status: "True"\n'])
      expect(out).toContain(plain)
    // Secrets by reference only.
    expect(out).not.toContain('postgres://')
    for (const { metadata } of jobs) expect(metadata?.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])$/)
  })

  it('are refused with options of another form', async () => {
    for (const words of [
      ['--output', folder],
      ['--image', 'x'],
      ['--systemd', '--kubernetes'],
    ])
      expect((await runCli(['schedule', ...words], env)).code).toBe(2)
  })
})
