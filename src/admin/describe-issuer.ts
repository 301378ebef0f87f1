import { Type } from 'typebox';
import type { IssuerCustody } from '../authority/index.ts';
import { dayMs } from '../base/index.ts';
import { formatSubtree, type NameConstraints } from '../pki/index.ts';
import { type Answer, TextOrNull, TimeOrNull } from './answer.ts';
import { certificateFields, describeCertificate } from './describe-certificate.ts';

/** A certificate of the authority's own as it is shown; the names of the keys are stable. */
export const IssuerView = Type.Object({
  /** `root-1`, `issuing-2`. */
  label: Type.String(),
  kind: Type.Enum(['root', 'issuing']),
  /** Whether it is the one in use. */
  current: Type.Boolean(),
  ...certificateFields,
  /** Whole days; negative once it has ended. */
  daysLeft: Type.Integer(),
  keyPlace: Type.Enum(['here', 'offline', 'gone']),
  /** Where the key was taken to, and when; null unless it is offline. */
  keyFile: TextOrNull,
  keySince: TimeOrNull,
  /** Which names the certificates below it may carry; both empty when any. */
  permitted: Type.Array(Type.String()),
  excluded: Type.Array(Type.String()),
});

/** Describes a certificate of the authority as it stands at `nowMs`, milliseconds since 1970. */
export function describeIssuer(issuer: IssuerCustody, nowMs: number): Answer<typeof IssuerView> {
  const { label, kind, current, certificate, key, revoked } = issuer;
  const end = revoked && { revokedAt: revoked.at, revocationReason: revoked.reason };
  const offline = key.place === 'offline' ? key : undefined;
  return {
    label,
    kind,
    current,
    ...describeCertificate(certificate, nowMs, end),
    daysLeft: Math.floor((certificate.notAfter.getTime() - nowMs) / dayMs),
    keyPlace: key.place,
    keyFile: offline?.file ?? null,
    keySince: offline?.since.toISOString() ?? null,
    ...describeConstraints(certificate.extensions.nameConstraints),
  };
}

function describeConstraints(
  { permitted, excluded }: NameConstraints = { permitted: [], excluded: [] },
): Pick<Answer<typeof IssuerView>, 'permitted' | 'excluded'> {
  return { permitted: permitted.map(formatSubtree), excluded: excluded.map(formatSubtree) };
}
