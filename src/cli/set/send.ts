import { isAbsolute } from 'node:path';
import { checkSetName, parseKeepRule } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import type { SentSetChoices } from '../../enrol/index.ts';
import { parseHours, parseSchedule } from '../../policy/index.ts';
import { withAdmin } from '../home/administering.ts';
import { ListOption } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { readExcludes } from '../repository/backing-up.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { addTimedOptions, chosenSchedule, type TimedOptions } from './chosen-set.ts';
import { sentSetRows } from './sent-set-rows.ts';

/** `holdfast set send NAME PATH…` */
export const word: Word = {
  define: (command) => {
    addTimedOptions(
      command
        .description('send clients a backup set, which runs where the owners of their machines allow it')
        .argument('<name>', 'what the set is called, e.g. documents')
        .argument('<paths...>', 'files and folders to save, absolute, as those machines have them'),
    )
      .addOption(new ListOption('--nodes <list>', 'to these clients alone; to every one otherwise'))
      .option('--replace', 'in the place of the set that is sent under that name, whose history goes on')
      .addHelpText('after', examples);
  },
  run: sendSet,
};

const examples = `
On each machine the owner says what may be sent: holdfast client set agent.allow sets, or sets:/srv for what is in that folder.
A program before or after it is one of that machine, and runs where agent.allow names it, hook:/usr/local/bin/dump. The snapshots go to
the repository of the machine itself, whose key the server does not have.

Examples:
  holdfast set send system /etc /var/lib --every 'daily 02:30' --keep daily=14,weekly=8
  holdfast set send mail /var/mail --nodes post --live --replace
`;

interface SendOptions extends TimedOptions {
  readonly nodes?: readonly string[];
  readonly replace?: boolean;
}

/** `holdfast set send NAME PATH…` */
async function sendSet(
  context: Context,
  name: string,
  paths: readonly string[],
  { nodes, replace, ...options }: SendOptions,
): Promise<Answer> {
  checkSetName(name);
  const set = await chooseSent(context, paths, options);
  const sent = await withAdmin(context, (admin) =>
    admin.call('set.send', { name, set, replace, ...(nodes && { nodes: [...new Set(nodes)] }) }),
  );
  return { value: sent, rows: sentSetRows(sent) };
}

/** What is wrong with it is said here already; the files with patterns are read here. */
async function chooseSent(
  context: Context,
  paths: readonly string[],
  options: TimedOptions,
): Promise<SentSetChoices> {
  const { zone, spread, excludeCaches, tag = [], keep, before, after, hookLimit, live, between } = options;
  const { limitUpload, limitDownload } = options;
  for (const path of [...paths, before, after])
    if (path !== undefined && !isAbsolute(path))
      throw new HoldfastError('usage', `expected an absolute path, as those machines have it; found ${path}`);
  const every = chosenSchedule(options);
  parseSchedule(every, zone ?? 'UTC');
  if (between !== undefined) parseHours(between);
  if (keep !== undefined) parseKeepRule(keep);
  return {
    paths: [...paths],
    every,
    ...(zone !== undefined && { zone }),
    spreadMs: spread,
    exclude: await readExcludes(context, options),
    excludeCaches,
    tag: [...tag],
    ...(keep !== undefined && { keep }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hookLimitMs: hookLimit,
    ...(live === true && { live }),
    ...(options.onMains === true && { onMains: true }),
    ...(options.unmetered === true && { unmetered: true }),
    ...(between !== undefined && { between }),
    ...(limitUpload !== undefined && { limitUpload }),
    ...(limitDownload !== undefined && { limitDownload }),
  };
}
