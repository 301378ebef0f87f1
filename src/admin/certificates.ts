import { type Static, Type } from 'typebox';
import type { CertificateRecord } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import { parseSerialNumber } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type CertificateView, describeCertificate } from './describe-certificate.ts';

export const certificateListInput = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })) },
  { additionalProperties: false },
);

/** The certificates that were issued, the newest first. */
export async function listCertificates(
  { authority, clock }: AdminContext,
  { limit }: Static<typeof certificateListInput>,
): Promise<CertificateView[]> {
  const records = await authority.certificates.list(limit === undefined ? {} : { limit });
  return records.map((record) => viewOf(record, clock.now()));
}

export const certificateShowInput = Type.Object({ serial: Type.String() }, { additionalProperties: false });

/** One certificate by its serial number. `object_not_found` when the authority issued none of this number. */
export async function showCertificate(
  { authority, clock }: AdminContext,
  { serial }: Static<typeof certificateShowInput>,
): Promise<CertificateView> {
  const number = parseSerialNumber(serial);
  const record = number && (await authority.certificates.show(number));
  if (record !== undefined) return viewOf(record, clock.now());
  throw new HoldfastError('object_not_found', `this authority issued no certificate ${serial}`, {
    hint: 'holdfast cert list shows them all',
  });
}

function viewOf({ certificate, state }: CertificateRecord, nowMs: number): CertificateView {
  return describeCertificate(certificate, nowMs, state === 'revoked');
}
