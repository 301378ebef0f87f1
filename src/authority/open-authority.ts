import { access } from 'node:fs/promises';
import { type Clock, HoldfastError, systemErrorCode } from '../base/index.ts';
import { CommittedReader, type Database, openDatabase, type ProcessLock } from '../db/index.ts';
import { Keystore, type OpenKeystoreOptions } from '../trust/index.ts';
import { Authority, type AuthorityParts } from './authority.ts';
import { createContext } from './authority-context.ts';
import { authorityDamaged } from './authority-damaged.ts';
import { authorityDirectory, existingDatabase } from './authority-files.ts';
import { type Care, noCare } from './backup/care.ts';
import { removeLeftSnapshots } from './backup/snapshot-files.ts';
import { lockHome } from './home-lock.ts';
import { indexOlderCertificates } from './index-older-certificates.ts';
import { AuditLog } from './log/audit-log.ts';
import { keepTime } from './log/check-clock.ts';
import { ClockGuard } from './log/clock-guard.ts';
import { DurableHead } from './log/durable-head.ts';
import { passesKeptCheckpoint } from './log/kept-checkpoint.ts';
import { LivePolicy } from './policy/live-policy.ts';
import { readIssuer } from './read-issuer.ts';
import { replaceIssuingWhenDue } from './replace-issuing.ts';
import { authorityMigrations } from './schema.ts';
import { CertificateSigner } from './signing/certificate-signer.ts';
import type { Standing } from './standing.ts';

/** When nothing is to be recorded: in any case, or where the log is not the one that was signed for. */
export type Looks = 'always' | 'when damaged';

/** Which authority, and how. */
export interface OpenAuthorityOptions {
  readonly home: string;
  readonly clock: Clock;
  /** Keep the database in a thread of its own; what a server wants. */
  readonly worker?: boolean;
  /** What the settings ask of upkeep; nothing unless said. */
  readonly care?: Care;
  /** Only look: nothing is recorded, here or on a mirror, so that what is damaged stays as it was found. */
  readonly looks?: Looks;
  /** Opens the keystore, where no stash does; asked for then. */
  readonly passphrase?: OpenKeystoreOptions['passphrase'];
}

/**
 * Opens the authority of a home for writing, and gives it its next issuing certificate when that is due.
 * @throws HoldfastError `home_missing` when the home has none, `home_in_use`, `home_not_private`, `keystore_*`,
 *   `database_newer`, `database_damaged`, `authority_damaged`
 */
export async function openAuthority(options: OpenAuthorityOptions): Promise<Authority> {
  const lock = await lockHome(options.home);
  try {
    return await openLocked(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Whether a home has an authority; one whose creation was cut short is none. */
export async function hasAuthority(home: string): Promise<boolean> {
  return await exists(authorityDirectory(home));
}

/** Opens the authority of a home whose lock is held; the authority releases it when it is closed. */
export async function openLocked(options: OpenAuthorityOptions, lock: ProcessLock): Promise<Authority> {
  return new Authority({ ...(await openContext(options)), lock });
}

/** Opens keystore and database of a home whose lock is held; the database is the caller's to close. */
export async function openContext({
  home,
  clock,
  worker = false,
  care = noCare,
  looks,
  passphrase,
}: OpenAuthorityOptions): Promise<Omit<AuthorityParts, 'lock'>> {
  const directory = authorityDirectory(home);
  if (!(await exists(directory))) {
    throw new HoldfastError('home_missing', `the home ${home} has no authority`, {
      hint: 'holdfast init makes one',
    });
  }
  const path = await existingDatabase(directory);
  await removeLeftSnapshots(directory);
  const keystore = await Keystore.open(directory, { passphrase });
  const database = await openDatabase({
    place: { kind: 'sqlite', path },
    migrations: authorityMigrations,
    worker,
  });
  try {
    const { epoch, standing, recovery_recipient, network, status_address } = await readAuthority(database);
    const log = new AuditLog(database, epoch, clock, { waits: standing === 'restored' });
    await indexOlderCertificates(database);
    const about = { network, statusAddress: status_address };
    const issuer = await readIssuer(database, keystore, { ...about, nowMs: clock.now() });
    const reader = new CommittedReader(path);
    const isLooking =
      looks === 'always' ||
      (looks === 'when damaged' && !(await passesKeptCheckpoint({ directory, issuer, reader })));
    const clockGuard = new ClockGuard(clock, reader);
    const context = createContext(
      {
        directory,
        recoveryRecipient: recovery_recipient,
        care,
        looks: isLooking,
        database,
        reader,
        keystore,
        log,
        durable: new DurableHead(database, reader),
        policy: new LivePolicy(reader),
        clock,
        clockGuard,
        certificateSigner: new CertificateSigner(),
        epoch,
      },
      issuer,
    );
    if (!isLooking) await keepTime(context);
    if (!isLooking && standing === 'ready') await replaceIssuingWhenDue(context);
    return { context, recoveryRecipient: recovery_recipient };
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface AuthorityRow {
  readonly network: string;
  readonly status_address: string;
  readonly recovery_recipient: string;
  readonly epoch: number;
  readonly standing: Standing;
}

async function readAuthority(database: Database): Promise<AuthorityRow> {
  const sql = 'SELECT network, status_address, recovery_recipient, epoch, standing FROM authority';
  const row = await database.get<AuthorityRow>(sql);
  if (row === undefined) throw authorityDamaged('the database does not say which network it is of');
  return row;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
