import { type Bytes, equalBytes, type Secret } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { foreign, openSealedRoot } from './sealed-root.ts';

/** The file with the key of the root, and what opens it. */
export interface BringOnlineOrder {
  readonly passphrase: Secret<string>;
  readonly sealed: Bytes;
  readonly by: string;
}

/**
 * Puts the key of the root back into the keystore; the file stays as it is.
 * @throws HoldfastError `password_wrong`, `backup_damaged`, `backup_foreign` when it is the key of another root; then
 *   nothing has changed
 */
export async function bringOnline(
  { issuer, keystore, records, log }: AuthorityContext,
  { passphrase, sealed, by }: BringOnlineOrder,
): Promise<void> {
  const { label, certificate: root } = issuer.root;
  const { certificate, key } = await openSealedRoot(sealed, passphrase);
  if (!equalBytes(certificate.spki, root.spki)) {
    throw foreign(`it is of the root ${certificate.fingerprint}, and this one is ${root.fingerprint}`);
  }
  await keystore.update((entries) => entries.putKey(label, key));
  await records.transaction(async (tx) => {
    await tx.issuers.moveKey(label, undefined);
    await log.append(tx, { kind: 'root online', by, details: { root: root.fingerprint, label } });
  });
}
