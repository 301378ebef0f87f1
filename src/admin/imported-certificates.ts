import { type Static, Type } from 'typebox';
import type { ImportedRecord } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, maxListed, TextOrNull, TimeOrNull } from './answer.ts';
import { type CertificateView, describeCertificate } from './describe-certificate.ts';

/**
 * One that the root had issued before it was adopted, as it is shown.
 * @throws HoldfastError `object_not_found` where nothing but its number and what an index said of it is known
 */
export function importedView(
  { certificate, serial, subject, ...record }: ImportedRecord,
  nowMs: number,
): CertificateView {
  if (certificate !== undefined) return describeCertificate(certificate, nowMs, record);
  const called = subject === undefined ? '' : ` of ${subject}`;
  throw new HoldfastError(
    'object_not_found',
    `the certificate ${serial}${called} was issued before this authority was adopted, and was not at hand then`,
    { hint: `what is known of it: holdfast cert list --imported --search ${serial}` },
  );
}

export const importedListInput = Type.Object(
  {
    state: Type.Optional(Type.Enum(['valid', 'expired', 'revoked'])),
    /** Part of the subject, or the beginning of a serial number. */
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    /** The id of the last one of the page before. */
    after: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);

/** A page of what the root had issued before it was adopted; null where it is not known. */
export const ImportedListAnswer = Type.Array(
  Type.Object({
    id: Type.Integer(),
    serial: Type.String(),
    subject: TextOrNull,
    notAfter: TimeOrNull,
    state: Type.Enum(['valid', 'expired', 'revoked']),
    revokedAt: TimeOrNull,
    /** In a word of RFC 5280. */
    revocationReason: TextOrNull,
    /** Of the certificate, where that was at hand. */
    fingerprint: TextOrNull,
  }),
);

/** A page of the certificates that the root had issued before it was adopted, in the order they were imported. */
export async function listImported(
  { authority }: AdminContext,
  filter: Static<typeof importedListInput>,
): Promise<Answer<typeof ImportedListAnswer>> {
  const records = await authority.certificates.listImported(filter);
  return records.map(
    ({ id, serial, subject, notAfter, state, revokedAt, revocationReason, certificate }) => ({
      id,
      serial,
      subject: subject ?? null,
      notAfter: notAfter?.toISOString() ?? null,
      state,
      revokedAt: revokedAt?.toISOString() ?? null,
      revocationReason: revocationReason ?? null,
      fingerprint: certificate?.fingerprint ?? null,
    }),
  );
}
