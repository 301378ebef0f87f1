import { lstat, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Bytes,
  type Clock,
  HoldfastError,
  isAbandoned,
  isOwnUser,
  type Secret,
  temporaryName,
} from '../../base/index.ts';
import { databasePath, readRecordsIn } from '../records/index.ts';
import {
  type BackupKey,
  type BackupManifest,
  gather,
  readBackup,
  type SealedKind,
  sealedKind,
  unpackDatabase,
} from '../sealed/index.ts';
import { isOfKeysAlone, type LogLossOptions, logLossReason } from './catch-up.ts';
import { type AuthorityKeys, readAuthorityPkcs12 } from './read-p12.ts';

/** What an authority is restored from, all of it read and checked. */
export type RestoreSource = BackupSource | KeysSource;

interface AnySource {
  /** Absolute. */
  readonly path: string;
  readonly network: string;
  /** The keys that the authority had, by their labels, and whether they are in the file. */
  readonly keys: BackupManifest['keys'];
}

/** A backup of everything. */
export interface BackupSource extends AnySource {
  readonly kind: 'backup';
  readonly key: BackupKey;
  readonly manifest: BackupManifest;
  /** The text of the settings file of the machine it was made on. */
  readonly settings?: string | undefined;
}

/** A PKCS#12: keys and certificates alone. */
interface KeysSource extends AnySource {
  readonly kind: 'keys';
  readonly authority: AuthorityKeys;
}

/** How a file to restore from is opened, and what was said of what it may hold. */
interface SourceOrder extends LogLossOptions {
  /** Gives the private half of the recovery key, where its kit was named. */
  readonly recoveryKey?: (() => Promise<Secret<string>>) | undefined;
  /** A password was named, whatever kind of file it is. */
  readonly byPassword: boolean;
  /** Gives the password of what it is told. */
  readonly password: (of: string) => Promise<Secret<string>>;
}

const maxPkcs12Bytes = 16 * 1024 * 1024;
const maxSettingsBytes = 1024 * 1024;

/**
 * Reads a whole backup, or a PKCS#12 with keys, and changes nothing.
 * @throws HoldfastError `usage` for what was said and does not go with such a file, before any secret is asked for;
 *   `password_wrong`, `backup_damaged`, `backup_foreign`, `pkcs12_malformed`
 */
export async function openRestoreSource(path: string, order: SourceOrder): Promise<RestoreSource> {
  const kind = await sealedKind(path);
  if (kind !== 'pkcs12') return await openBackup(path, kind, order);
  if (order.recoveryKey !== undefined)
    throw new HoldfastError('usage', `${path} holds keys alone: a password opens it, and no recovery kit`, {
      hint: 'leave --kit out, and name the password: --password-file FILE',
    });
  logLossReason(order);
  const password = await order.password('the PKCS#12 file');
  const { size } = await stat(path);
  if (size > maxPkcs12Bytes)
    throw new HoldfastError(
      'pkcs12_malformed',
      `${path} has ${size} bytes: a PKCS#12 with keys has thousands`,
    );
  return await openKeys({ path, file: await readFile(path), password });
}

/** The keys in the bytes of a PKCS#12. Errors: as {@link readAuthorityPkcs12} */
export async function openKeys({
  path,
  file,
  password,
}: {
  readonly path: string;
  readonly file: Bytes;
  readonly password: Secret<string>;
}): Promise<KeysSource> {
  const authority = await readAuthorityPkcs12(file, password);
  const labels = new Set([...authority.certificates.keys(), ...authority.keys.keys()]);
  const keys = [...labels].sort().map((label) => ({ label, held: authority.keys.has(label) }));
  return { kind: 'keys', path, network: authority.network, keys, authority };
}

async function openBackup(path: string, kind: SealedKind, order: SourceOrder): Promise<BackupSource> {
  if (isOfKeysAlone(order))
    throw new HoldfastError('usage', `${path} holds what was issued before, not keys alone`, {
      hint: 'leave --re-enrol and --trust-issued out: they are for a PKCS#12',
    });
  const key = await keyFor(path, kind, order);
  let settings: string | undefined;
  const manifest = await readBackup(path, key, {
    take: async (name, chunks) => {
      if (name === 'settings') settings = Buffer.from(await gather(chunks, maxSettingsBytes)).toString();
      else for await (const _chunk of chunks);
    },
  });
  const { network, keys } = manifest;
  return { kind: 'backup', path, network, keys, key, manifest, settings };
}

async function keyFor(
  path: string,
  kind: SealedKind,
  { recoveryKey, byPassword, password }: SourceOrder,
): Promise<BackupKey> {
  if (recoveryKey !== undefined) return { kind: 'recovery key', identity: await recoveryKey() };
  if (byPassword || kind === 'password') return { kind: 'password', password: await password(path) };
  throw new HoldfastError('usage', `the recovery kit opens ${path}, and none was named`, {
    hint: 'name it: --kit FILE',
  });
}

const prefix = 'holdfast-backup-';

/** Which backup is asked, and by which time a certificate is valid. */
interface NodesOrder {
  readonly path: string;
  readonly key: BackupKey;
  readonly clock: Clock;
}

/**
 * The machines and people that had a valid certificate when a backup was made, the authority's servers apart, as
 * `client/alpha`, sorted. The database is unpacked for that and removed again. Errors: as `readBackup`
 */
export async function backedUpNodes({ path, key, clock }: NodesOrder): Promise<string[]> {
  await removeLeft();
  const directory = join(tmpdir(), prefix + temporaryName());
  await mkdir(directory, { mode: 0o700 });
  try {
    await unpackDatabase(directory, { path, key });
    return await readRecordsIn(databasePath(directory), ({ certificates }) =>
      certificates.holders(clock.now()),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Databases that a process unpacked and was killed over: nobody else's, and by nobody read any more. */
async function removeLeft(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(prefix))) {
    const path = join(tmpdir(), name);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat?.isDirectory() || !isOwnUser(stat.uid)) continue;
    if (isAbandoned(name, stat.mtimeMs)) await rm(path, { recursive: true, force: true });
  }
}
