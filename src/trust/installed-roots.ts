import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, readFile, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError, systemErrorCode, writeFileAtomic } from '../base/index.ts';
import type { StoreCommand, TrustStore } from './trust-stores.ts';

const Change = Type.Object({
  path: Type.String(),
  /** Base64 of what was there; null where nothing was. */
  before: Type.Union([Type.String(), Type.Null()]),
  /** SHA-256 of what is there since; null until it is known, and where nothing is. */
  after: Type.Union([Type.String(), Type.Null()]),
});

const Installed = Type.Object({
  store: Type.String(),
  scope: Type.Enum(['user', 'service', 'machine']),
  /** The file of ours, which nothing but this program writes. */
  own: Type.Union([Change, Type.Null()]),
  changes: Type.Array(Change),
  isDerived: Type.Boolean(),
  uninstall: Type.Array(Type.Array(Type.String(), { minItems: 1 })),
  /** Absent in what earlier versions wrote. */
  remove: Type.Optional(Type.Array(Type.Array(Type.String(), { minItems: 1 }))),
});
const Record = Type.Object({ format: Type.Literal(1), installed: Type.Array(Installed) });
type Change = Static<typeof Change>;
/** What was done to one store, and what undoes it. */
export type Installed = Static<typeof Installed>;

/** What was installed from this home. @throws HoldfastError `trust_bundle_damaged` when its record is */
export async function readInstalled(path: string): Promise<readonly Installed[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '{"format":1,"installed":[]}';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    if (Check(Record, value)) return value.installed;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('trust_bundle_damaged', `${path} does not say what was installed where`, {
    hint: 'put the file back from a backup; trust install --dry-run names the stores',
  });
}

async function keep(path: string, installed: readonly Installed[]): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify({ format: 1, installed }, undefined, 1)}\n`);
}

/** A store that a root goes into, and the text of the file for it. */
export interface Installing {
  readonly store: TrustStore;
  readonly scope: Installed['scope'];
  readonly pem: string;
}

/**
 * Puts a root into a store. What was there is kept in the record at `path` before anything changes; when a program fails, it is
 * there again. Gives the files
 * that a program should have changed and has not: the system does that later, or never.
 * @throws HoldfastError `trust_store_failed`
 */
export async function installInto(
  path: string,
  { store, scope, pem }: Installing,
): Promise<readonly string[]> {
  const known = (await readInstalled(path)).find((one) => one.store === store.name);
  // Else what was there before would be taken to be what is there with the root.
  if (known !== undefined) await uninstallFrom(path, known);
  const before = await readInstalled(path);
  const entry: Installed = {
    store: store.name,
    scope,
    own: store.own === undefined ? null : { ...(await changeOf(store.own)), after: digest(Buffer.from(pem)) },
    changes: await Promise.all(store.changes.map(changeOf)),
    isDerived: store.isDerived,
    uninstall: store.uninstall.map((command) => [...command]),
    remove: store.remove.map((command) => [...command]),
  };
  await keep(path, [...before, entry]);
  try {
    if (store.own !== undefined) await writeFileAtomic(store.own, pem, { mode: 0o644 });
    for (const command of store.install) await runStore(store.name, command);
  } catch (error) {
    await putBack(entry);
    await keep(path, before);
    throw storeFailed(store.name, error);
  }
  const done = await settled(entry);
  await keep(path, [...before, done]);
  return done.changes.filter(isUnchanged).map((change) => change.path);
}

async function settled(entry: Installed): Promise<Installed> {
  return {
    ...entry,
    own: entry.own && (await since(entry.own)),
    changes: await Promise.all(entry.changes.map(since)),
  };
}

/**
 * Takes a root out of a store again: what was there before is there, byte for byte.
 * @throws HoldfastError `trust_store_changed`, naming the file, when others have changed since what was installed; `trust_store_failed`
 */
export async function uninstallFrom(path: string, entry: Installed): Promise<void> {
  if (await wasCutShort(entry)) await runAll(entry.store, entry.remove ?? []);
  else await undo(entry);
  await keep(
    path,
    (await readInstalled(path)).filter((one) => one.store !== entry.store),
  );
}

/**
 * Whether the process was killed once a program had changed the store, before it could note what was written: since then
 * nobody can tell its bytes from those of others, which stay.
 */
async function wasCutShort({ isDerived, changes, remove }: Installed): Promise<boolean> {
  if (isDerived || remove === undefined || changes.some(({ after }) => after !== null)) return false;
  const untouched = await Promise.all(changes.map(isUntouched));
  return untouched.includes(false);
}

async function undo(entry: Installed): Promise<void> {
  const watched = [...(entry.own === null ? [] : [entry.own]), ...(entry.isDerived ? [] : entry.changes)];
  for (const change of watched) await checkUntouched(entry.store, change);
  const untouched = await Promise.all(entry.changes.map(isUntouched));
  const changes = entry.changes.filter((_, index) => untouched[index]);
  try {
    await putBack({ ...entry, changes });
  } catch (error) {
    throw storeFailed(entry.store, error);
  }
}

/** The own file first, then the programs, which write what is derived; then what they would write otherwise than it was. */
async function putBack({ store, own, changes, uninstall }: Installed): Promise<void> {
  if (own !== null) await restore(own);
  await runAll(store, uninstall);
  for (const change of changes) await restore(change);
}

async function restore({ path, before }: Change): Promise<void> {
  if (before === null) return await rm(path, { force: true });
  const bytes = Buffer.from(before, 'base64');
  const there = await stat(path).catch(() => undefined);
  await writeFileAtomic(path, bytes, { mode: there === undefined ? 0o644 : there.mode & 0o7777 });
  if (there === undefined) return;
  await chown(path, there.uid, there.gid);
  await chmod(path, there.mode & 0o7777);
}

async function checkUntouched(store: string, change: Change): Promise<void> {
  if (await isUntouched(change)) return;
  throw new HoldfastError(
    'trust_store_changed',
    `${change.path} was changed since, and is left as it is (${store})`,
    {
      hint: 'take the root out of it by hand; holdfast trust install --dry-run names the programs',
    },
  );
}

/** As it was left, or, where a crash came in between, as it was. */
async function isUntouched({ path, before, after }: Change): Promise<boolean> {
  const found = digest(await contents(path));
  return found === after || found === digest(before === null ? undefined : Buffer.from(before, 'base64'));
}

async function changeOf(path: string): Promise<Change> {
  return { path, before: (await contents(path))?.toString('base64') ?? null, after: null };
}

async function since(change: Change): Promise<Change> {
  return { ...change, after: digest(await contents(change.path)) };
}

function digest(bytes: Buffer | undefined): string | null {
  return bytes === undefined ? null : createHash('sha256').update(bytes).digest('hex');
}

/** A database of several files changes in one of them. */
function isUnchanged({ before, after }: Change): boolean {
  return before !== null && digest(Buffer.from(before, 'base64')) === after;
}

async function contents(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}

async function runAll(store: string, commands: Installed['uninstall']): Promise<void> {
  for (const command of commands) await runStore(store, command as [string, ...string[]]);
}

async function runStore(store: string, [program, ...words]: StoreCommand): Promise<void> {
  await promisify(execFile)(program, words, { timeout: 120_000 }).catch((error: unknown) => {
    throw storeFailed(store, error);
  });
}

const packages: Readonly<Record<string, string>> = {
  '/usr/bin/certutil': 'libnss3-tools (Debian) or nss-tools (Red Hat, Alpine)',
  keytool: 'a Java runtime, for its keytool',
  'update-ca-certificates': 'ca-certificates',
  'update-ca-trust': 'ca-certificates',
};

function storeFailed(store: string, cause: unknown): unknown {
  const code = systemErrorCode(cause);
  if (cause instanceof HoldfastError || !(cause instanceof Error)) return cause;
  const { path, stderr } = cause as Error & { path?: string; stderr?: string };
  const needed = packages[path ?? ''];
  const why = ['EACCES', 'EPERM', 'EROFS'].includes(code ?? '')
    ? `${path ?? store} may not be written by this user`
    : code === 'ENOENT' && needed !== undefined
      ? `${path} is not installed`
      : (stderr || cause.message).trim().split('\n').slice(-2).join(' ');
  return new HoldfastError('trust_store_failed', `${store}: ${why}; it is as it was`, {
    hint:
      needed !== undefined && code === 'ENOENT'
        ? `install ${needed}`
        : 'run it as root for the machine; --scope user needs no root',
    cause,
  });
}
