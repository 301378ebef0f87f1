import { toHex } from '../base/index.ts';
import {
  type AnyCrl,
  allReasons,
  type Certificate,
  type DistributionPoint,
  type DistributionPointName,
  equalNames,
  formatGeneralName,
  type GeneralName,
  type Name,
  nameKey,
  type ReasonFlag,
  type RevokedCertificate,
} from '../pki/index.ts';

/**
 * Where it is said whether a certificate is revoked: the points that it names, and then whatever its issuer says of all of
 * its certificates (RFC 5280 §6.3.3, last paragraph).
 */
export function pointsOf({ extensions, issuer }: Certificate): DistributionPoint[] {
  const names = [{ kind: 'directory', value: issuer } as const];
  return [...extensions.crlPoints.slice(0, maxPoints), { name: { kind: 'full', names } }];
}

/** No certificate in use names more. */
const maxPoints = 64;

/** Whether a list is one that a point of a certificate means (RFC 5280 §6.3.3 (b)). */
export function isMeant(crl: AnyCrl, point: DistributionPoint, certificate: Certificate): boolean {
  return (
    isByIssuerOf(crl, point, certificate) && isAbout(crl, certificate) && isAtPoint(crl, point, certificate)
  );
}

/** Of which reasons a list says at a point whether a certificate is revoked (§6.3.3 (d)). */
export function reasonsOf(crl: AnyCrl, point: DistributionPoint): ReadonlySet<ReasonFlag> {
  return (point.reasons ?? allReasons).intersection(crl.distribution?.reasons ?? allReasons);
}

/** The line of a list about a certificate, if there is one; those of other issuers are in an indirect list alone. */
export function lineOf(crl: AnyCrl, { issuer, serial }: Certificate): RevokedCertificate | undefined {
  const lines = equalNames(crl.issuer, issuer) ? crl.revoked : crl.revokedOfOthers.get(nameKey(issuer));
  return lines?.get(serial);
}

/** §6.3.3 (b)(1). */
function isByIssuerOf(crl: AnyCrl, { crlIssuer }: DistributionPoint, { issuer }: Certificate): boolean {
  if (crlIssuer === undefined) return equalNames(crl.issuer, issuer);
  if (crl.distribution?.indirect !== true) return false;
  return crlIssuer.some((name) => name.kind === 'directory' && equalNames(name.value, crl.issuer));
}

/** §6.3.3 (b)(2)(ii)–(iv); before version 3 no certificate says whose it is (§5.2.5). */
function isAbout({ distribution }: AnyCrl, { extensions, version }: Certificate): boolean {
  const only = distribution?.only;
  if (only === undefined) return true;
  if (only === 'attributes' || version < 3) return false;
  return (only === 'authorities') === (extensions.basicConstraints?.ca === true);
}

/** §6.3.3 (b)(2)(i). */
function isAtPoint(crl: AnyCrl, { name, crlIssuer }: DistributionPoint, { issuer }: Certificate): boolean {
  const wanted = crl.distribution?.name;
  if (wanted === undefined) return true;
  const [above = issuer] = (crlIssuer ?? []).flatMap((each) =>
    each.kind === 'directory' ? [each.value] : [],
  );
  const found = name === undefined ? (crlIssuer ?? []) : namesOf(name, above);
  const keys = new Set(namesOf(wanted, crl.issuer).map(keyOf));
  return found.some((each) => keys.has(keyOf(each)));
}

/** The names of a point, in full; `above` is what a relative one follows. */
function namesOf(name: DistributionPointName, above: Name): readonly GeneralName[] {
  return name.kind === 'full' ? name.names : [{ kind: 'directory', value: [...above, name.rdn] }];
}

function keyOf(name: GeneralName): string {
  if (name.kind === 'directory') return `directory:${nameKey(name.value)}`;
  return name.kind === 'other' ? toHex(name.der) : formatGeneralName(name);
}
