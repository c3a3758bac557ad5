import { Option, type Command } from 'commander'
import type { Context } from '../program.js'

export interface ScheduleFlags {
  readonly systemd?: boolean
  readonly kubernetes?: boolean
  readonly output?: string
  readonly image?: string
}

export function defineSchedule(program: Command, context: Context): void {
  program
    .command('schedule')
    .description('ready lines for cron (or systemd, Kubernetes): staggered passes, a nightly --full, a weekday digest')
    .option('--systemd', 'timer and service units instead')
    .addOption(new Option('--kubernetes', 'CronJob manifests instead').conflicts('systemd'))
    .option('--output <dir>', 'with --systemd: write the units into this folder, one file each')
    .option('--image <image>', 'with --kubernetes: the container image that has ml-connector in it')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ScheduleFlags) => {
      const { printSchedule } = await import('../schedule.js')
      context.exit.code = await printSchedule(context, flags)
    })
}

const EXAMPLES = `
Nothing is installed and nothing is called. --env-file and --connection are written into the lines; times are those of the plant
where PLEX_TIMEZONE is set. Nothing runs between 00:00 and 04:00. No lock is needed: runs find each other in the database.

Examples:
  ml-connector schedule                                    lines for crontab -e
  ml-connector schedule --env-file /etc/ml-connector/env | crontab -
  ml-connector schedule --systemd --output /etc/systemd/system
  ml-connector schedule --kubernetes --image registry.example/ml-connector:1 | kubectl apply -f -
`
