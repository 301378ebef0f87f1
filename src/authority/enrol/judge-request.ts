import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  type CertificateRequest,
  commonName,
  createSubject,
  extensionOids,
  formatGeneralName,
  formatName,
  type GeneralName,
  type Identity,
  looksLikeHost,
  type Name,
  type NameAttribute,
  parseIdentityUri,
  type Role,
  restateSubject,
} from '../../pki/index.ts';
import {
  checkNodeName,
  type HostName,
  type NetworkPolicy,
  type ProfilePolicy,
  parseRequestedNames,
  slug,
} from '../../policy/index.ts';
import {
  type Authorisation,
  checkNamesOfRole,
  nameFormsOf,
  requestNotAllowed,
  subjectAltNamesOf,
  subjectOf,
} from '../issue/index.ts';
import { type ContentClass, describeName, findContent } from './request-contents.ts';

/** What is said beside a request, by whoever hands it in or decides on it. */
export interface Said {
  readonly role?: Role | undefined;
  readonly name?: string | undefined;
  /** The host names instead of those that the request asks for. */
  readonly names?: readonly string[] | undefined;
  /** What is not to be in the certificate: names, types of the subject's attributes, and words for what is left out anyway. */
  readonly drop?: readonly string[] | undefined;
}

/** Something that a request asks for and its certificate will not say. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
  readonly class: Exclude<ContentClass, 'refused'>;
}

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
  const own = readIdentity(request, network);
  const role = said.role ?? own?.role ?? guessRole(request);
  const profile = policy.profiles[role];
  const asked = askedHosts(request, profile);
  const { names, added } = choose(asked, said, { policy, role });
  const { subject, leftOut: ofSubject } = grantSubject(request.subject, { policy, role, names, said });
  const name = said.name ?? own?.name ?? slugOf(request.subject, asked);
  checkNodeName(name);
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

const notAuthorised = 'it was not authorised';

const maxNames = 512;

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
      throw requestNotAllowed(`the request asks for ${formatGeneralName(uri)}, which is ${what}`);
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

/** The host names and addresses of a request, those in its common names too, in the form that certificates have them in. */
function askedHosts(
  { subject, extensions }: CertificateRequest,
  profile: ProfilePolicy,
): readonly HostName[] {
  const kinds: readonly string[] = profile.nameKinds;
  if (kinds.length === 0) return [];
  const hosts = extensions.subjectAltNames.filter(isHost);
  const texts = hosts.map(({ value }) => value);
  const joined = texts.find((text) => text.includes(','));
  if (joined !== undefined)
    throw requestNotAllowed(`the request asks for the name dns:${shown(joined)}, which is several`);
  const own = texts.length === 0 ? [] : parseRequestedNames(texts, anyForm).names;
  // Without other names the wizards of old mean the common name, also where that is one word.
  const common = commonNames(subject).filter((cn) => own.length === 0 || isQualified(cn));
  const names = [...own, ...common.flatMap((cn) => hostsIn(cn) ?? [])];
  const once = new Map(names.map((name) => [formatGeneralName(name), name]));
  if (once.size > maxNames)
    throw new HoldfastError('name_invalid', `${once.size} names: at most ${maxNames} fit into a certificate`);
  return [...once.values()].filter(({ kind }) => kinds.includes(kind));
}

const anyForm = { underscores: 'on' } as const;

function isHost(name: GeneralName): name is HostName {
  return name.kind === 'dns' || name.kind === 'ip';
}

interface OfRole {
  readonly policy: NetworkPolicy;
  readonly role: Role;
}

/** The names that are to be in the certificate, held to the policy. */
function choose(
  asked: readonly HostName[],
  { names: wanted, drop = [] }: Said,
  { policy, role }: OfRole,
): { readonly names: readonly HostName[]; readonly added: readonly string[] } {
  const forms = nameFormsOf(policy, role);
  const chosen = wanted === undefined ? asked : readNames(wanted, forms);
  const names = chosen.filter((name) => !drop.some((text) => isCalled(name, text)));
  checkNamesOfRole(policy, role, names);
  // What is permitted, but for its form, is refused with what would take it.
  if (names.some(({ value }) => value.includes('_')))
    readNames(
      names.map(({ value }) => value),
      forms,
    );
  const known = new Set(asked.map(formatGeneralName));
  return { names, added: names.map(formatGeneralName).filter((name) => !known.has(name)) };
}

function readNames(texts: readonly string[], forms: ReturnType<typeof nameFormsOf>): readonly HostName[] {
  return texts.length === 0 ? [] : parseRequestedNames(texts, forms).names;
}

/** Whether a name is meant by what somebody types. */
function isCalled(name: GeneralName, text: string): boolean {
  if (formatGeneralName(name) === text) return true;
  const [typed] = hostsIn(text) ?? [];
  return typed !== undefined && formatGeneralName(typed) === formatGeneralName(name);
}

/** What of the subject comes into the certificate, in the forms of RFC 5280; and what of it does not. */
function grantSubject(
  subject: Name,
  of: OfRole & { readonly names: readonly HostName[]; readonly said: Said },
): { readonly subject: Name; readonly leftOut: readonly LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const granted = subject
    .map((rdn) =>
      rdn.flatMap((attribute) => {
        const found = grantAttribute(attribute, of);
        if ('why' in found) leftOut.push(found);
        return 'why' in found ? [] : [found];
      }),
    )
    .filter(({ length }) => length > 0);
  return { subject: granted, leftOut };
}

function grantAttribute(
  attribute: NameAttribute,
  { policy, role, names, said: { drop = [] } }: Parameters<typeof grantSubject>[1],
): NameAttribute | LeftOut {
  const leave = (why: string, is: LeftOut['class'] = 'harmless'): LeftOut => ({
    what: describeAttribute(attribute),
    why,
    class: is,
  });
  const { oid, encoding } = attribute;
  if (!knownTypes.has(oid)) return leave('certificates do not have it', subjectClass(oid));
  if (encoding === 'der') return leave('it is no text');
  const text = formatName([[attribute]]);
  if (drop.some((each) => each === text || each === text.slice(0, text.indexOf('=')))) return leave(dropped);
  const isName = oid === attributeOids.CN && policy.profiles[role].nameKinds.length > 0;
  const value = isName ? commonNameFor(attribute.value, { policy, role, names }) : attribute.value;
  if (value === undefined)
    return leave('it could be taken for a host, and is none of the names of the certificate', 'widening');
  return restated({ ...attribute, value }, leave);
}

const dropped = 'it was dropped';
const knownTypes: ReadonlySet<string> = new Set(Object.values(attributeOids));

function subjectClass(oid: string): LeftOut['class'] {
  const { class: is } = findContent('subject', oid);
  return is === 'refused' ? 'widening' : is;
}

function restated(attribute: NameAttribute, leave: (why: string) => LeftOut): NameAttribute | LeftOut {
  try {
    return restateSubject([[attribute]])[0]?.[0] ?? attribute;
  } catch (error) {
    if (!isHoldfastError(error, 'name_invalid')) throw error;
    return leave(error.message);
  }
}

/**
 * A common name as a server's certificate has it: in the form of the name that it is; as it came when nobody could take it for a
 * host; else undefined. In forms that are no longer written too, `w*.example.com` for example, which some programs still
 * match. @throws HoldfastError `name_not_permitted` where the policy bounds names, and it is none that could be
 */
function commonNameFor(
  cn: string,
  { policy, role, names }: OfRole & { readonly names: readonly HostName[] },
): string | undefined {
  const hosts = hostsIn(cn);
  if (hosts === undefined) {
    if (!isQualified(cn)) return cn;
    const { dnsSuffixes, addressRanges } = policy.profiles[role];
    if (dnsSuffixes.length + addressRanges.length === 0) return undefined;
    throw new HoldfastError(
      'name_not_permitted',
      `the common name ${JSON.stringify(shown(cn))} could be taken for a host: expected a name that is permitted`,
    );
  }
  const known = new Set(names.map(formatGeneralName));
  if (hosts.every((host) => known.has(formatGeneralName(host)))) return inItsForm(cn);
  return isQualified(cn) ? undefined : cn;
}

function inItsForm(cn: string): string {
  return parseRequestedNames([cn], anyForm).commonName ?? cn;
}

/** What a text stands for that is a host name, an address or a block of them; undefined for any other. */
function hostsIn(text: string): readonly HostName[] | undefined {
  if (text.includes(',')) return undefined;
  try {
    return parseRequestedNames([text], anyForm).names;
  } catch (error) {
    if (!isHoldfastError(error, 'name_invalid')) throw error;
    return undefined;
  }
}

/** A single word, and a text with spaces in it, is nobody's host name. */
function isQualified(text: string): boolean {
  return looksLikeHost(text.replaceAll('*', '.').replaceAll(/[。．｡]/g, '.'));
}

/** A subject may have several, and there are programs that take each of them for a host. */
function commonNames(subject: Name): readonly string[] {
  return subject
    .flat()
    .flatMap(({ oid, value, encoding }) => (oid === attributeOids.CN && encoding !== 'der' ? [value] : []));
}

function slugOf(subject: Name, hosts: readonly HostName[]): string {
  const text = commonNames(subject).at(-1) ?? hosts[0]?.value;
  if (text !== undefined) return slug(text.replaceAll('*', ''));
  throw new HoldfastError('name_invalid', 'the request says neither a common name nor a host name', {
    hint: 'say what it is to be called with --name',
  });
}

/** The first host name is the common name where none was asked for, and it fits; in the place of one that is left out else the name. */
function withCommonName(
  subject: Name,
  {
    asked,
    names,
    name,
  }: { readonly asked: Name; readonly names: readonly HostName[]; readonly name: string },
): Name {
  if (commonName(subject) !== undefined) return subject;
  const first = names[0] && parseRequestedNames([names[0].value], anyForm).commonName;
  const CN = first ?? (commonName(asked) === undefined ? undefined : name);
  return CN === undefined ? subject : [...subject, ...createSubject({ CN })];
}

/** What of the subject asked for was not authorised: attributes that say who it is otherwise, and those that say more of it. */
function leftOutSubject(subject: Name, authorisation: Authorisation): LeftOut[] {
  const { name } = authorisation.identity;
  const others = subject.flat().filter(({ oid, value }) => oid !== attributeOids.CN || value !== name);
  if (others.length === 0) return [];
  const authorised = new Set(subjectOf(authorisation).flat().map(keyOfAttribute));
  return others
    .filter((attribute) => !authorised.has(keyOfAttribute(attribute)))
    .flatMap((attribute) => {
      const isName = attribute.oid === attributeOids.CN;
      if (isName && isNamed(attribute.value, authorisation)) return [];
      const is = isName ? 'widening' : subjectClass(attribute.oid);
      return [{ what: describeAttribute(attribute), why: notAuthorised, class: is }];
    });
}

function keyOfAttribute(attribute: NameAttribute): string {
  return formatName([[attribute]]).toLowerCase();
}

/** Whether a common name is what the certificate is for: its identity's name, what that was made of, or one of its host names. */
function isNamed(cn: string, { identity, names }: Authorisation): boolean {
  if (cn === identity.name || slugIs(cn, identity.name)) return true;
  const authorised = new Set(names.map(formatGeneralName));
  const hosts = hostsIn(cn) ?? [];
  return hosts.length > 0 && hosts.every((host) => authorised.has(formatGeneralName(host)));
}

function slugIs(text: string, name: string): boolean {
  try {
    return slug(text) === name;
  } catch (error) {
    if (!isHoldfastError(error, 'name_invalid')) throw error;
    return false;
  }
}

function leftOutNames(
  { extensions }: CertificateRequest,
  {
    authorisation,
    why,
  }: { readonly authorisation: Authorisation; readonly why: (name: GeneralName) => string },
): LeftOut[] {
  const { subjectAltNames } = extensions;
  if (subjectAltNames.length === 0) return [];
  const granted = new Set(subjectAltNamesOf(authorisation).map(formatGeneralName));
  return subjectAltNames
    .filter((name) => !granted.has(formatGeneralName(name)) && !granted.has(inItsOwnForm(name)))
    .map((name) => {
      const { word, class: is } = describeName(name);
      return { what: shown(word), why: why(name), class: is === 'refused' ? 'widening' : is };
    });
}

function inItsOwnForm(name: GeneralName): string {
  const [host] = (isHost(name) ? hostsIn(name.value) : undefined) ?? [];
  return formatGeneralName(host ?? name);
}

/** Why a name is not in a certificate of a role. */
function whyNot(role: Role, { nameKinds }: ProfilePolicy): (name: GeneralName) => string {
  const kinds: readonly string[] = nameKinds;
  const carried =
    kinds.length === 0 ? 'no names but their own' : `names of the kind ${kinds.join(', ')} alone`;
  return (name) => {
    if (isHost(name) && kinds.includes(name.kind)) return 'it was not chosen';
    if (name.kind === 'uri' && name.value.startsWith('spiffe:')) return 'another identity was said';
    return `certificates of the role ${role} carry ${carried}`;
  };
}

/** Extensions, purposes and attributes that a certificate of the profile will not have. */
function leftOutContents(
  { extensions, attributes }: CertificateRequest,
  { role, profile }: { readonly role: Role; readonly profile: ProfilePolicy },
): LeftOut[] {
  if (extensions.basicConstraints?.ca === true) throw ofAuthority('an authority (CA flag)');
  const usage = extensions.keyUsage?.find((each) => each === 'keyCertSign' || each === 'cRLSign');
  if (usage !== undefined) throw ofAuthority(`the key usage ${usage} (keyUsage)`);
  const given: readonly string[] = profile.extendedKeyUsage;
  const purposes = (extensions.extendedKeyUsage ?? []).filter((each) => !given.includes(each));
  const others = [...extensions.all.keys()].filter((oid) => !granted.includes(oid));
  const leave = (place: 'extension' | 'purpose' | 'attribute', oid: string, why: string): LeftOut => {
    const { word, class: is } = findContent(place, oid);
    const what = word === oid || place === 'purpose' ? `${prefixes[place]} ${word}` : word;
    if (is === 'refused') throw ofAuthority(what);
    return { what, why, class: is };
  };
  const whyNotFor = `certificates of the role ${role} are for ${given.join(', ')}`;
  return [
    ...others.map((oid) => leave('extension', oid, 'the profile says what certificates have')),
    ...purposes.map((purpose) => leave('purpose', purpose, whyNotFor)),
    ...[...attributes.keys()].map((oid) => leave('attribute', oid, 'no certificate has it')),
  ];
}

const granted: readonly string[] = [extensionOids.subjectAltNames, extensionOids.basicConstraints];
const prefixes = {
  extension: 'the extension',
  purpose: 'the extended key usage',
  attribute: 'the attribute',
} as const;

function ofAuthority(what: string): HoldfastError {
  return requestNotAllowed(
    `the request asks for ${what}, which certificates of its profile do not have`,
    'make a request for a node: without CA flag, usages of an authority and constraints',
  );
}

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

function describeAttribute(attribute: NameAttribute): string {
  const { word } = findContent('subject', attribute.oid);
  const [type = '', ...rest] = formatName([[attribute]]).split('=');
  return shown(`the subject ${knownTypes.has(attribute.oid) ? type : word}=${rest.join('=')}`);
}

const maxShown = 120;
const maxLeftOut = 16;

function shown(text: string): string {
  const plain = text.slice(0, maxShown).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return text.length > maxShown ? `${plain}…` : plain;
}

/** What a stranger puts into 64 KiB is not shown whole; what would widen comes first, so that it is never among the rest. */
function bounded(all: readonly LeftOut[]): readonly LeftOut[] {
  if (all.length <= maxLeftOut) return all;
  const sorted = [
    ...all.filter((each) => each.class === 'widening'),
    ...all.filter((each) => each.class === 'harmless'),
  ];
  const rest = sorted.slice(maxLeftOut);
  const is = rest.some((each) => each.class === 'widening') ? 'widening' : 'harmless';
  return [
    ...sorted.slice(0, maxLeftOut),
    { what: `${rest.length} more`, why: 'they are too many to be shown', class: is },
  ];
}
