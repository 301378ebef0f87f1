import { type Clock, type Secret } from '../../base/index.ts';
import { Keystore } from '../../trust/index.ts';
import { generateRecoveryKey, recoveryKitText } from '../custody/recovery-kit.ts';
import { recordIssuer } from '../issuers/recorded-issuers.ts';
import type { AuthorityRecords } from '../records/authority-records.ts';
import type { IssuerKind } from '../records/issuers.ts';
import { openRecords } from '../records/open-records.ts';
import type { AuthorityKeys } from './read-p12.ts';

/** What an authority needs beside its keys and certificates. */
export interface StageOptions {
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
export async function stagePkcs12(
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
