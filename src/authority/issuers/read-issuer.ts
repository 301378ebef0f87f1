import { exportPublicKey } from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { authorityDamaged } from '../records/authority-damaged.ts';
import type { Records } from '../records/records.ts';
import type { CaCertificate, Issuer } from './issuer.ts';
import { readIssuers } from './recorded-issuers.ts';

/** What signs at a moment, from the records and the keystore. @throws HoldfastError `authority_damaged` */
export async function readIssuer(
  records: Records,
  keystore: Keystore,
  { network, statusAddress, nowMs }: { network: string; statusAddress: string; nowMs: number },
): Promise<Issuer> {
  const [root] = await readIssuers(records, 'root');
  const issuings = await readIssuers(records, 'issuing');
  const issuing = presentIssuing(issuings, keystore, nowMs);
  const issuingKey = keystore.key(issuing.label);
  const belongs = Buffer.compare(exportPublicKey(issuingKey), issuing.certificate.spki) === 0;
  if (!belongs)
    throw authorityDamaged(`the key ${issuing.label} of the keystore is not that of its certificate`);
  return { network, statusAddress, root, issuing, issuingKey, issuings };
}

/**
 * The newest issuing certificate whose key is here, that is not revoked and that has begun by the clock, so that neither
 * one made while the clock was far ahead nor one whose key was lost in a restore keeps the authority from working; when
 * there is none the newest whose key is here, and the newest of all when there is no key.
 */
export function presentIssuing(
  newestFirst: readonly [CaCertificate, ...CaCertificate[]],
  keystore: Pick<Keystore, 'has'>,
  nowMs: number,
): CaCertificate {
  const here = newestFirst.filter(({ label }) => keystore.has(label));
  const usable = here.filter(({ revoked }) => revoked === undefined);
  const begun = usable.find(({ certificate }) => certificate.notBefore.getTime() <= nowMs);
  return begun ?? usable[0] ?? here[0] ?? newestFirst[0];
}
