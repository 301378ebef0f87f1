import { type Clock, type HoldfastError, isHoldfastError, type Secret } from '../../base/index.ts';
import type { DatabasePlace } from '../../db/index.ts';
import { Keystore } from '../../trust/index.ts';
import { generateRecoveryKey, recoveryKitText } from '../custody/index.ts';
import { authorityExists, buildAuthority, hasAuthority, lockHome } from '../opening/index.ts';
import {
  type AuthorityRecords,
  type IssuerKind,
  moveRecords,
  openRecords,
  recordIssuer,
} from '../records/index.ts';
import { type CatchUpOrder, type CaughtUp, catchUp } from './catch-up.ts';
import type { AuthorityKeys } from './read-p12.ts';

/** Where an authority is to be made from keys alone, and what it is to know of what it issued before. */
export interface Pkcs12Restore extends StageOptions, CatchUpOrder {
  /** A home without an authority. */
  readonly home: string;
  /** Where its records are to be; in a file of the home unless said. */
  readonly database?: DatabasePlace;
}

/**
 * Makes the authority of a home from keys and certificates; see {@link stagePkcs12}. It learns from a mirror of its log
 * what it issued and revoked, or it is said that the log is lost; otherwise it is there and waits, as the error that is
 * returned says. Whatever goes wrong, the home is as it was.
 *
 * @throws HoldfastError `home_exists`, `home_in_use`
 */
export async function restorePkcs12(
  authority: AuthorityKeys,
  restore: Pkcs12Restore,
): Promise<CaughtUp | HoldfastError> {
  using _lock = await lockHome(restore.home);
  if (await hasAuthority(restore.home)) throw authorityExists(restore.home);
  return await buildAuthority(restore.home, async (directory) => {
    await stagePkcs12(directory, authority, restore);
    const result = await caughtUp(directory, restore);
    if (restore.database !== undefined) await moveRecords(directory, restore.database);
    return result;
  });
}

async function caughtUp(directory: string, restore: Pkcs12Restore): Promise<CaughtUp | HoldfastError> {
  await using records = await openRecords(directory);
  try {
    return await catchUp(records, restore);
  } catch (error) {
    if (isHoldfastError(error, 'authority_restored')) return error;
    throw error;
  }
}

/** What an authority needs beside its keys and certificates. */
interface StageOptions {
  readonly clock: Clock;
  /** What is to open the keystore; a stash unless given. */
  readonly passphrase?: Secret<string>;
  readonly recoveryKit: {
    readonly passphrase?: Secret<string>;
    /** Writes the kit, durably and for its owner alone. */
    readonly write: (text: Secret<string>) => Promise<void>;
  };
}

/**
 * Makes keystore and database of an authority from its keys and certificates in `directory`, which is not there yet: with
 * an empty log and the standing `restored`. Nothing tells how many restores there were before, so its epoch is the
 * present millisecond, which is later than them all. Its recovery key is new, since the old one's public half is not known.
 */
async function stagePkcs12(
  directory: string,
  authority: AuthorityKeys,
  options: StageOptions,
): Promise<void> {
  const { network, certificates, keys } = authority;
  const keystore = await Keystore.create(directory, options.passphrase);
  await keystore.update((entries) => {
    for (const [label, key] of keys) entries.putKey(label, key);
  });
  const recoveryKey = await generateRecoveryKey();
  {
    await using records = await openRecords(directory);
    await record(records, authority, { nowMs: options.clock.now(), recipient: recoveryKey.recipient });
  }
  const [root] = [...certificates].filter(([label]) => label.startsWith('root-')).map(([, one]) => one);
  if (root === undefined) throw new TypeError('an authority without a root');
  const { passphrase, write } = options.recoveryKit;
  const madeAt = new Date(options.clock.now());
  await write(await recoveryKitText(recoveryKey, { network, root: root.fingerprint, madeAt, passphrase }));
}

async function record(
  records: AuthorityRecords,
  { network, statusAddress, certificates }: AuthorityKeys,
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
      await recordIssuer(tx, { kind: kind as IssuerKind, generation: Number(generation), certificate });
    }
  });
}
