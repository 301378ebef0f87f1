import { type Static, Type } from 'typebox';
import type { ListedCrl } from '../authority/index.ts';
import { asBuffer } from '../base/index.ts';
import type { AdminContext } from './admin-context.ts';

/** A revocation list as it is listed; times are ISO 8601. */
export interface CrlView {
  /** Of its issuer: `issuing-1`. */
  readonly label: string;
  readonly number: number;
  readonly signedAt: string;
  readonly nextUpdate: string;
}

/** The newest list of every issuer. */
export async function listCrls({ authority }: AdminContext): Promise<CrlView[]> {
  const lists = await authority.revocation.lists();
  return lists.map(viewOf);
}

export const crlInput = Type.Object(
  { label: Type.Optional(Type.String({ maxLength: 100 })) },
  { additionalProperties: false },
);

/**
 * A list with every revocation up to now, as Base64 of its DER; signed now when the newest one lacks any. Of what issues
 * now unless a label is given. Errors: `object_not_found`.
 */
export async function showCrl(
  { authority }: AdminContext,
  { label }: Static<typeof crlInput>,
): Promise<CrlView & { readonly crl: string }> {
  const { der, ...list } = await authority.revocation.currentCrl(label);
  return { ...viewOf(list), crl: asBuffer(der).toString('base64') };
}

function viewOf({ label, number, signedAt, nextUpdate }: ListedCrl): CrlView {
  return { label, number, signedAt: signedAt.toISOString(), nextUpdate: nextUpdate.toISOString() };
}
