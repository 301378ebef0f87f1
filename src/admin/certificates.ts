import { type Static, Type } from 'typebox';
import type { Authority, CertificateRecord } from '../authority/index.ts';
import { HoldfastError, mapInTurns } from '../base/index.ts';
import { parseSerialNumber, roles, type SerialNumber } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, maxListed } from './answer.ts';
import { CertificateView, describeCertificate } from './describe-certificate.ts';

export const certificateListInput = Type.Object(
  {
    role: Type.Optional(Type.Enum([...roles])),
    name: Type.Optional(Type.String({ maxLength: 63 })),
    state: Type.Optional(Type.Enum(['valid', 'expired', 'revoked'])),
    /** Only those that end within so many milliseconds and are not renewed yet, the soonest first. */
    expiringWithinMs: Type.Optional(Type.Integer({ minimum: 1 })),
    /** The beginning of a serial number, fingerprint, name or host name. */
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    /** Serial number of the last one of the page before. */
    after: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);

/** A page of certificates. */
export const CertificateListAnswer = Type.Array(CertificateView);

/** A page of the certificates that were issued, the newest first; of those that end soon, the soonest. */
export async function listCertificates(
  { authority, clock }: AdminContext,
  { expiringWithinMs, after, ...filter }: Static<typeof certificateListInput>,
): Promise<Answer<typeof CertificateListAnswer>> {
  const expiring =
    expiringWithinMs === undefined ? {} : { expiringBefore: new Date(clock.now() + expiringWithinMs) };
  const page = after === undefined ? {} : { after: serialOf(after) };
  const records = await authority.certificates.list({ ...filter, ...expiring, ...page });
  return await mapInTurns(records, (record) => viewOf(authority, record, clock.now()));
}

function serialOf(text: string): SerialNumber {
  const serial = parseSerialNumber(text);
  if (serial !== undefined) return serial;
  throw new HoldfastError('input_invalid', `${JSON.stringify(text)} is no serial number`);
}

export const certificateShowInput = Type.Object(
  { serial: Type.String({ minLength: 1, maxLength: 40 }) },
  { additionalProperties: false },
);

/**
 * One certificate by its serial number, or enough of its beginning. `object_not_found` when the authority issued none of this
 * number, `input_invalid` when several begin so.
 */
export async function showCertificate(
  { authority, clock }: AdminContext,
  { serial }: Static<typeof certificateShowInput>,
): Promise<CertificateView> {
  const number = parseSerialNumber(serial);
  const exact = number && (await authority.certificates.show(number));
  const [record, ...others] = exact === undefined ? await beginningWith(authority, serial) : [exact];
  if (record === undefined)
    throw new HoldfastError('object_not_found', `this authority issued no certificate ${serial}`, {
      hint: 'holdfast cert list shows them all',
    });
  if (others.length === 0) return viewOf(authority, record, clock.now());
  throw new HoldfastError(
    'input_invalid',
    `${others.length + 1} certificates have numbers that begin ${serial}`,
    {
      hint: `give more digits: holdfast cert list --search ${serial} --json`,
    },
  );
}

/** As many as are needed to know that several begin so; names and fingerprints that do are passed over. */
async function beginningWith({ certificates }: Authority, digits: string): Promise<CertificateRecord[]> {
  const found = await certificates.list({ search: digits, limit: 100 });
  return found.filter(({ serial }) => serial.startsWith(digits));
}

function viewOf(
  { custody }: Authority,
  { certificate, ...record }: CertificateRecord,
  nowMs: number,
): CertificateView {
  const view = describeCertificate(certificate, nowMs, record);
  return custody.isClipped(certificate) ? { ...view, clipped: true } : view;
}
