import { HoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  type CertificateRequest,
  formatGeneralName,
  type Identity,
  type Name,
  parseIdentityUri,
  type Role,
  unseenCharacter,
} from '../../pki/index.ts';
import { checkNodeName, type HostName, type NetworkPolicy } from '../../policy/index.ts';
import { type Authorisation, requestNotAllowed } from '../issue/index.ts';
import { grantSubject, withCommonName } from './granted-subject.ts';
import {
  bounded,
  describeAttribute,
  type LeftOut,
  leftOutContents,
  leftOutNames,
  leftOutSubject,
  notAuthorised,
  shown,
  whyNot,
} from './left-out.ts';
import {
  askedHosts,
  choose,
  commonNames,
  hostsIn,
  isCalled,
  isHost,
  isQualified,
  maxNames,
  type Said,
  slugIn,
  textsOf,
} from './requested-hosts.ts';

/** What a request comes to: what would be issued, and what of it would not. */
export interface Judgement extends Authorisation {
  /** Sixteen at most, and how many more there are. */
  readonly leftOut: readonly LeftOut[];
  /** Host names that it does not ask for, as somebody said. */
  readonly added: readonly string[];
}

/** What requests are judged by. */
export interface Rules {
  readonly policy: NetworkPolicy;
  readonly network: string;
}

/**
 * Judges a request by what it asks for itself, as far as the profile of its role gives that, and by what is said. The role is
 * the one that is said, else the one in the identity that the request names, else by its host names and purposes (see
 * {@link guessRole}); the name likewise, else a slug of the common name. A common name that is a host name becomes one of the
 * names, in their form; one that could be taken for a host and is none of them is left out.
 *
 * @throws HoldfastError `request_not_allowed` for what is an authority's or another network's, `name_invalid`, `name_reserved`,
 *   `name_not_permitted`, `input_invalid` for something to be dropped that is not asked for
 */
export function judgeAsAsked(rules: Rules, request: CertificateRequest, said: Said): Judgement {
  const { policy, network } = rules;
  checkSize(request);
  checkSeen(request);
  const own = readIdentity(request, network);
  const role = said.role ?? own?.role ?? guessRole(request);
  const profile = policy.profiles[role];
  const asked = askedHosts(request, profile);
  const { names, added } = choose(asked, said, { policy, role });
  const { subject, leftOut: ofSubject } = grantSubject(request.subject, { policy, role, names, said });
  const name = said.name ?? own?.name ?? slugOf(request.subject, asked);
  checkNodeName(name, role);
  const identity = { network, role, name };
  const whole = withCommonName(subject, { asked: request.subject, names, name });
  const authorisation = { identity, names, ...(whole.length > 0 && { subject: whole }) };
  const leftOut = [
    ...ofSubject,
    ...leftOutNames(request, { authorisation, why: whyNot(role, profile) }),
    ...leftOutContents(request, { role, profile }),
  ];
  checkDropped(said, { request, asked, leftOut });
  return { ...authorisation, leftOut: bounded(leftOut), added };
}

/**
 * Judges a request by what somebody was authorised for before: a certificate says that and no more, whatever is asked for.
 * @throws HoldfastError `request_not_allowed` for what is an authority's or another network's
 */
export function judgeAsAuthorised(
  { policy, network }: Rules,
  request: CertificateRequest,
  authorisation: Authorisation,
): Judgement {
  const { role } = authorisation.identity;
  const profile = policy.profiles[role];
  checkSize(request);
  checkSeen(request);
  readIdentity(request, network);
  const leftOut = [
    ...leftOutContents(request, { role, profile }),
    ...leftOutSubject(request.subject, authorisation),
    ...leftOutNames(request, { authorisation, why: () => notAuthorised }),
  ];
  return { ...authorisation, leftOut: bounded(leftOut), added: [] };
}

/** Refuses what would widen a certificate, by name. @throws HoldfastError `request_not_allowed` */
export function refuseWidening({ leftOut }: Judgement): void {
  const excess = leftOut.find((each) => each.class === 'widening');
  if (excess === undefined) return;
  throw requestNotAllowed(
    `the request asks for ${excess.what}, which was not authorised`,
    'ask for no more than the join code or the certificate is for; or hand the request in without, where a person decides: holdfast request submit FILE',
  );
}

/** What follows looks at each of them, some in several ways, and a common name can stand for 256 addresses. */
function checkSize({ subject, extensions, attributes }: CertificateRequest): void {
  const sizes = [
    [extensions.subjectAltNames.length, 'names', maxNames],
    [subject.flat().length, 'attributes of the subject', 128],
    [commonNames(subject).length, 'common names', 16],
    [extensions.all.size, 'extensions', 128],
    [extensions.extendedKeyUsage?.length ?? 0, 'purposes', 128],
    [attributes.size, 'attributes', 128],
  ] as const;
  for (const [count, of, most] of sizes) {
    if (count > most)
      throw requestNotAllowed(
        `the request has ${count} ${of}: at most ${most} are read`,
        'make a request that asks for less',
      );
  }
}

/** A name with a character that nobody sees is there to be taken for another. @throws HoldfastError `name_invalid` */
function checkSeen({ extensions }: CertificateRequest): void {
  for (const name of extensions.subjectAltNames) {
    const text = name.kind === 'other' || name.kind === 'directory' ? '' : name.value;
    const unseen = unseenCharacter(text);
    if (unseen !== undefined)
      throw new HoldfastError(
        'name_invalid',
        `name ${JSON.stringify(shown(text))} has a character that is not seen, ${unseen}: expected the name without it`,
        { hint: 'correct the name, or leave it out' },
      );
  }
}

/** The identity that a request names for itself, which can be one of this network only. */
function readIdentity({ extensions }: CertificateRequest, network: string): Identity | undefined {
  const uris = extensions.subjectAltNames.filter(
    (name) => name.kind === 'uri' && name.value.startsWith('spiffe:'),
  );
  let found: Identity | undefined;
  for (const uri of uris) {
    const identity = uri.kind === 'uri' ? parseIdentityUri(uri.value) : undefined;
    if (found !== undefined || identity?.network !== network) {
      const what = found === undefined ? `no identity of ${network}` : 'an identity beside its own';
      throw requestNotAllowed(
        `the request asks for ${formatGeneralName(uri)}, which is ${what}`,
        `make a request without that name, or with spiffe://${network}/ROLE/NAME`,
      );
    }
    found = identity;
  }
  return found;
}

/**
 * What a request is for that does not say: with host names a server's; else what its purposes say; else a server's when its
 * common name is a host name with a period in it, or an address, and a client's when not.
 */
function guessRole({ subject, extensions }: CertificateRequest): Role {
  const { subjectAltNames, extendedKeyUsage: purposes = [] } = extensions;
  if (subjectAltNames.some(isHost) || purposes.includes('serverAuth')) return 'server';
  if (purposes.includes('clientAuth')) return 'client';
  return commonNames(subject).some((cn) => hostsIn(cn) !== undefined && isQualified(cn))
    ? 'server'
    : 'client';
}

/**
 * A name made of the innermost common name that one can be made of; else of a host name; else of what else devices and persons
 * are called by in a subject: a Cisco by its unstructuredName alone.
 */
function slugOf(subject: Name, hosts: readonly HostName[]): string {
  const called = [
    ...commonNames(subject).toReversed(),
    ...hosts.slice(0, 1).map(({ value }) => value),
    ...calledBy.flatMap((oid) => textsOf(subject, oid)),
  ];
  for (const text of called) {
    const name = slugIn(text.replaceAll('*', ''));
    if (name !== undefined) return name;
  }
  throw new HoldfastError('name_invalid', 'the request says neither a common name nor a host name', {
    hint: 'say what it is to be called: --name NAME, or ?name=NAME in the address',
  });
}

/** unstructuredName, then a user's identifier, a serial number, a mail address. */
const calledBy = [
  '1.2.840.113549.1.9.2',
  '0.9.2342.19200300.100.1.1',
  attributeOids.serialNumber,
  attributeOids.emailAddress,
] as const;

/** Whoever says that something is to be dropped means something that is asked for. */
function checkDropped(
  { drop = [] }: Said,
  {
    request: { subject },
    asked,
    leftOut,
  }: {
    readonly request: CertificateRequest;
    readonly asked: readonly HostName[];
    readonly leftOut: readonly LeftOut[];
  },
): void {
  const words = [...leftOut.map(({ what }) => what), ...subject.flat().map(describeAttribute)];
  const unknown = drop.find(
    (text) => !asked.some((name) => isCalled(name, text)) && !words.some((what) => isWordFor(what, text)),
  );
  if (unknown === undefined) return;
  throw new HoldfastError('input_invalid', `the request does not ask for ${shown(unknown)}`, {
    hint: 'holdfast request show ID says what it asks for',
  });
}

/** `ipsecIKE` for `the extended key usage ipsecIKE`, `O` for `the subject O=Example`. */
function isWordFor(what: string, text: string): boolean {
  return what === text || what.endsWith(` ${text}`) || what.includes(` ${text}=`);
}
