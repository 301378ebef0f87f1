import { access } from 'node:fs/promises';
import {
  type Clock,
  HoldfastError,
  isHoldfastError,
  type Secret,
  writeFileAtomic,
} from '../../base/index.ts';
import type { DatabaseLocation } from '../../db/index.ts';
import { Keystore } from '../../trust/index.ts';
import { generateRecoveryKey, recoveryKitText, rootCameBack } from '../custody/index.ts';
import { checkNamesOfServer, readIssuer } from '../issuers/index.ts';
import { AuditLog } from '../log/index.ts';
import { authorityExists, buildAuthority, hasAuthority, lockHome, openAuthority } from '../opening/index.ts';
import {
  type AuthorityRecords,
  authorityDirectory,
  existingDatabase,
  type IssuerKind,
  moveRecords,
  ocspSignerLabel,
  openRecords,
  type Records,
} from '../records/index.ts';
import { type BackupManifest, backupDamaged, unpackBackup } from '../sealed/index.ts';
import { type CatchUpOrder, type CaughtUp, catchUp, isOfKeysAlone, logLossReason } from './catch-up.ts';
import { finishRestore, wroteKit } from './finish-restore.ts';
import type { AuthorityKeys } from './read-p12.ts';
import type { BackupSource, RestoreSource } from './restore-source.ts';

/** Where an authority is restored, and how. */
export interface RestoreOrder extends Omit<CatchUpOrder, 'rootFrom' | 'complete'> {
  /** A home without an authority. */
  readonly home: string;
  /** What is to open the keystore here; a stash unless given. */
  readonly passphrase?: Secret<string> | undefined;
  /** What the server is to be called. */
  readonly names: readonly string[];
  /** Where its records are to be; in a file of the home unless said. */
  readonly database?: DatabaseLocation | undefined;
  /** Of keys alone, where the new recovery kit is written; absolute. */
  readonly recoveryKit: string;
}

/**
 * Makes the authority of a home from a backup, in an epoch of its own, or from keys alone; and lets it learn what happened
 * since. When there is nobody to learn it from the authority is there all the same and waits: then the error that says so
 * is given, and {@link resumeRestore} goes on. It is built beside its place; a crash leaves a home without an authority, or
 * one that is whole, and the same call goes on.
 *
 * @throws HoldfastError `home_exists`, `home_in_use`, `usage` for two choices, `object_exists` for a recovery kit of before,
 *   `backup_damaged`, `database_newer`, `database_refused`, `storage_full`; `name_not_permitted` for a server that its
 *   issuing certificate cannot certify
 */
export async function restoreAuthority(
  source: RestoreSource,
  order: RestoreOrder,
): Promise<CaughtUp | HoldfastError> {
  logLossReason(order);
  const result = await build(source, order);
  await checkOpens(order);
  return result;
}

async function build(source: RestoreSource, order: RestoreOrder): Promise<CaughtUp | HoldfastError> {
  using _lock = await lockHome(order.home);
  if (await hasAuthority(order.home)) throw authorityExists(order.home);
  const catching = { ...order, rootFrom: rootFrom(source), complete: isComplete(source) };
  const finished = await finishRestore(source, catching);
  if (finished !== undefined) return finished;
  if (source.kind === 'keys') await checkNoKit(order);
  return await buildAuthority(order.home, async (directory) => {
    const result =
      source.kind === 'backup'
        ? await fromBackup(directory, source, { ...order, ...catching })
        : await fromKeys(directory, source, { ...order, ...catching });
    if (order.database !== undefined) await moveRecords(directory, order.database);
    return result;
  });
}

type FillOrder = RestoreOrder & CatchUpOrder;

async function fromBackup(
  directory: string,
  { path, key, manifest }: BackupSource,
  order: FillOrder,
): Promise<CaughtUp | HoldfastError> {
  const { keystore } = await unpackBackup(directory, { path, key, passphrase: order.passphrase });
  await using records = await openRecords(directory);
  await check(records, keystore, manifest, { ...order, path });
  await beginEpoch(records);
  const result = await caughtUp(records, order);
  if (result instanceof HoldfastError) return result;
  return { ...result, notes: [...result.notes, ...(await rootCameBack(records, keystore))] };
}

async function fromKeys(
  directory: string,
  { authority }: Extract<RestoreSource, { kind: 'keys' }>,
  order: FillOrder,
): Promise<CaughtUp | HoldfastError> {
  await stageKeys(directory, authority, order);
  await using records = await openRecords(directory);
  return await caughtUp(records, order);
}

/** What it learns, or why it waits. */
async function caughtUp(records: AuthorityRecords, order: CatchUpOrder): Promise<CaughtUp | HoldfastError> {
  try {
    return await catchUp(records, order);
  } catch (error) {
    if (isHoldfastError(error, 'authority_restored')) return error;
    throw error;
  }
}

/** What was written is what the next command opens. */
async function checkOpens({ home, clock, database, passphrase }: RestoreOrder): Promise<void> {
  const secret = passphrase === undefined ? undefined : async (): Promise<Secret<string>> => passphrase;
  const authority = await openAuthority({ home, clock, database, passphrase: secret });
  await authority.close();
}

/** The kit of before opens older backups and the repositories of clients, and nothing else does. */
async function checkNoKit({ home, recoveryKit }: RestoreOrder): Promise<void> {
  const isThere = await access(recoveryKit).then(
    () => true,
    () => false,
  );
  if (!isThere || (await wroteKit(home, recoveryKit))) return;
  throw new HoldfastError('object_exists', `there is a recovery kit at ${recoveryKit}; nothing was changed`, {
    hint: 'move it to a safe place first: it opens what was sealed before, and a new one is made here',
  });
}

/** The file that the key of the root came from. */
function rootFrom({ path, keys }: RestoreSource): string | undefined {
  return keys.some(({ label, held }) => held && label.startsWith('root-')) ? path : undefined;
}

/** The backup was the last thing that the authority did, so that nothing can be missing. */
function isComplete(source: RestoreSource): boolean {
  return source.kind === 'backup' && source.manifest.retired;
}

/** Which authority is to go on, and how. */
interface ResumeOrder extends CatchUpOrder {
  readonly home: string;
  /** Where its records are; in a file of the home unless said. */
  readonly database?: DatabaseLocation | undefined;
}

/**
 * Lets an authority that was restored and waits learn what happened since its backup.
 * @throws HoldfastError `authority_restored` when it still cannot, `usage` when it does not wait for anything, for two choices,
 *   and for one that is for keys alone where it is of more
 */
export async function resumeRestore(order: ResumeOrder): Promise<CaughtUp> {
  const { home, database } = order;
  logLossReason(order);
  using _lock = await lockHome(home);
  const directory = authorityDirectory(home);
  if (database === undefined) await existingDatabase(directory);
  await using records = await openRecords(directory, { database });
  const standing = (await records.state.read())?.standing;
  if (isOfKeysAlone(order)) await checkKnowsNone(records, home);
  if (standing === 'restored') return await catchUp(records, order);
  throw new HoldfastError('usage', `the authority in ${home} does not wait for its log: it is ${standing}`, {
    hint: 'name a backup to restore into another home: holdfast ca restore FILE --home DIR',
  });
}

async function checkKnowsNone({ certificates }: Records, home: string): Promise<void> {
  if (await certificates.isEmpty()) return;
  throw new HoldfastError('usage', `the authority in ${home} knows what it issued before its backup`, {
    hint: '--re-enrol and --trust-issued are for one of keys alone; here: --mirror PLACE, or --log-is-lost WHY',
  });
}

/** Whether database, log and keys belong together, and are those of the manifest. */
async function check(
  records: AuthorityRecords,
  keystore: Keystore,
  manifest: BackupManifest,
  { path, clock, names }: RestoreOrder & { readonly path: string },
): Promise<void> {
  const { network, log, root } = manifest;
  const head = await new AuditLog(records, manifest.epoch, clock).verify();
  if (head.sequence !== log.sequence || head.hash !== log.head)
    throw backupDamaged(path, 'its log does not end where it says');
  const issuer = await readIssuer(records, keystore, { network, statusAddress: '', nowMs: clock.now() });
  if (issuer.root.certificate.fingerprint !== root)
    throw backupDamaged(path, 'its root is another one than it says');
  checkNamesOfServer(issuer.issuing.certificate, names);
}

/**
 * The next epoch, and nothing that was true of another machine. Everything that knows of a higher one is obeyed from
 * here on.
 */
async function beginEpoch(records: AuthorityRecords): Promise<void> {
  await records.transaction(async (tx) => {
    await tx.state.beginEpoch();
    await tx.mirrors.removeAll();
  });
}

interface StageOrder {
  readonly clock: Clock;
  /** What is to open the keystore; a stash unless given. */
  readonly passphrase?: Secret<string> | undefined;
  /** Where the new kit is written, durably and for its owner alone; absolute. */
  readonly recoveryKit: string;
}

/**
 * Makes keystore and database of an authority from its keys and certificates in `directory`, which is not there yet: with
 * an empty log and the standing `restored`. Nothing tells how many restores there were before, so its epoch is the
 * present millisecond, which is later than them all. Its recovery key is new, since the old one's public half is not known.
 */
async function stageKeys(
  directory: string,
  authority: AuthorityKeys,
  { clock, passphrase, recoveryKit }: StageOrder,
): Promise<void> {
  const { network, certificates, keys } = authority;
  const keystore = await Keystore.create(directory, passphrase);
  await keystore.update((entries) => {
    for (const [label, key] of keys) entries.putKey(label, key);
  });
  const recoveryKey = await generateRecoveryKey();
  {
    await using records = await openRecords(directory);
    await record(records, authority, { nowMs: clock.now(), recipient: recoveryKey.recipient });
  }
  const [root] = [...certificates].filter(([label]) => label.startsWith('root-')).map(([, one]) => one);
  if (root === undefined) throw new TypeError('an authority without a root');
  const madeAt = new Date(clock.now());
  const kit = await recoveryKitText(recoveryKey, { network, root: root.fingerprint, madeAt });
  await writeFileAtomic(recoveryKit, kit.reveal());
}

async function record(
  records: AuthorityRecords,
  { network, statusAddress, certificates, ocspSigners, outside }: AuthorityKeys,
  { nowMs, recipient }: { readonly nowMs: number; readonly recipient: string },
): Promise<void> {
  await records.transaction(async (tx) => {
    await tx.state.create({
      network,
      status_address: statusAddress,
      recovery_recipient: recipient,
      epoch: nowMs,
      created_at: nowMs,
      standing: 'restored',
      clock_wall: nowMs,
    });
    for (const [label, certificate] of certificates) {
      const [kind = '', generation] = label.split('-');
      await tx.issuers.insert({ kind: kind as IssuerKind, generation: Number(generation), certificate });
    }
    for (const { fingerprint, der } of outside) await tx.outside.insert({ fingerprint, certificate: der });
    for (const [issuer, { notAfter, der }] of ocspSigners) {
      const label = ocspSignerLabel(issuer);
      await tx.ocspSigners.put({ label, issuer, not_after: notAfter.getTime(), certificate: der });
    }
  });
}
