import type { KeyObject } from 'node:crypto';
import { asBuffer, type Bytes, HoldfastError, type Secret } from '../../base/index.ts';
import {
  type Certificate,
  exportPublicKey,
  formatName,
  networkUri,
  type OpenedPkcs12,
  openPkcs12,
  parseCertificate,
  parseNetworkUri,
  publicKeyOf,
  signed,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import { caLabel, parseStatusAddress, signersAbove, statusPaths } from '../issuers/index.ts';
import { issuerLabel, ocspSignerLabel } from '../records/index.ts';

/** An authority as far as its keys and certificates tell. */
export interface AuthorityKeys {
  readonly network: string;
  /** What the newest issuing certificate names. */
  readonly statusAddress: string;
  /** Host names and addresses of the servers whose certificates are in the file too. */
  readonly serverNames: readonly string[];
  /** Root and issuing certificates of all generations, each under its label. */
  readonly certificates: ReadonlyMap<string, Certificate>;
  /** Certificates that sign OCSP answers and whose keys are there: by the label of the issuing certificate that made them. */
  readonly ocspSigners: ReadonlyMap<string, Certificate>;
  /** The certificates above a root that another authority signed. */
  readonly outside: readonly Certificate[];
  /** The keys that are there, each under the label of its certificate, `ocsp-issuing-1` for those of OCSP. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** What to tell people of a file that protects it weakly, as `openPkcs12` says. */
  readonly weakness?: string;
}

/**
 * Reads the authority that a PKCS#12 file holds: ours, or what another program wrote of the same keys and certificates.
 * The chains are verified, and each key belongs to its certificate.
 *
 * @throws HoldfastError `password_wrong`, `pkcs12_malformed`, `backup_foreign` when it holds no authority of ours that
 *   could issue
 */
export async function readAuthorityPkcs12(file: Bytes, password: Secret<string>): Promise<AuthorityKeys> {
  const contents = await openPkcs12(file, password);
  const certificates = new Map<string, Certificate>();
  const others: Certificate[] = [];
  for (const { der } of contents.certificates) {
    const certificate = parseCertificate(der);
    const label = caLabel(certificate);
    if (label === undefined) others.push(certificate);
    else certificates.set(label, certificate);
  }
  if (certificates.size === 0) throw foreign(`it holds ${namesOf(contents)}`);
  const root = adoptedRoot(certificates, others);
  if (root !== undefined) certificates.set(issuerLabel('root', 1), root);
  const about = describe(certificates);
  const keys = new Map<string, KeyObject>();
  const take = (label: string, { spki }: Certificate): boolean => {
    const key = contents.keys.find((one) => asBuffer(exportPublicKey(one.key)).equals(spki))?.key;
    if (key !== undefined) keys.set(label, key);
    return key !== undefined;
  };
  for (const [label, certificate] of certificates) take(label, certificate);
  if (![...keys.keys()].some((label) => label.startsWith('issuing-')))
    throw foreign('it holds no key of an issuing certificate');
  const issued = others.flatMap((leaf) => issuedBy(certificates, leaf));
  const ocspSigners = issued.filter(
    ({ issuer, leaf }) => isOcspSigner(leaf) && take(ocspSignerLabel(issuer), leaf),
  );
  return {
    ...about,
    serverNames: [...new Set(issued.flatMap(({ leaf }) => namesIn(leaf)))],
    certificates,
    outside: root === undefined ? [] : signersAbove(root, others),
    ocspSigners: new Map(ocspSigners.map(({ issuer, leaf }) => [issuer, leaf])),
    keys,
    weakness: contents.weakness,
  };
}

/** A root that was there before the network, and so has a name of its own: the newest that signed an issuing certificate. */
function adoptedRoot(
  certificates: ReadonlyMap<string, Certificate>,
  others: readonly Certificate[],
): Certificate | undefined {
  if ([...certificates.keys()].some((label) => label.startsWith('root-'))) return undefined;
  const issuings = [...certificates.values()];
  const roots = others.filter((each) => issuings.some((issuing) => signed(each, issuing)));
  return roots.toSorted((a, b) => b.notBefore.getTime() - a.notBefore.getTime())[0];
}

/** A certificate of the file, under the label of the issuing certificate that signed it; nothing for one of somebody else. */
function issuedBy(
  certificates: ReadonlyMap<string, Certificate>,
  leaf: Certificate,
): { readonly issuer: string; readonly leaf: Certificate }[] {
  return [...certificates]
    .filter(
      ([label, by]) => label.startsWith('issuing-') && verifyCertificateSignature(leaf, publicKeyOf(by)),
    )
    .map(([issuer]) => ({ issuer, leaf }));
}

function isOcspSigner({ extensions }: Certificate): boolean {
  return extensions.extendedKeyUsage?.includes('OCSPSigning') === true;
}

function namesIn({ extensions }: Certificate): string[] {
  return extensions.subjectAltNames.flatMap((name) =>
    name.kind === 'dns' || name.kind === 'ip' ? [name.value] : [],
  );
}

/** Whose certificates are in a file of another program. */
function namesOf({ certificates }: OpenedPkcs12): string {
  const names = certificates.map(({ der }) => formatName(parseCertificate(der).subject));
  return names.length === 0 ? 'no certificate' : [...new Set(names)].join(', ');
}

function describe(
  certificates: ReadonlyMap<string, Certificate>,
): Pick<AuthorityKeys, 'network' | 'statusAddress'> {
  const roots = [...certificates].filter(([label]) => label.startsWith('root-'));
  const issuings = [...certificates].filter(([label]) => label.startsWith('issuing-'));
  const [root] = roots.map(([, certificate]) => certificate);
  const [issuing] = issuings.toSorted(byGeneration).map(([, certificate]) => certificate);
  // A root that was there before does not say whose it is.
  const network = (root && networkOf(root)) ?? (issuing && networkOf(issuing));
  if (root === undefined || issuing === undefined || network === undefined)
    throw foreign('it holds no root and issuing certificate of a network');
  for (const [label, certificate] of certificates)
    if (label.startsWith('issuing-') || caLabel(certificate) !== undefined)
      checkChain(certificate, roots, network);
  return { network, statusAddress: statusAddressOf(issuing) };
}

/** The newest first. */
function byGeneration([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return Number(b.split('-')[1]) - Number(a.split('-')[1]);
}

/** A certificate of the same network, signed by one of the roots. */
function checkChain(
  certificate: Certificate,
  roots: readonly (readonly [string, Certificate])[],
  network: string,
): void {
  const isSigned = roots.some(([, root]) => verifyCertificateSignature(certificate, publicKeyOf(root)));
  if (isSigned && networkOf(certificate) === network) return;
  throw foreign(
    `${caLabel(certificate)} in it is not of the network ${networkUri(network)} or not of its root`,
  );
}

function networkOf({ extensions }: Certificate): string | undefined {
  const uri = extensions.subjectAltNames.find(({ kind }) => kind === 'uri');
  return uri === undefined || uri.kind !== 'uri' ? undefined : parseNetworkUri(uri.value);
}

/** An issuing certificate says where its root's revocation list is: below the status address. */
function statusAddressOf({ extensions }: Certificate): string {
  const [url = ''] = extensions.crlUrls;
  const end = statusPaths.crl('root-1').replace('root-1.crl', '');
  const at = url.indexOf(end);
  if (at < 0) throw foreign('its issuing certificate names no status address');
  return parseStatusAddress(url.slice(0, at));
}

function foreign(problem: string): HoldfastError {
  return new HoldfastError('backup_foreign', `the pkcs#12 file is not of a Holdfast authority: ${problem}`, {
    hint: 'keys of another authority cannot become those of a network: holdfast init makes new ones, and machines join',
  });
}
