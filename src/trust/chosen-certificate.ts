import { hash } from 'node:crypto';
import { type Bytes, equalBytes, HoldfastError } from '../base/index.ts';
import { type Certificate, formatName, parseCertificate } from '../pki/index.ts';
import { checkKey, checkKeyUse, checkValidity } from './check-path.ts';
import type { TrustAnchor } from './root-list.ts';

/** Whether an anchor vouches for itself alone: what is bound to an address, or is no authority. */
export function standsAlone({ certificate, speaksFor }: TrustAnchor): boolean {
  if (speaksFor.kind === 'address') return true;
  const { version, extensions } = parseCertificate(certificate);
  // Before version 3 no certificate could say which it is.
  return version < 3 || extensions.basicConstraints?.ca !== true;
}

/**
 * The certificate that somebody chose for a server, if it will do. Who signed it and what it calls the server does not count:
 * it was chosen as it is (RFC 9525 §7.4).
 *
 * @throws HoldfastError `certificate_expired`, `certificate_not_yet_valid`, `certificate_not_allowed`
 */
export function checkChosenLeaf(leaf: Bytes, at: Date): Certificate {
  const certificate = parseCertificate(leaf);
  checkKey(certificate);
  checkKeyUse(certificate);
  checkValidity(certificate, at);
  return certificate;
}

/**
 * In sentences, which servers that were chosen by their certificates present one key: each of them can be taken for the
 * others, and whoever has the key of one has that of all.
 */
export function sharedKeys(anchors: readonly TrustAnchor[]): string[] {
  const byKey = Map.groupBy(anchors.filter(standsAlone), ({ certificate }) =>
    hash('sha256', parseCertificate(certificate).spki, 'hex'),
  );
  return [...byKey].flatMap(([key, chosen]) => {
    // What was chosen once for several names is one server that has them.
    const servers = new Set(chosen.map((anchor) => hostsFor(anchor).join(', ')));
    return servers.size < 2
      ? []
      : `${[...servers].join(' and ')} present one key (SHA-256 ${key}): unless that is one server, each can be taken for the other; see that each makes a key of its own`;
  });
}

function hostsFor({ speaksFor }: TrustAnchor): readonly string[] {
  if (speaksFor.kind === 'server') return speaksFor.names;
  return speaksFor.kind === 'address' ? [new URL(`https://${speaksFor.address}`).hostname] : [];
}

/** That a server shows another certificate than those that were chosen for it: what was there, what is now, what differs. */
export function certificateChanged(
  { host, port }: { readonly host: string; readonly port?: number | undefined },
  chosen: readonly TrustAnchor[],
  shown: Certificate,
): HoldfastError {
  const url = `https://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`;
  const before = chosen.map(chosenText).join(', or ');
  const differs = differences(parseCertificate((chosen.at(-1) as TrustAnchor).certificate), shown);
  return new HoldfastError(
    'certificate_changed',
    `${url} shows another certificate than the one that was chosen for it: expected ${before}, found ${shown.fingerprint}: ${differs}`,
    {
      hint: `ask whoever runs that server, by another way, whether it was renewed and what its fingerprint is now; only then: holdfast trust accept ${url} --fingerprint SHA256:…`,
    },
  );
}

function chosenText({ fingerprint, speaksFor }: TrustAnchor): string {
  return speaksFor.kind === 'address' ? `${fingerprint} (accepted ${speaksFor.accepted})` : fingerprint;
}

/** `the same key; valid until 2026-11-01T00:00:00.000Z before, 2027-11-01T00:00:00.000Z now`. */
function differences(before: Certificate, now: Certificate): string {
  const fields: readonly (readonly [what: string, of: (certificate: Certificate) => string])[] = [
    ['subject', ({ subject }) => formatName(subject)],
    ['issuer', ({ issuer }) => formatName(issuer)],
    ['valid from', ({ notBefore }) => notBefore.toISOString()],
    ['valid until', ({ notAfter }) => notAfter.toISOString()],
  ];
  const changed = fields.flatMap(([what, of]) => {
    const [old, present] = [of(before), of(now)];
    return old === present ? [] : [`${what} ${old} before, ${present} now`];
  });
  return [equalBytes(before.spki, now.spki) ? 'the same key' : 'another key', ...changed].join('; ');
}
