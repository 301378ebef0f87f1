import type { HoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  type CertificateRequest,
  extensionOids,
  formatGeneralName,
  formatName,
  type GeneralName,
  type Name,
  type NameAttribute,
  type Role,
} from '../../pki/index.ts';
import type { ProfilePolicy } from '../../policy/index.ts';
import { type Authorisation, requestNotAllowed, subjectAltNamesOf, subjectOf } from '../issue/index.ts';
import { type ContentClass, describeName, findContent } from './request-contents.ts';
import { formattedInForm, hostsIn, isHost, slugIn, trimmed, whyUnusable } from './requested-hosts.ts';

/** Something that a request asks for and its certificate will not say. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
  readonly class: Exclude<ContentClass, 'refused'>;
}

/** Extensions, purposes and attributes that a certificate of the profile will not have. */
export function leftOutContents(
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
    const what = `${prefixes[place]} ${word}`;
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

/** What of the subject asked for was not authorised: attributes that say who it is otherwise, and those that say more of it. */
export function leftOutSubject(subject: Name, authorisation: Authorisation): LeftOut[] {
  const { name } = authorisation.identity;
  const others = subject.flat().filter(({ oid, value }) => oid !== attributeOids.CN || value !== name);
  if (others.length === 0) return [];
  const authorised = new Set(subjectOf(authorisation).flat().map(keyOfAttribute));
  return others
    .filter((attribute) => !authorised.has(keyOfAttribute(attribute)))
    .flatMap((attribute) => {
      const isName = attribute.oid === attributeOids.CN && trimmed(attribute.value) !== '';
      if (isName && isNamed(attribute.value, authorisation)) return [];
      const is = isName ? 'widening' : subjectClass(attribute.oid);
      return [{ what: describeAttribute(attribute), why: notAuthorised, class: is }];
    });
}

/** What of the names asked for is not among those that were authorised; `why` says why of each. */
export function leftOutNames(
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
    .filter((name) => !granted.has(formatGeneralName(name)) && !granted.has(formattedInForm(name)))
    .map((name) => {
      const { word, class: is } = describeName(name);
      return { what: shown(word), why: why(name), class: is === 'refused' ? 'widening' : is };
    });
}

/** Why something is left out that somebody would have had to grant before. */
export const notAuthorised = 'it was not authorised';

/** Why a name is not in a certificate of a role. */
export function whyNot(role: Role, { nameKinds }: ProfilePolicy): (name: GeneralName) => string {
  const kinds: readonly string[] = nameKinds;
  const carried =
    kinds.length === 0 ? 'no names but their own' : `names of the kind ${kinds.join(', ')} alone`;
  return (name) => {
    const unusable = name.kind === 'dns' && kinds.includes(name.kind) ? whyUnusable(name.value) : undefined;
    if (unusable !== undefined) return unusable;
    if (isHost(name) && kinds.includes(name.kind)) return 'it was not chosen';
    if (name.kind === 'uri' && name.value.startsWith('spiffe:')) return 'another identity was said';
    return `certificates of the role ${role} carry ${carried}`;
  };
}

/** An attribute of the subject, for people. */
export function describeAttribute(attribute: NameAttribute): string {
  const { word } = findContent('subject', attribute.oid);
  const [type = '', ...rest] = formatName([[attribute]]).split('=');
  return shown(`the subject ${isKnownType(attribute.oid) ? type : word}=${rest.join('=')}`);
}

/** A text of a stranger as it is shown: on one line, and not without end. */
export function shown(text: string): string {
  const plain = text.slice(0, maxShown).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return text.length > maxShown ? `${plain}…` : plain;
}

/** What a stranger puts into 64 KiB is not shown whole; what would widen comes first, so that it is never among the rest. */
export function bounded(all: readonly LeftOut[]): readonly LeftOut[] {
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

const knownTypes: ReadonlySet<string> = new Set(Object.values(attributeOids));

/** Whether certificates can have attributes of a type in their subject. */
export function isKnownType(oid: string): boolean {
  return knownTypes.has(oid);
}

/** What becomes of an attribute that certificates do not have. */
export function subjectClass(oid: string): LeftOut['class'] {
  const { class: is } = findContent('subject', oid);
  return is === 'refused' ? 'widening' : is;
}

function keyOfAttribute(attribute: NameAttribute): string {
  return formatName([[attribute]]).toLowerCase();
}

/** Whether a common name is what the certificate is for: its identity's name, what that was made of, or one of its host names. */
function isNamed(cn: string, { identity, names }: Authorisation): boolean {
  if (cn === identity.name || slugIn(cn) === identity.name) return true;
  const authorised = new Set(names.map(formatGeneralName));
  const hosts = hostsIn(cn) ?? [];
  return hosts.length > 0 && hosts.every((host) => authorised.has(formatGeneralName(host)));
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

const maxShown = 120;
const maxLeftOut = 16;
