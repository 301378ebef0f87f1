import { HoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  commonName,
  formatGeneralName,
  formatSubtree,
  type GeneralName,
  isHostName,
  type NameConstraints,
  parseIpRange,
} from '../../pki/index.ts';
import { parseRequestedNames } from '../../policy/index.ts';
import { forbiddenName } from '../../trust/index.ts';
import type { Issuer } from './issuer.ts';

const maxEntries = 64;
const everyAddress = ['0.0.0.0/0', '::/0'];

/**
 * The name constraints of an issuing certificate that is to certify machines in these domains and address ranges. Where no
 * range is named, addresses are excluded; a domain there has to be, since programs take the name of a machine for a host
 * name where its certificate has no other. Nothing is said of URIs: Chromium, rustls and pyca refuse every certificate with
 * a URI below such a constraint, and that an identity is of its network is looked at by whoever believes it.
 *
 * @throws HoldfastError `name_invalid`, naming the entry
 */
export function permittingNames(entries: readonly string[]): NameConstraints {
  const texts = entries.flatMap((entry) => entry.split(',')).map((entry) => entry.trim().toLowerCase());
  if (texts.length > maxEntries) throw invalid(`${texts.length} entries, at most ${maxEntries} are taken`);
  const ranges = texts.flatMap((text) => parseIpRange(text) ?? []);
  const domains = texts.filter((text) => parseIpRange(text) === undefined);
  const wrong = domains.find((domain) => !isHostName(domain));
  if (wrong !== undefined) throw invalid(`${JSON.stringify(wrong)} is neither a domain nor an address range`);
  if (domains.length === 0) throw invalid('no domain is named, and one at least is needed');
  const excluded = ranges.length > 0 ? [] : everyAddress.flatMap((text) => parseIpRange(text) ?? []);
  return {
    permitted: [
      ...domains.map((value) => ({ kind: 'dns', value }) as const),
      ...ranges.map((value) => ({ kind: 'ip', value }) as const),
    ],
    excluded: excluded.map((value) => ({ kind: 'ip', value })),
  };
}

/**
 * Refuses names of a server that an authority which permits `entries` could not certify, before there is one.
 * @throws HoldfastError `name_not_permitted`, `name_invalid`
 */
export function checkServerNames(entries: readonly string[], names: readonly string[]): void {
  refuseOutside(permittingNames(entries), names);
}

/**
 * Refuses names of a server that `issuing` could not certify. @throws HoldfastError `name_not_permitted`, `name_invalid`
 */
export function checkNamesOfServer({ extensions }: Certificate, names: readonly string[]): void {
  const { nameConstraints } = extensions;
  if (nameConstraints !== undefined) refuseOutside(nameConstraints, names);
}

function refuseOutside(constraints: NameConstraints, names: readonly string[]): void {
  const { names: own } = parseRequestedNames(names);
  const name = forbiddenName(own, constraints);
  if (name === undefined && own.some(({ kind }) => kind === 'dns')) return;
  const problem =
    name === undefined
      ? 'has no host name'
      : `has the name ${formatGeneralName(name)}, which would be outside`;
  throw new HoldfastError('name_not_permitted', `this server ${problem}`, {
    hint: 'choose the names of this server with --names, or permit more',
  });
}

/**
 * Refuses a leaf with a name that its issuing certificate or the root may not certify, as whoever verifies it would. OpenSSL,
 * GnuTLS and Java take the common name of a server for a host name where there is no other; so it is judged like that here.
 *
 * @throws HoldfastError `name_not_permitted`, with what is permitted
 */
export function checkPermitted(
  { issuing, root }: Pick<Issuer, 'issuing' | 'root'>,
  leaf: CertificateTemplate,
): void {
  for (const { certificate } of [issuing, root]) {
    const constraints = certificate.extensions.nameConstraints;
    const name = constraints && forbiddenName(namesOf(leaf), constraints);
    if (name === undefined) continue;
    const permitted = constraints?.permitted.map(formatSubtree).join(', ');
    throw new HoldfastError(
      'name_not_permitted',
      `${formatGeneralName(name)} is outside what this authority may certify: expected ${permitted}`,
      { hint: 'ask for names within; holdfast ca permit, at the server, changes what is permitted' },
    );
  }
}

function namesOf({ subject, extensions }: CertificateTemplate): GeneralName[] {
  const { subjectAltNames = [], extendedKeyUsage = [] } = extensions;
  const CN = commonName(subject);
  const isTaken =
    extendedKeyUsage.includes('serverAuth') && !subjectAltNames.some(({ kind }) => kind === 'dns');
  return isTaken && CN !== undefined
    ? [...subjectAltNames, { kind: 'dns', value: CN }]
    : [...subjectAltNames];
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('name_invalid', `permitted names: ${message}`, {
    hint: 'name domains and address ranges, e.g. example.com,10.0.0.0/8',
  });
}
