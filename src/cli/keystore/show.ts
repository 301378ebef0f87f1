import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { allKeys, identityLabel, listPending } from '../../agent/index.ts';
import { HoldfastError, isHoldfastError, type Secret } from '../../base/index.ts';
import { Keystore, readShare } from '../../trust/index.ts';
import type { AnswerOf } from '../answers.ts';
import { keystorePassphrase } from '../home/authority-home.ts';
import { type Home, openHome } from '../home/home.ts';
import { readSettings, type Settings } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast keystore show` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'show the keystores of this home: where they are, what opens them, who can read them and what is in them',
      )
      .addHelpText('after', '\nExamples:\n  holdfast keystore show\n  holdfast keystore show --json\n');
  },
  run: showKeystores,
};

/** A keystore, with nothing secret of it. */
type KeystoreView = AnswerOf<'keystore show'>[number];

/** `holdfast keystore show` */
async function showKeystores(context: Context): Promise<Answer> {
  const home = await openHome(context.home);
  const views = [];
  if (await Keystore.exists(home.node)) views.push(await viewOf(context, home, 'machine'));
  if (await Keystore.exists(home.authority)) views.push(await viewOf(context, home, 'authority'));
  if (views.length === 0)
    throw new HoldfastError('keystore_missing', `${home.path} has no keystore yet`, {
      hint: 'holdfast join, holdfast request create or holdfast trust add makes one',
    });
  return { value: views, rows: views.flatMap((view) => [...rowsOf(view)]) };
}

async function viewOf(context: Context, home: Home, of: KeystoreView['of']): Promise<KeystoreView> {
  const directory = of === 'machine' ? home.node : home.authority;
  const passphrase = async (): Promise<Secret<string>> =>
    await keystorePassphrase(context, home, (await readSettings(home)) as Settings);
  const keystore = await Keystore.open(directory, of === 'authority' ? { passphrase } : {});
  const names = keystore.openedBy === 'stash' ? ['keystore', 'stash'] : ['keystore'];
  return {
    of,
    files: await Promise.all(names.map((name) => fileView(join(directory, name)))),
    openedBy: keystore.openedBy,
    sharedWith: (await readShare(directory))?.group,
    entries: keystore.contents(),
    exposes: of === 'machine' ? exposedBy(keystore) : ['the keys of the authority'],
  };
}

async function fileView(path: string): Promise<KeystoreView['files'][number]> {
  const { mode, uid, gid } = await stat(path);
  return { path, mode: (mode & 0o7777).toString(8).padStart(4, '0'), uid, gid };
}

/** What whoever can read a machine's keystore can use, each in words. */
export function exposedBy(keystore: Keystore): readonly string[] {
  const [pending, repositories] = [countPending(keystore), allKeys(keystore).length];
  return [
    ...(keystore.has(identityLabel) ? ['the identity of this machine, towards its server'] : []),
    ...(repositories > 0
      ? [
          `the ${repositories === 1 ? 'key of a repository' : `keys of ${repositories} repositories`}, and read all that is in it`,
        ]
      : []),
    ...(pending > 0
      ? [plural(pending, 'key')].map((keys) => `${keys} of requests that wait for a certificate`)
      : []),
  ];
}

function countPending(keystore: Keystore): number {
  try {
    return listPending(keystore).length;
  } catch (error) {
    if (isHoldfastError(error)) return 0;
    throw error;
  }
}

function* rowsOf(view: KeystoreView): Iterable<Row> {
  yield row('keystore', view.of === 'machine' ? "this machine's" : "the authority's");
  for (const { path, mode, uid, gid } of view.files) yield row('', path, mode, `user ${uid}, group ${gid}`);
  yield row('opened by', view.openedBy === 'stash' ? 'the stash, a file of its own' : 'a passphrase');
  yield row(
    'read by',
    view.sharedWith === undefined ? 'its owner alone' : `its owner, and the group ${view.sharedWith}`,
  );
  for (const { label, holds } of view.entries) yield row('holds', label, holds.join(', '));
  for (const what of view.sharedWith === undefined ? [] : view.exposes)
    yield warning(`every member of ${view.sharedWith} can use ${what}`);
}
