import {
  type BackupSet,
  beginAttempt,
  findSet,
  keepSetAttempt,
  type SetAttempt,
  type SetOutcome,
  setTag,
} from '../../agent/index.ts';
import { minuteMs } from '../../base/index.ts';
import { backUpPaths } from '../backup.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { describeFailure, exitCode, whatEnded } from '../program/failure.ts';
import type { BackupResult } from '../repository/backing-up.ts';
import type { Answer } from '../terminal/answer.ts';
import { lineToldIn } from '../terminal/output.ts';
import type { Word } from '../word.ts';

/** `holdfast set run NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('back a set up now, and keep what became of it')
      .argument('<name>', 'one of holdfast set list')
      .addHelpText('after', examples);
  },
  run: runSet,
};

const examples = `
A server that does not answer is tried for 15 minutes, or as long as holdfast client set retryFor says.

Examples:
  holdfast set run documents

Exit code 3: the backup is there, but some files could not be read; each is named.
`;

/** `holdfast set run NAME`: one run of a set from beginning to end, which is on record whatever becomes of it. */
async function runSet(context: Context, name: string): Promise<Answer<BackupResult>> {
  const { node: directory } = await openHome(context.home);
  const set = await findSet(directory, name);
  const attempt = await beginAttempt(directory, set, context.clock.now());
  const keep = (more: Partial<SetAttempt>): Promise<void> =>
    keepSetAttempt(directory, set, { ...attempt, ...more });
  try {
    const answer = await gettingOn(context, keep, (seen) => backUpSet(seen, set));
    await keep({ outcome: outcomeOf(context, answer) });
    return answer;
  } catch (error) {
    await keep({ outcome: failureOf(context, error) });
    throw error;
  }
}

async function backUpSet(context: Context, set: BackupSet): Promise<Answer<BackupResult>> {
  const { repo, passwordFile, exclude, excludeFile, excludeCaches, tag } = set;
  const line = lineToldIn(context.output, context.log, { isUnattended: true });
  return await backUpPaths({ ...context, line }, set.paths, {
    ...(repo !== undefined && { repo }),
    ...(passwordFile !== undefined && { passwordFile }),
    exclude,
    excludeFile,
    excludeCaches,
    tag: [setTag(set), ...tag],
  });
}

/** How often it is kept that an attempt gets on. */
const seenEveryMs = minuteMs;

/** Does `work`, and keeps that it gets on as long as it does: whoever looks can tell it from one that hangs. */
async function gettingOn<T>(
  context: Context,
  keep: (more: Partial<SetAttempt>) => Promise<void>,
  work: (seen: Context) => Promise<T>,
): Promise<T> {
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

function outcomeOf(context: Context, { value, exitCode: code }: Answer<BackupResult>): SetOutcome {
  const { snapshot, files, bytes, added, unreadable } = value;
  const result = code === exitCode.someFilesUnread ? 'partial' : 'ok';
  return { ended: timeNow(context), result, snapshot, files, bytes, added, unreadable };
}

/** A bug has no code: what it is, is said where it happens. */
function failureOf(context: Context, error: unknown): SetOutcome {
  const { code, message, hint } = describeFailure(whatEnded(error, context.signal)) ?? {
    code: 'unexpected',
    message: 'it ended by a bug',
    hint: 'run it again, and report what it says',
  };
  return { ended: timeNow(context), result: 'failed', code, message, hint };
}

function timeNow({ clock }: Context): string {
  return new Date(clock.now()).toISOString();
}
