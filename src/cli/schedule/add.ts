import { checkSetName, ownZone } from '../../agent/index.ts';
import { parseSchedule, scheduleForm } from '../../policy/index.ts';
import { withAdmin } from '../home/administering.ts';
import { ListOption, parseDurationOption } from '../options/option-values.ts';
import { addRules, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { scheduleRows } from './schedule-rows.ts';

/** `holdfast schedule add NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, exactlyOne('--backup', '--check'), needs('--read-data', '--check'))
      .description('start a job again and again, on every client or on some')
      .argument('<name>', 'what the schedule is called, e.g. weekly-check')
      .requiredOption('--every <schedule>', scheduleForm)
      .option('--zone <zone>', "the zone of times of day, e.g. Europe/Berlin (this machine's)")
      .option('--backup <set>', 'have the backup set of that name run')
      .option('--check', 'have each check its own repository')
      .option('--read-data', 'and read every pack of it')
      .addOption(new ListOption('--nodes <list>', 'on these clients alone; on every one otherwise'))
      .option(
        '--expires <duration>',
        'how long a job waits for its agent (1d; 7d at most)',
        parseDurationOption,
      )
      .addHelpText('after', examples);
  },
  run: addSchedule,
};

const examples = `
The server starts the jobs, each time once; however many times no server was there, they are started once when one is. A client whose
job of the time before is not over gets none. What a client may be told to do its owner says: holdfast client set agent.allow check,backup

Examples:
  holdfast schedule add weekly-check --every 'weekly sun 02:00' --check
  holdfast schedule add noon --every 'daily 12:00' --zone Europe/Berlin --backup documents --nodes laptop --expires 4h
`;

interface AddOptions {
  readonly every: string;
  readonly zone?: string;
  readonly backup?: string;
  readonly readData?: boolean;
  readonly nodes?: readonly string[];
  /** Milliseconds. */
  readonly expires?: number;
}

/** `holdfast schedule add NAME` */
async function addSchedule(
  context: Context,
  name: string,
  { every, zone = ownZone(), backup: set, readData = false, nodes, expires: lifetimeMs }: AddOptions,
): Promise<Answer> {
  checkSetName(name);
  parseSchedule(every, zone);
  const order =
    set === undefined ? ({ kind: 'check', readData } as const) : ({ kind: 'backup', set } as const);
  const added = await withAdmin(context, (admin) =>
    admin.call('schedule.add', {
      name,
      order,
      every,
      zone,
      lifetimeMs,
      ...(nodes && { nodes: [...new Set(nodes)] }),
    }),
  );
  return { value: added, rows: scheduleRows(added) };
}
