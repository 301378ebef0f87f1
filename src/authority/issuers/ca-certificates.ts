import type { KeyObject } from 'node:crypto';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  commonName,
  createLintedCertificate,
  createName,
  equalNames,
  exportPublicKey,
  generateSerialNumber,
  keyIdentifier,
  type Name,
  type NameConstraints,
  networkUri,
  type RequestTemplate,
} from '../../pki/index.ts';
import { authorityProfiles } from '../../policy/index.ts';

/** Where, below the status address, certificates say that things are. In certificates for twenty years: never changed. */
export const statusPaths = {
  /** The certificate of an issuer, DER. */
  certificate: (issuerLabel: string): string => `/-/status/${issuerLabel}.cer`,
  /** What an issuer has revoked. */
  crl: (issuerLabel: string): string => `/-/status/${issuerLabel}.crl`,
  ocsp: '/-/status/ocsp',
} as const;

/** The form in which a status address is kept: `http://host:port`. @throws HoldfastError `settings_invalid` */
export function parseStatusAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain =
    url !== undefined && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (url !== undefined && plain && ['http:', 'https:'].includes(url.protocol)) return url.origin;
  throw new HoldfastError(
    'settings_invalid',
    `status address ${text}: expected http://HOST:PORT without a path`,
    {
      hint: 'take a name that will stay: it goes into every certificate',
    },
  );
}

/** What the certificates of a network's authority have in common. */
interface CaOptions {
  readonly network: string;
  readonly statusAddress: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Which names certificates below an issuing one may carry; any unless said. */
  readonly nameConstraints?: NameConstraints;
}

const maxOrganisationLength = 64;

/** A root certificate, signed by its own key. */
export function createRootCertificate(label: string, key: KeyObject, options: CaOptions): Bytes {
  const subject = caName(label, options.network);
  const spki = exportPublicKey(key);
  const template = caTemplate(authorityProfiles.root, { subject, issuer: subject, spki }, options);
  return createLintedCertificate(template, key);
}

/** An issuing certificate: signs leaves only, and says where the root's revocation list is. */
export function createIssuingCertificate(
  label: string,
  publicKey: KeyObject,
  { root, rootLabel, rootKey }: { root: Certificate; rootLabel: string; rootKey: KeyObject },
  options: CaOptions,
): Bytes {
  const names = {
    subject: caName(label, options.network),
    issuer: root.subject,
    spki: exportPublicKey(publicKey),
  };
  const template = caTemplate(authorityProfiles.issuing, names, options);
  const { statusAddress, nameConstraints } = options;
  const extensions = {
    ...template.extensions,
    nameConstraints,
    authorityKeyId: keyIdentifierOf(root),
    crlUrls: [statusAddress + statusPaths.crl(rootLabel)],
    issuerUrls: [statusAddress + statusPaths.certificate(rootLabel)],
  };
  const notAfter = template.notAfter < root.notAfter ? template.notAfter : root.notAfter;
  return createLintedCertificate({ ...template, notAfter, extensions }, rootKey);
}

/**
 * What is asked of an outside root for the key of the network's: an authority with room for one issuing certificate below it,
 * which signs certificates and lists.
 */
export function rootRequest(network: string, subject: Name): RequestTemplate {
  return {
    subject,
    basicConstraints: { ca: true, pathLength: 1 },
    keyUsage: ['keyCertSign', 'cRLSign'],
    subjectAltNames: [{ kind: 'uri', value: networkUri(network) }],
  };
}

/** By what those below name the key of an issuer: as its own certificate calls it, since validators compare the two. */
export function keyIdentifierOf({ extensions, spki }: Certificate): Bytes {
  return extensions.subjectKeyId ?? keyIdentifier(spki);
}

/** Whether nobody stands above a certificate: it is signed by its own key. */
export function isSelfSigned({ subject, issuer }: Certificate): boolean {
  return equalNames(subject, issuer);
}

/** Which certificate of an authority of ours one is by its name: `root-1`, `issuing-2`; undefined for any other. */
export function caLabel({ subject }: Certificate): string | undefined {
  return /^Holdfast ((?:root|issuing)-[1-9]\d{0,8})$/.exec(commonName(subject) ?? '')?.[1];
}

/** `O=<network>, CN=Holdfast root-1`; a network too long for an organisation (RFC 5280, ub-organization-name) is left out. */
function caName(label: string, network: string): Name {
  const CN = `Holdfast ${label}`;
  return createName(network.length <= maxOrganisationLength ? { O: network, CN } : { CN });
}

function caTemplate(
  profile: { readonly lifetimeMs: number; readonly backdateMs: number; readonly pathLength?: number },
  names: Pick<CertificateTemplate, 'subject' | 'issuer' | 'spki'>,
  { network, nowMs }: CaOptions,
): CertificateTemplate {
  const { lifetimeMs, backdateMs, pathLength } = profile;
  return {
    ...names,
    serial: generateSerialNumber(nowMs),
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + lifetimeMs),
    extensions: {
      basicConstraints: { ca: true, pathLength },
      keyUsage: ['keyCertSign', 'cRLSign'],
      subjectAltNames: [{ kind: 'uri', value: networkUri(network) }],
    },
  };
}
