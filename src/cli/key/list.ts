import { type KnownKey, knownKeys } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import type { AnswerOf } from '../answers.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { openTarget } from '../repository/repository-target.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime, plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast key list` */
export const word: Word = {
  define: (command) => {
    addRepositoryOptions(command)
      .description('list the keys of a repository: each makes one password open it')
      .addHelpText('after', examples);
  },
  run: listKeys,
};

const examples = `
Examples:
  holdfast key list
  holdfast key list --repo /mnt/disk/repo --password-file pw

Who has added a key, and when, is what the key says itself. What a key is for is said as far as this machine knows it.
`;

/** `holdfast key list`: who can open a repository; `repository_damaged` when a key cannot be read. */
async function listKeys(context: Context, options: RepositoryOptions): Promise<Answer<AnswerOf<'key list'>>> {
  await using target = await openTarget(context, options, { cached: false });
  const { keys, damaged } = await knownKeys(target, context.signal);
  for (const { error } of damaged) context.output.warn(error.message);
  return {
    value: keys.map(toJson),
    rows: [
      table(
        [
          { heading: 'Key' },
          { heading: 'User' },
          { heading: 'Host', shrink: true },
          { heading: 'Added' },
          { heading: 'For' },
        ],
        keys.map((key) => {
          const { id, username, hostname } = key;
          return [id.slice(0, 8), username, hostname, formatTime(timeOf(key)), useOf(key)];
        }),
      ),
    ],
    failure: damagedIn(damaged.map(({ id }) => id)),
  };
}

function useOf({ inUse, ofKit }: KnownKey): string {
  if (inUse) return 'this machine';
  return ofKit ? 'the recovery kit' : '';
}

function timeOf({ createdNs }: KnownKey): Date {
  return new Date(Number(createdNs / 1_000_000n));
}

function toJson(key: KnownKey): AnswerOf<'key list'>[number] {
  const { id, username: user, hostname: host, inUse, ofKit } = key;
  return { id, user, host, added: timeOf(key).toISOString(), inUse, ofKit };
}

function damagedIn(ids: readonly string[]): HoldfastError | undefined {
  if (ids.length === 0) return undefined;
  const message = `${plural(ids.length, 'key')} damaged: ${ids.map((id) => id.slice(0, 8)).join(', ')}`;
  return new HoldfastError('repository_damaged', message, {
    hint: 'bring it back from a copy of the repository; or holdfast key remove ID takes it away, for it opens nothing',
  });
}
