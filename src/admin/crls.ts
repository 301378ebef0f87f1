import { type Static, Type } from 'typebox';
import type { ListedCrl } from '../authority/index.ts';
import { asBuffer, HoldfastError } from '../base/index.ts';
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
  {
    label: Type.Optional(Type.String({ maxLength: 100 })),
    /** Where in the list to go on; at its beginning unless said. */
    offset: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);

/** A piece of a list: as text, a long one as a whole would be there several times over. */
export interface CrlPiece extends CrlView {
  /** How many bytes the whole has. */
  readonly bytes: number;
  /** Base64 of some bytes of its DER from the offset on. */
  readonly piece: string;
}

const pieceBytes = 384 * 1024;

/**
 * A list with every revocation up to now, signed now when the newest one lacks any; from an offset on, the newest list as
 * it is, which may be another one by then: its number says so. Of what issues now unless a label is given.
 * Errors: `object_not_found`.
 */
export async function showCrl(
  { authority }: AdminContext,
  { label, offset = 0 }: Static<typeof crlInput>,
): Promise<CrlPiece> {
  const { revocation } = authority;
  const list = offset === 0 ? await revocation.currentCrl(label) : await revocation.crl(label);
  if (list === undefined) throw new HoldfastError('object_not_found', 'this list is gone');
  const piece = asBuffer(list.der).subarray(offset, offset + pieceBytes);
  return { ...viewOf(list), bytes: list.der.length, piece: piece.toString('base64') };
}

function viewOf({ label, number, signedAt, nextUpdate }: ListedCrl): CrlView {
  return { label, number, signedAt: signedAt.toISOString(), nextUpdate: nextUpdate.toISOString() };
}
