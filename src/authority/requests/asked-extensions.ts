import {
  type CertificateRequest,
  type ExtendedKeyUsage,
  extensionOids,
  type KeyUsage,
} from '../../pki/index.ts';
import type { ProfilePolicy } from '../../policy/index.ts';
import { requestNotAllowed } from '../issue/index.ts';

/**
 * What the wizards of Windows and OpenSSL's examples put into requests, by its name: it is read, and the profile says
 * what the certificate has instead.
 */
const passedOver = new Map<string, string>([
  [extensionOids.subjectKeyId, 'the key identifier'],
  [extensionOids.keyUsage, 'the key usage'],
  [extensionOids.extendedKeyUsage, 'the extended key usage'],
  ['1.2.840.113549.1.9.15', 'the S/MIME capabilities'],
  ['1.3.6.1.4.1.311.20.2', 'the template'],
  ['1.3.6.1.4.1.311.21.7', 'the template'],
  ['1.3.6.1.4.1.311.21.10', 'the application policies'],
  ['2.16.840.1.113730.1.1', 'the Netscape type'],
  ['2.16.840.1.113730.1.13', 'the comment'],
]);

/** What a key for connections is used for; anything else would be an authority's, or somebody's word. */
const connectionUsages: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
];

/**
 * Refuses what a certificate of this profile never has; gives the names of what is passed over, because the profile says
 * it instead. @throws HoldfastError `request_not_allowed`
 */
export function checkAskedExtensions({ extensions }: CertificateRequest, profile: ProfilePolicy): string[] {
  if (extensions.basicConstraints?.ca === true) throw excess('an authority (CA flag)');
  const usage = extensions.keyUsage?.find((each) => !connectionUsages.includes(each));
  if (usage !== undefined) throw excess(`the key usage ${usage}`);
  const allowed: readonly ExtendedKeyUsage[] = profile.extendedKeyUsage;
  const purpose = extensions.extendedKeyUsage?.find((each) => !allowed.includes(each));
  if (purpose !== undefined) throw excess(`the extended key usage ${purpose}`);
  const others = [...extensions.all.keys()].filter((oid) => !granted.includes(oid));
  const unknown = others.find((oid) => !passedOver.has(oid));
  if (unknown !== undefined) throw excess(`the extension ${nameOf(unknown)}`);
  return [...new Set(others.flatMap((oid) => passedOver.get(oid) ?? []))];
}

const granted: readonly string[] = [extensionOids.subjectAltNames, extensionOids.basicConstraints];

function nameOf(oid: string): string {
  return Object.entries(extensionOids).find(([, each]) => each === oid)?.[0] ?? oid;
}

function excess(what: string) {
  return requestNotAllowed(`the request asks for ${what}, which certificates of its profile do not have`);
}
