import { type Static, Type } from 'typebox';
import type { ListedCrl } from '../authority/index.ts';
import { asBuffer, HoldfastError } from '../base/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, Time } from './answer.ts';

const crlFields = {
  /** Of its issuer: `issuing-1`. */
  label: Type.String(),
  number: Type.Integer(),
  signedAt: Time,
  nextUpdate: Time,
};
const CrlView = Type.Object(crlFields);

/** Revocation lists as they are listed. */
export const CrlListAnswer = Type.Array(CrlView);

/** The newest list of every issuer. */
export async function listCrls({ authority }: AdminContext): Promise<Answer<typeof CrlListAnswer>> {
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
export const CrlPiece = Type.Object({
  ...crlFields,
  /** How many bytes the whole has. */
  bytes: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
  /** Some bytes of its DER from the offset on. */
  piece: Base64,
});

const pieceBytes = 384 * 1024;

/**
 * A list with every revocation up to now, signed now when the newest one lacks any; from an offset on, the newest list as
 * it is, which may be another one by then: its number says so. Of what issues now unless a label is given.
 * Errors: `object_not_found`.
 */
export async function showCrl(
  { authority }: AdminContext,
  { label, offset = 0 }: Static<typeof crlInput>,
): Promise<Answer<typeof CrlPiece>> {
  const { revocation } = authority;
  const list = offset === 0 ? await revocation.currentCrl(label) : await revocation.crl(label);
  if (list === undefined) throw new HoldfastError('object_not_found', 'this list is gone');
  const piece = asBuffer(list.der).subarray(offset, offset + pieceBytes);
  return { ...viewOf(list), bytes: list.der.length, piece: piece.toString('base64') };
}

function viewOf({ label, number, signedAt, nextUpdate }: ListedCrl): Answer<typeof CrlView> {
  return { label, number, signedAt: signedAt.toISOString(), nextUpdate: nextUpdate.toISOString() };
}
