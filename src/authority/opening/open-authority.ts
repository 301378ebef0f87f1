import { access } from 'node:fs/promises';
import { type Clock, HoldfastError, systemErrorCode } from '../../base/index.ts';
import type { DatabaseLocation, ProcessLock } from '../../db/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import { Keystore, type OpenKeystoreOptions } from '../../trust/index.ts';
import { Authority, type AuthorityContext, type AuthorityParts } from '../authority.ts';
import { noUpkeepSettings, type UpkeepSettings } from '../backup/index.ts';
import { KeyCopies } from '../custody/index.ts';
import { type Issuer, readIssuer, replaceIssuingWhenDue } from '../issuers/index.ts';
import { AuditLog } from '../log/index.ts';
import { Mirrors } from '../mirror/index.ts';
import { ServerRoots } from '../policy/index.ts';
import {
  type AuthorityRecords,
  authorityDirectory,
  endMove,
  existingDatabase,
  openRecords,
} from '../records/index.ts';
import { removeLeftSnapshots } from '../sealed/index.ts';
import { CertificateSigner } from '../signing/index.ts';
import { ClockGuard, keepTime, Present, passesKeptCheckpoint, refusalOfStanding } from '../standing/index.ts';
import { lockHome } from './build-authority.ts';
import { removeWaiting } from './waiting-authority.ts';

/** When nothing is to be recorded: in any case, or where the log is not the one that was signed for. */
export type Looks = 'always' | 'when damaged';

/** Which authority, and how. */
export interface OpenAuthorityOptions {
  readonly home: string;
  readonly clock: Clock;
  /** Keep the database in a thread of its own; what a server wants. */
  readonly worker?: boolean;
  /** Where the records are; in the home unless said. */
  readonly database?: DatabaseLocation;
  /** What the settings ask of upkeep; nothing unless said. */
  readonly upkeep?: UpkeepSettings;
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

/** Opens the authority of a home whose lock is held; the authority releases it when it is closed. */
export async function openLocked(options: OpenAuthorityOptions, lock: ProcessLock): Promise<Authority> {
  return new Authority({ ...(await openContext(options)), lock });
}

/** Opens keystore and records of a home whose lock is held; the records are the caller's to close. */
export async function openContext(options: OpenAuthorityOptions): Promise<Omit<AuthorityParts, 'lock'>> {
  const { home, worker = false, database, passphrase } = options;
  const directory = authorityDirectory(home);
  if (!(await exists(directory))) {
    throw new HoldfastError('home_missing', `the home ${home} has no authority`, {
      hint: 'holdfast init makes one',
    });
  }
  await (database === undefined ? existingDatabase(directory) : endMove(directory));
  await removeLeftSnapshots(directory);
  if (options.looks === undefined) await removeWaiting(home);
  const keystore = await Keystore.open(directory, { passphrase });
  const records = await openRecords(directory, { worker, database });
  try {
    return await contextOf({ directory, keystore, records }, options);
  } catch (error) {
    await records.close();
    throw error;
  }
}

/** What an authority decides with, by what is in its directory: what is due at its opening is done. */
export async function contextOf(
  {
    directory,
    keystore,
    records,
  }: { readonly directory: string; readonly keystore: Keystore; readonly records: AuthorityRecords },
  { clock, upkeep = noUpkeepSettings, looks }: OpenAuthorityOptions,
): Promise<Omit<AuthorityParts, 'lock'>> {
  await indexOlderCertificates(records);
  const present = await Present.of(records);
  const { epoch, standing, recovery_recipient, network, status_address } = present.state;
  const log = new AuditLog(
    records,
    epoch,
    clock,
    standing === 'restored' ? refusalOfStanding(standing) : undefined,
  );
  const about = { network, statusAddress: status_address };
  const issuer = await readIssuer(records, keystore, { ...about, nowMs: clock.now() });
  const isLooking =
    looks === 'always' ||
    (looks === 'when damaged' && !(await passesKeptCheckpoint({ directory, issuer, records })));
  const context = createContext(
    {
      directory,
      recoveryRecipient: recovery_recipient,
      upkeep,
      looks: isLooking,
      records,
      present,
      keystore,
      keyCopies: new KeyCopies(records),
      log,
      clock,
      clockGuard: new ClockGuard(clock, present),
      certificateSigner: new CertificateSigner(),
      epoch,
    },
    issuer,
  );
  if (!isLooking) await keepTime(context);
  if (!isLooking && standing === 'ready') await replaceIssuingWhenDue(context);
  return {
    context,
    serverRoots: await ServerRoots.of(context),
    mirrors: await Mirrors.of(context),
    recoveryRecipient: recovery_recipient,
  };
}

/** A context that begins with `issuer`. */
function createContext(
  parts: Omit<AuthorityContext, 'issuer' | 'useIssuer'>,
  issuer: Issuer,
): AuthorityContext {
  let present = issuer;
  return {
    ...parts,
    get issuer() {
      return present;
    },
    useIssuer(next) {
      present = next;
    },
  };
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

/**
 * Makes what was issued before schema version 3 found by host name and fingerprint too. To be called before anything is
 * issued: as long as nothing is indexed, all of it is still to be done.
 */
async function indexOlderCertificates(records: AuthorityRecords): Promise<void> {
  if (!(await records.certificateNames.isEmpty())) return;
  const rows = await records.certificates.all();
  if (rows.length === 0) return;
  await records.transaction(async (tx) => {
    for (const { id, certificate } of rows) {
      const { fingerprint, extensions } = parseCertificate(certificate);
      await tx.certificateNames.insert(id, { fingerprint, names: extensions.subjectAltNames });
    }
  });
}
