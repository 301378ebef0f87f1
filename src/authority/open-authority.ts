import { access } from 'node:fs/promises';
import { type Clock, HoldfastError, systemErrorCode } from '../base/index.ts';
import { CommittedReader, type Database, openDatabase, type ProcessLock } from '../db/index.ts';
import { exportPublicKey } from '../pki/index.ts';
import { Keystore } from '../trust/index.ts';
import { AuditLog } from './audit-log.ts';
import { Authority, type AuthorityParts } from './authority.ts';
import { authorityDamaged } from './authority-damaged.ts';
import { authorityDirectory, databasePath } from './authority-files.ts';
import { lockHome } from './home-lock.ts';
import type { Issuer } from './issuer.ts';
import { readIssuers } from './issuer-records.ts';
import { presentIssuing, replaceIssuingWhenDue } from './replace-issuing.ts';
import { authorityMigrations } from './schema.ts';

/** Which authority, and how. */
export interface OpenAuthorityOptions {
  readonly home: string;
  readonly clock: Clock;
  /** Keep the database in a thread of its own; what a server wants. */
  readonly worker?: boolean;
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
  const opened = await openContext(options);
  const reader = new CommittedReader(databasePath(authorityDirectory(options.home)));
  return new Authority({ ...opened, reader, lock });
}

/** Opens keystore and database of a home whose lock is held; the database is the caller's to close. */
export async function openContext({
  home,
  clock,
  worker = false,
}: OpenAuthorityOptions): Promise<Pick<AuthorityParts, 'context' | 'epoch' | 'recoveryRecipient'>> {
  const directory = authorityDirectory(home);
  const path = databasePath(directory);
  if (!(await exists(directory))) {
    throw new HoldfastError('home_missing', `the home ${home} has no authority`, {
      hint: 'holdfast init makes one',
    });
  }
  if (!(await exists(path))) throw authorityDamaged(`${path} is missing`);
  const keystore = await Keystore.open(directory);
  const database = await openDatabase({ path, migrations: authorityMigrations, worker });
  try {
    const { epoch, recovery_recipient, network, status_address } = await readAuthority(database);
    const log = new AuditLog(database, epoch, clock);
    const about = { network, statusAddress: status_address };
    await replaceIssuingWhenDue({ ...about, database, keystore, log, clock });
    const issuer = await readIssuer(database, keystore, { ...about, nowMs: clock.now() });
    return { context: { database, issuer, log, clock }, epoch, recoveryRecipient: recovery_recipient };
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
}

async function readAuthority(database: Database): Promise<AuthorityRow> {
  const sql = 'SELECT network, status_address, recovery_recipient, epoch FROM authority';
  const row = await database.get<AuthorityRow>(sql);
  if (row === undefined) throw authorityDamaged('the database does not say which network it is of');
  return row;
}

async function readIssuer(
  database: Database,
  keystore: Keystore,
  { network, statusAddress, nowMs }: { network: string; statusAddress: string; nowMs: number },
): Promise<Issuer> {
  const [root] = await readIssuers(database, 'root');
  const issuings = await readIssuers(database, 'issuing');
  const issuing = presentIssuing(issuings, nowMs);
  const issuingKey = keystore.key(issuing.label);
  const belongs = Buffer.compare(exportPublicKey(issuingKey), issuing.certificate.spki) === 0;
  if (!belongs)
    throw authorityDamaged(`the key ${issuing.label} of the keystore is not that of its certificate`);
  return { network, statusAddress, root, issuing, issuingKey, issuings };
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
