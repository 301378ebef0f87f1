import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  type CertificateRequest,
  formatGeneralName,
  type GeneralName,
  looksLikeHost,
  type Name,
  type Role,
} from '../../pki/index.ts';
import {
  type HostName,
  type NetworkPolicy,
  type ProfilePolicy,
  parseRequestedNames,
  slug,
} from '../../policy/index.ts';
import { checkNamesOfRole, nameFormsOf } from '../issue/index.ts';

/** What is said beside a request, by whoever hands it in or decides on it. */
export interface Said {
  readonly role?: Role | undefined;
  readonly name?: string | undefined;
  /** The host names instead of those that the request asks for. */
  readonly names?: readonly string[] | undefined;
  /** What is not to be in the certificate: names, types of the subject's attributes, and words for what is left out anyway. */
  readonly drop?: readonly string[] | undefined;
}

/** The most that fit into a certificate. */
export const maxNames = 512;

/**
 * The host names and addresses of a request, those in its common names too, in the form that certificates have them in. One
 * that no certificate could have is not among them, unless there is nothing else: then that is why there are none.
 * @throws HoldfastError `name_invalid`
 */
export function askedHosts(
  { subject, extensions }: CertificateRequest,
  profile: ProfilePolicy,
): readonly HostName[] {
  const kinds: readonly string[] = profile.nameKinds;
  if (kinds.length === 0) return [];
  const hosts = extensions.subjectAltNames.filter(isHost);
  const usable = hosts.filter(({ value }) => hostsIn(value) !== undefined).map(({ value }) => value);
  const own = usable.length === 0 ? [] : parseRequestedNames(usable, anyForm).names;
  // Without other names the wizards of old mean the common name, also where that is one word.
  const common = commonNames(subject).filter((cn) => own.length === 0 || isQualified(cn));
  const names = [...own, ...common.flatMap((cn) => hostsIn(cn) ?? [])];
  const [unusable] = hosts.flatMap(({ value }) => whyUnusable(value) ?? []);
  if (names.length === 0 && unusable !== undefined)
    throw new HoldfastError('name_invalid', unusable, { hint: 'correct the name, or leave it out' });
  const once = new Map(names.map((name) => [formatGeneralName(name), name]));
  if (once.size > maxNames)
    throw new HoldfastError('name_invalid', `${once.size} names: at most ${maxNames} fit into a certificate`);
  return [...once.values()].filter(({ kind }) => kinds.includes(kind));
}

/** A role, and the policy that has its profile. */
export interface OfRole {
  readonly policy: NetworkPolicy;
  readonly role: Role;
}

/** The names that are to be in the certificate, held to the policy. */
export function choose(
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
export function isCalled(name: GeneralName, text: string): boolean {
  if (formatGeneralName(name) === text) return true;
  const [typed] = hostsIn(text) ?? [];
  return typed !== undefined && formatGeneralName(typed) === formatGeneralName(name);
}

/** What a text stands for that is a host name, an address or a block of them; undefined for any other. */
export function hostsIn(text: string): readonly HostName[] | undefined {
  return text.includes(',') ? undefined : unlessInvalid(() => parseRequestedNames([text], anyForm).names);
}

/** Why a name that was asked for can be in no certificate; undefined for one that can. */
export function whyUnusable(text: string): string | undefined {
  if (text.includes(','))
    return `name ${JSON.stringify(text.slice(0, 80))} is several: expected each by itself`;
  try {
    parseRequestedNames([text], anyForm);
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, 'name_invalid')) throw error;
    return error.message;
  }
}

/** The name of a node that is made of a text; undefined where none can be. */
export function slugIn(text: string): string | undefined {
  return unlessInvalid(() => slug(text));
}

function unlessInvalid<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!isHoldfastError(error, 'name_invalid')) throw error;
    return undefined;
  }
}

/** A common name that is a host name, in the form of those. */
export function commonNameInForm(cn: string): string {
  return parseRequestedNames([cn], anyForm).commonName ?? cn;
}

/** A name as it is formatted once it is in its form. */
export function formattedInForm(name: GeneralName): string {
  const [host] = (isHost(name) ? hostsIn(name.value) : undefined) ?? [];
  return formatGeneralName(host ?? name);
}

/** A single word, and a text with spaces in it, is nobody's host name. */
export function isQualified(text: string): boolean {
  return looksLikeHost(text.replaceAll('*', '.').replaceAll(/[。．｡]/g, '.'));
}

/** A subject may have several, and there are programs that take each of them for a host. */
export function commonNames(subject: Name): readonly string[] {
  return textsOf(subject, attributeOids.CN);
}

/** The texts of the attributes of one type in a subject that have any, from the outermost on. */
export function textsOf(subject: Name, type: string): readonly string[] {
  return subject
    .flat()
    .flatMap(({ oid, value, encoding }) => (oid === type && encoding !== 'der' ? [trimmed(value)] : []))
    .filter((text) => text !== '');
}

/** A text without the blanks and line ends around it, which forms and shells leave there. */
export function trimmed(text: string): string {
  // A byte order mark is white space to `trim`, and is not to be lost in silence.
  return text.includes('\ufeff') ? text : text.trim();
}

/** Whether a name is of a host, or an address. */
export function isHost(name: GeneralName): name is HostName {
  return name.kind === 'dns' || name.kind === 'ip';
}

/** Held to what the profile takes later, so that a policy that bounds names is asked first. */
export const anyForm = { underscores: 'on' } as const;
