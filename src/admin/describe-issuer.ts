import type { IssuerCustody } from '../authority/index.ts';
import { dayMs } from '../base/index.ts';
import { formatSubtree, type NameConstraints } from '../pki/index.ts';
import { type CertificateView, describeCertificate } from './describe-certificate.ts';

/** A certificate of the authority's own as it is shown; the names of the keys are stable. */
export interface IssuerView extends CertificateView {
  /** `root-1`, `issuing-2`. */
  readonly label: string;
  readonly kind: 'root' | 'issuing';
  /** Whether it is the one in use. */
  readonly current: boolean;
  /** Whole days; negative once it has ended. */
  readonly daysLeft: number;
  readonly keyPlace: 'here' | 'offline' | 'gone';
  /** Where the key was taken to, and when (ISO 8601); null unless it is offline. */
  readonly keyFile: string | null;
  readonly keySince: string | null;
  /** Which names the certificates below it may carry; both empty when any. */
  readonly permitted: readonly string[];
  readonly excluded: readonly string[];
}

/** Describes a certificate of the authority as it stands at `nowMs`, milliseconds since 1970. */
export function describeIssuer(issuer: IssuerCustody, nowMs: number): IssuerView {
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
): Pick<IssuerView, 'permitted' | 'excluded'> {
  return { permitted: permitted.map(formatSubtree), excluded: excluded.map(formatSubtree) };
}
