import { hash } from 'node:crypto';
import type { Bytes, Secret } from '../../base/index.ts';
import { createPkcs12 } from '../../pki/index.ts';
import { readOutside } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import { checkStanding } from '../standing/index.ts';
import type { BackingUp } from './backing-up.ts';

/** How the keys are to be written, and for whom. */
export interface Pkcs12Order {
  readonly password: Secret<string>;
  /** For readers from before 2018. */
  readonly legacy?: boolean;
  /** Where the file is going to be, for the log; absolute. */
  readonly to?: string | undefined;
  /** Who asked, for the log. */
  readonly by: string;
}

/** The authority's keys and certificates in one PKCS#12 file. */
export interface Pkcs12Backup {
  readonly file: Bytes;
  /** Every key that belongs to a certificate of the authority, and whether it is here and so in the file. */
  readonly keys: readonly { readonly label: string; readonly held: boolean }[];
}

/**
 * All keys of all generations that are here, with all certificates of the authority and those above its root, as PKCS#12 that
 * other programs open.
 * No record of what was issued is in it. That the keys left is in the log before they do.
 * @throws HoldfastError as `checkStanding`
 */
export async function exportPkcs12(context: BackingUp, order: Pkcs12Order): Promise<Pkcs12Backup> {
  checkStanding(context);
  const { records, keystore, log, issuer } = context;
  const outside = await readOutside(records, issuer.root.certificate);
  const certified = [...(await records.issuers.all()), ...(await records.ocspSigners.list())];
  const rows = certified.toSorted((a, b) => (a.label < b.label ? 1 : -1));
  const keys = rows.map(({ label }) => ({ label, held: keystore.has(label) }));
  const held = keys.filter((key) => key.held).map(({ label }) => label);
  const contents = {
    keys: held.map((label) => ({ name: label, key: keystore.key(label) })),
    certificates: [
      ...rows.map(({ label, certificate }) => ({ name: label, der: certificate })),
      ...outside.map(({ der }, index) => ({ name: `outside-${index + 1}`, der })),
    ],
  };
  const file = await createPkcs12(contents, order);
  const missing = keys.filter((key) => !key.held).map(({ label }) => label);
  await log.record(kinds.exported, {
    by: order.by,
    details: {
      as: 'PKCS#12',
      keys: held,
      missing,
      ...(order.to !== undefined && { to: order.to }),
      sha256: hash('sha256', file),
    },
  });
  return { file, keys };
}
