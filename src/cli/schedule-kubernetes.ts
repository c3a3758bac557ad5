/** A CronJob for each job. Typed by the published API, so that a member misspelt here does not compile. */
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { EnvVar } from 'kubernetes-types/core/v1.js'
import { nameOf, toCronFields, type Job } from '../domain/schedule.js'
import type { Place } from './schedule.js'
import { toYaml } from './yaml.js'

/** On top of the deadline: the image is pulled before, and what is in flight is settled after. */
const AROUND_MS = 5 * 60_000
/** Exit codes that another try does not better: bug, settings, parked for a person, login, safety stop. */
const FINAL_CODES = [1, 2, 3, 5, 7]

export function toManifests(jobs: readonly Job[], place: Place): string {
  const settings = nameOf(place.connection)
  const head = [
    `# ml-connector, connection ${place.connection}. For: kubectl apply -f -`,
    `# The image is any with Node 20 or newer in which \`npm install --global ml-connector@${place.version}\` was run.`,
    '# Settings that are no secrets, and the two that are:',
    `#   kubectl create configmap ${settings} --from-env-file=settings.env`,
    `#   kubectl create secret generic ${settings} --from-literal=DATABASE_URL=... --from-file=ML_CONNECTOR_KEY=key.txt`,
    '# Logins are in the database: ml-connector credentials set plex|procurify',
  ]
  const documents = jobs.map((job) => `---\n# ${job.about}\n${toYaml(toCronJob(job, place))}`)
  return `${head.join('\n')}\n${documents.join('')}`
}

export function toCronJob(job: Job, place: Place): CronJob {
  const { connection, zone, deadlineMs } = place
  const labels = { 'app.kubernetes.io/name': 'ml-connector', 'app.kubernetes.io/instance': nameOf(connection) }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: nameOf(connection, job.name), labels },
    spec: {
      schedule: toCronFields(job),
      ...(zone === null ? {} : { timeZone: zone }),
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          activeDeadlineSeconds: Math.ceil((deadlineMs + AROUND_MS) / 1000),
          // Not finished (4) and another run at it (6) are tried again, a little later; what a person must do is not.
          backoffLimit: 2,
          podFailurePolicy: {
            rules: [
              { action: 'FailJob', onExitCodes: { containerName: 'run', operator: 'In', values: FINAL_CODES } },
              // A drained node is nobody's failure.
              { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
            ],
          },
          template: { metadata: { labels }, spec: toPod(job, place) },
        },
      },
    },
  }
}

type Pod = NonNullable<NonNullable<NonNullable<CronJob['spec']>['jobTemplate']['spec']>['template']['spec']>

function toPod(job: Job, { connection, image }: Place): Pod {
  const settings = nameOf(connection)
  const secret = (name: string): EnvVar => ({ name, valueFrom: { secretKeyRef: { name: settings, key: name } } })
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    // SIGTERM ends a pass cleanly: one request of at most SYNC_TIMEOUT and its settlement.
    terminationGracePeriodSeconds: 90,
    securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'run',
        image,
        command: ['ml-connector'],
        args: [...job.args],
        envFrom: [{ configMapRef: { name: settings } }],
        env: [{ name: 'CONNECTION', value: connection }, secret('DATABASE_URL'), secret('ML_CONNECTOR_KEY')],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '320Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  }
}
