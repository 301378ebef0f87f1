import {
  type BackupSet,
  beginAttempt,
  findSet,
  type HookRun,
  keepSetAttempt,
  readChanges,
  type SetAttempt,
  type SetOutcome,
} from '../../agent/index.ts';
import { HoldfastError, minuteMs } from '../../base/index.ts';
import type { WalkLimit } from '../../files/index.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import { pingWatches, tellOfOwnSets } from '../notice/own-notices.ts';
import type { Context } from '../program/context.ts';
import type { BackupResult } from '../repository/backing-up.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { attemptSet, timeNow } from './attempt-set.ts';
import { ownReporter } from './own-reporter.ts';

/** `holdfast set run NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('back a set up now, and keep what became of it')
      .argument('<name>', 'one of holdfast set list')
      .option(
        '--changes <file>',
        'save what has changed alone, as the agent has written it of a live set, without its hooks',
      )
      .addHelpText('after', examples);
  },
  run: runSet,
};

const examples = `
It runs whatever the conditions of the set say: the agent asks for those. A server that does not answer is tried for 15 minutes, or as
long as holdfast client set retryFor says. Of a live set it is tried for half a minute; what was to be saved is kept here then, and goes up with a
later run (holdfast set show NAME).

Examples:
  holdfast set run documents
  holdfast set run documents --changes changes.json

Exit code 3: the backup is there, but some files could not be read; each is named.
`;

/** `holdfast set run NAME`: one run of a set from beginning to end, which is on record whatever becomes of it. */
async function runSet(
  context: Context,
  name: string,
  { changes: file }: { readonly changes?: string },
): Promise<Answer<BackupResult>> {
  const home = await openHome(context.home);
  const { node: directory } = home;
  const set = await findSet(directory, name);
  const changes = file === undefined ? undefined : await readLiveChanges(context, set, file);
  const attempt = await beginAttempt(directory, set, context.clock.now(), changes !== undefined);
  // What has changed is saved by an agent, which tells the server itself.
  using reporter = changes === undefined ? await ownReporter(context, directory) : undefined;
  // Beside the run, which does not wait for it.
  void reporter?.tell();
  // Who waits for its schedule does not hear of what is saved in between.
  if (changes === undefined) await pingWatches(home, { set: name, came: 'begun' }, context.log);
  const hooks: HookRun[] = [];
  const keep: Keep = (more) => keepSetAttempt(directory, set, { ...attempt, ...more });
  const { outcome, answer, error } = await gettingOn(context, keep, (seen) =>
    attemptSet(seen, set, { hooks, changes }),
  );
  await keep({ ...(hooks.length > 0 && { hooks }), outcome });
  if (changes === undefined)
    await pingWatches(home, { set: name, came: pinged(outcome), said: outcome.message }, context.log);
  if (reporter !== undefined) {
    await reporter.tell();
    await tellOfOwnSets(context, home, context.log);
  }
  if (answer === undefined || error !== undefined) throw error;
  return answer;
}

/** What waits here has not succeeded yet. */
function pinged({ result }: SetOutcome): 'ok' | 'partial' | 'failed' {
  return result === 'kept' ? 'failed' : result;
}

/** @throws HoldfastError `set_not_live`, and as `readChanges` */
async function readLiveChanges(
  { workingDirectory }: Context,
  { name, live = false }: BackupSet,
  file: string,
): Promise<WalkLimit | 'anything'> {
  if (live) return (await readChanges(localPath(workingDirectory, file))) ?? 'anything';
  throw new HoldfastError('set_not_live', `the set ${name} is not live: nobody watches what changes in it`);
}

type Keep = (more: Partial<SetAttempt>) => Promise<void>;

/** How often it is kept that an attempt gets on. */
const seenEveryMs = minuteMs;

/** Does `work`, and keeps that it gets on as long as it does: whoever looks can tell it from one that hangs. */
async function gettingOn<T>(context: Context, keep: Keep, work: (seen: Context) => Promise<T>): Promise<T> {
  let isSeen = false;
  let keeping = Promise.resolve();
  const timer = setInterval(() => {
    if (!isSeen) return;
    isSeen = false;
    // What cannot be kept now is kept, or told, at the end.
    keeping = keep({ seen: timeNow(context) }).catch(() => {});
  }, seenEveryMs);
  const progress: Context['progress'] = (label) => {
    const shown = context.progress(label);
    return {
      ...shown,
      update: (state) => {
        isSeen = true;
        shown.update(state);
      },
    };
  };
  try {
    return await work({ ...context, progress });
  } finally {
    clearInterval(timer);
    await keeping;
  }
}
