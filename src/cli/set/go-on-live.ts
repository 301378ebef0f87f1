import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { type BackupSet, keepBase, readBase } from '../../agent/index.ts';
import { textPath, type WalkLimit } from '../../files/index.ts';
import type { SinceSnapshot } from '../../repository/index.ts';
import { homeAt } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type BackupChoices, readExcludes } from '../repository/backing-up.ts';

/** How a run of a live set goes on from the one before. */
interface GoingOn {
  readonly choices: Pick<BackupChoices, 'since' | 'onUnreadable'>;
  /** Keeps that the next one goes on from `snapshot`. */
  readonly keep: (snapshot: string) => Promise<void>;
}

/** Where more could not be read, the next run looks at everything. */
const maxOwed = 1000;

/**
 * Goes on from the newest snapshot of a live set that was made by the same choices, where it is said what has changed since; and keeps
 * what the next run has to know. What could not be read counts as changed until it is.
 */
export async function goOnLive(
  context: Context,
  set: BackupSet,
  changes: WalkLimit | 'anything' | undefined,
): Promise<GoingOn> {
  const { node } = homeAt(context.home);
  const choices = await choicesKey(context, set);
  const base = typeof changes === 'object' ? await readBase(node, set) : undefined;
  const owed = new Set<string>();
  return {
    choices: {
      ...(base?.choices === choices && typeof changes === 'object' && { since: sinceBase(base, changes) }),
      onUnreadable: (path) => void owed.add(dirname(path)),
    },
    keep: async (snapshot) => {
      const isKnown = owed.size <= maxOwed;
      await keepBase(node, set, {
        snapshot,
        choices: isKnown ? choices : '',
        owed: isKnown ? [...owed] : [],
      });
    },
  };
}

function sinceBase(
  { snapshot, owed }: { readonly snapshot: string; readonly owed: readonly string[] },
  { directories, trees }: WalkLimit,
): SinceSnapshot {
  return {
    base: snapshot as SinceSnapshot['base'],
    limit: { directories: [...directories, ...owed.map(textPath)], trees },
  };
}

/** All that says what a snapshot of a set holds. */
async function choicesKey(context: Context, set: BackupSet): Promise<string> {
  const { paths, repo, excludeCaches } = set;
  const patterns = await readExcludes(context, set);
  return createHash('sha256')
    .update(JSON.stringify([paths, repo, excludeCaches, patterns]))
    .digest('hex');
}
