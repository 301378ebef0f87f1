import type { CrlRow } from '../records/crls.ts';
import type { Records } from '../records/records.ts';

/** The newest list of an issuer, when there is one, and how many revocations there were of what it issued. */
export async function readCrlState(
  { crls, issuers }: Records,
  label: string,
): Promise<{ readonly crl: CrlRow | undefined; readonly revocations: number }> {
  const [crl, issuer] = await Promise.all([crls.find(label), issuers.find(label)]);
  return { crl, revocations: issuer?.revocations ?? 0 };
}

/** What can be seen of a list without its bytes. */
export interface ListedCrl {
  /** Of its issuer. */
  readonly label: string;
  readonly number: number;
  readonly signedAt: Date;
  readonly nextUpdate: Date;
}

/** The newest list of every issuer that ever signed one. */
export async function listCrls({ crls }: Records): Promise<ListedCrl[]> {
  return (await crls.list()).map(({ issuer, number, this_update, next_update }) => ({
    label: issuer,
    number,
    signedAt: new Date(this_update),
    nextUpdate: new Date(next_update),
  }));
}
