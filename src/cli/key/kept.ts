import { allKeys, type KeptKey } from '../../agent/index.ts';
import { Keystore } from '../../trust/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast key kept` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'list the repositories that this machine has a key of, now and before: a key is kept for ever, and used again when its repository is back',
      )
      .addHelpText('after', '\nExamples:\n  holdfast key kept\n  holdfast key kept --json\n');
  },
  run: listKept,
};

/** `holdfast key kept`: every repository that this machine has a key of, by place, the one that was used last first. */
async function listKept(context: Context): Promise<Answer> {
  const { node } = await openHome(context.home);
  const keys = (await Keystore.exists(node)) ? allKeys(await Keystore.open(node)) : [];
  return {
    value: keys.map(toJson),
    rows: [
      table(
        [
          { heading: 'Place', shrink: true },
          { heading: 'Repository' },
          { heading: 'Since' },
          { heading: 'Last backup' },
          { heading: 'Second key' },
        ],
        keys.map(({ place, repository, since, lastBackup, escrowed }) => [
          place,
          repository?.slice(0, 8) ?? '',
          timeOf(since),
          timeOf(lastBackup?.time),
          escrowed ? 'left at the server' : 'none',
        ]),
        'no key of a repository is kept here: the first backup makes one',
      ),
    ],
  };
}

function timeOf(text: string | undefined): string {
  return text === undefined ? '' : formatTime(new Date(text));
}

function toJson({
  place,
  repository,
  since,
  lastBackup,
  missed,
  escrowed,
  escrow,
}: KeptKey): Record<string, unknown> {
  return { place, repository, since, lastBackup, missed, escrowed, fingerprint: escrow };
}
