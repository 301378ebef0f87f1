import { execFile } from 'node:child_process';
import { chmod, chown, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { nodeFiles, openOrCreateKeystore } from '../../agent/index.ts';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';
import {
  type Keystore,
  readShare,
  type Share,
  serverLabel,
  shareFile,
  writeShare,
} from '../../trust/index.ts';
import { formatFile, type Home, openHome } from '../home/home.ts';
import { addRules, exactlyOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { exposedBy } from './show.ts';

/** `holdfast keystore share --group NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, exactlyOne('--group', '--none'))
      .description("let the users of a group read this machine's keystore, or nobody but its owner again")
      .option('--group <name>', 'the group, by name or number')
      .option('--none', 'share it with nobody any more')
      .addHelpText('after', examples);
  },
  run: shareKeystore,
};

const examples = `
Members read and change nothing: what has to be kept is kept by commands of the owner.

Examples:
  holdfast keystore share --group backup
  holdfast keystore share --none
`;

/** What `keystore share` takes. */
interface ShareOptions {
  readonly group?: string;
}

/** A file or folder, and the mode that it has from now on. */
interface Shared {
  readonly path: string;
  readonly mode: number;
}

/** `holdfast keystore share` */
async function shareKeystore(context: Context, { group }: ShareOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const keystore = await openOrCreateKeystore(home.node);
  if (group === undefined) return await unshare(home);
  const share = { group, gid: await groupId(group) };
  if (keystore.has(serverLabel))
    throw new HoldfastError(
      'usage',
      `${home.node} holds the key of the server, which is shared with nobody`,
      {
        hint: 'share the keystore of a client: join from a home of its own, --home DIR',
      },
    );
  const before = await readShare(home.node);
  if (before !== undefined && before.gid !== share.gid) await unshare(home);
  // Said first: whatever a crash leaves half done is done by the same command.
  await keepRecord(home, share);
  const shared = [...folders(home, 0o710), ...(await files(home, 0o640))];
  for (const { path, mode } of shared) {
    await giveGroup(path, share);
    await chmod(path, mode);
  }
  return {
    value: { group, files: shared.map(viewOf) },
    rows: await rowsOf({ home, keystore, share, shared }),
  };
}

async function unshare(home: Home): Promise<Answer> {
  const share = await readShare(home.node);
  if (share === undefined)
    throw new HoldfastError('object_not_found', `${home.node} is shared with nobody`, {
      hint: 'holdfast keystore show says who can read it',
    });
  const shared = [...folders(home, 0o700), ...(await files(home, 0o600))];
  const own = process.getgid?.() ?? -1;
  for (const { path, mode } of shared) {
    await chmod(path, mode);
    await chown(path, -1, own);
  }
  await rm(join(home.node, shareFile));
  return { value: { group: null, files: shared.map(viewOf) }, rows: [row('shared', 'with nobody any more')] };
}

function folders({ path, node }: Home, mode: number): Shared[] {
  return [path, node].map((each) => ({ path: each, mode }));
}

async function files({ path, node }: Home, mode: number): Promise<Shared[]> {
  const all = [join(path, formatFile), ...nodeFiles.map((name) => join(node, name))];
  const there = await Promise.all(all.map((each) => stat(each).then(Boolean, isGone)));
  return all.filter((_, index) => there[index]).map((each) => ({ path: each, mode }));
}

function isGone(error: unknown): false {
  if (systemErrorCode(error) === 'ENOENT') return false;
  throw error;
}

function viewOf({ path, mode }: Shared): { path: string; mode: string } {
  return { path, mode: mode.toString(8).padStart(4, '0') };
}

/** What could not be given to the group is not said to be. */
async function keepRecord(home: Home, share: Share): Promise<void> {
  try {
    await writeShare(home.node, share);
  } catch (error) {
    throw notGiven(home.node, share, error);
  }
}

async function giveGroup(path: string, share: Share): Promise<void> {
  try {
    await chown(path, -1, share.gid);
  } catch (error) {
    throw notGiven(path, share, error);
  }
}

function notGiven(path: string, { group }: Share, cause: unknown): unknown {
  if (systemErrorCode(cause) !== 'EPERM') return cause;
  return new HoldfastError('usage', `${path} cannot be given to the group ${group}: this user is not in it`, {
    hint: 'become a member of the group, or run this as root for a home of root',
    cause,
  });
}

interface SharedNow {
  readonly home: Home;
  readonly keystore: Keystore;
  readonly share: Share;
  readonly shared: readonly Shared[];
}

async function rowsOf({ home, keystore, share, shared }: SharedNow): Promise<Row[]> {
  const shut = await shutAbove(home.path, share);
  return [
    row('shared', `with the group ${share.group}`),
    ...shared.map((each) => row(viewOf(each).mode, each.path)),
    ...exposedBy(keystore).map((what) => warning(`every member can now use ${what}`)),
    ...(shut === undefined
      ? []
      : [warning(`members cannot pass ${shut}: a home elsewhere, or chmod g+x, lets them`)]),
  ];
}

/** The folder above the home that keeps the group out, if one does. */
async function shutAbove(path: string, { gid }: Share): Promise<string | undefined> {
  const parent = dirname(path);
  if (parent === path) return undefined;
  const { mode, gid: its } = await stat(parent);
  const isOpen = (mode & 0o001) !== 0 || (its === gid && (mode & 0o010) !== 0);
  return isOpen ? await shutAbove(parent, { gid, group: '' }) : parent;
}

/** The number of a group. @throws HoldfastError `usage` when there is none of that name */
async function groupId(name: string): Promise<number> {
  if (process.getgid === undefined)
    throw new HoldfastError('platform_unsupported', 'this system has no groups that files belong to');
  const found = (await groupLine(name))?.split(':')[2] ?? (/^\d{1,9}$/.test(name) ? name : undefined);
  if (found !== undefined) return Number(found);
  throw new HoldfastError('usage', `there is no group ${JSON.stringify(name)}`, {
    hint: 'getent group lists them; as root, groupadd makes one',
  });
}

/** `name:x:gid:members`, of the file, or of a directory service that the system asks. */
async function groupLine(name: string): Promise<string | undefined> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name)) return undefined;
  const text = await readFile('/etc/group', 'utf8').catch(() => '');
  const here = text.split('\n').find((each) => each.startsWith(`${name}:`));
  if (here !== undefined) return here;
  return await promisify(execFile)('getent', ['group', name]).then(
    ({ stdout }) => stdout.split('\n')[0],
    () => undefined,
  );
}
