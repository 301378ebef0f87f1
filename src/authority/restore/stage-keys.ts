import { type Clock, type Secret, writeFileAtomic } from '../../base/index.ts';
import { Keystore } from '../../trust/index.ts';
import { generateRecoveryKey, recoveryKitText } from '../custody/index.ts';
import {
  type AuthorityRecords,
  type IssuerKind,
  ocspSignerLabel,
  openRecords,
  recordIssuer,
} from '../records/index.ts';
import type { AuthorityKeys } from './read-p12.ts';

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
export async function stageKeys(
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
      await recordIssuer(tx, { kind: kind as IssuerKind, generation: Number(generation), certificate });
    }
    for (const { fingerprint, der } of outside) await tx.outside.insert({ fingerprint, certificate: der });
    for (const [issuer, { notAfter, der }] of ocspSigners) {
      const label = ocspSignerLabel(issuer);
      await tx.ocspSigners.put({ label, issuer, not_after: notAfter.getTime(), certificate: der });
    }
  });
}
