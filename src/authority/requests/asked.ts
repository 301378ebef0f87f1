import { HoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  type CertificateRequest,
  commonName,
  createSubject,
  formatGeneralName,
  type GeneralName,
  type Identity,
  looksLikeHost,
  type Name,
  parseIdentityUri,
  type Role,
  restateSubject,
} from '../../pki/index.ts';
import {
  checkNodeName,
  type HostName,
  type NetworkPolicy,
  parseRequestedNames,
  slug,
} from '../../policy/index.ts';
import {
  type Authorisation,
  checkNamesOfRole,
  checkPublicKey,
  type Issuing,
  leafTemplate,
  requestNotAllowed,
} from '../issue/index.ts';
import { checkPermitted } from '../issuers/index.ts';
import type { Records } from '../records/index.ts';
import { checkAskedExtensions } from './asked-extensions.ts';

/** What is said beside a request, by whoever hands it in or decides on it. */
export interface AskedFor {
  readonly role?: Role;
  readonly name?: string;
  /** Which of the host names that the request has; all of them unless said. */
  readonly names?: readonly string[];
}

/** What a request comes to: what would be issued, and what of it the profile says instead. */
export interface Asked extends Authorisation {
  readonly ignored: readonly string[];
}

/**
 * What a request asks for, checked against the policy of its role. The role is the one that is said, else the one in the
 * identity that the request names, else `server` when it has host names and `client` when not; the name likewise, else a
 * slug of the common name. A server's request with nothing but a common name asks for that as its host name, as the
 * wizards of old mean it.
 *
 * @throws HoldfastError `request_not_allowed`, `name_invalid`, `name_reserved`, `name_not_permitted`
 */
export function readAsked(
  { policy, network }: { readonly policy: NetworkPolicy; readonly network: string },
  request: CertificateRequest,
  said: AskedFor,
): Asked {
  const own = readIdentity(request, network);
  const hostNames = readHostNames(request);
  const role = said.role ?? own?.role ?? (hostNames.length > 0 ? 'server' : 'client');
  const profile = policy.profiles[role];
  const ignored = checkAskedExtensions(request, profile);
  const subject = restateSubject(request.subject);
  const all = hostNames.length > 0 || profile.nameKinds.length === 0 ? hostNames : namesOfSubject(subject);
  const names = said.names === undefined ? all : chooseNames(all, said.names);
  checkNamesOfRole(policy, role, names);
  if (profile.nameKinds.length > 0) for (const cn of commonNames(subject)) checkCommonName(policy, role, cn);
  const name = said.name ?? own?.name ?? slugOf(subject, names);
  checkNodeName(name);
  const identity = { network, role, name };
  return { identity, names, ignored, ...subjectFor(subject, names) };
}

/** The identity that a request names for itself, which can be one of this network only. */
function readIdentity({ extensions }: CertificateRequest, network: string): Identity | undefined {
  const [uri, ...others] = extensions.subjectAltNames.filter(({ kind }) => kind === 'uri');
  if (uri === undefined) return undefined;
  const identity = uri.kind === 'uri' ? parseIdentityUri(uri.value) : undefined;
  if (others.length === 0 && identity?.network === network) return identity;
  throw requestNotAllowed(
    `the request asks for ${formatGeneralName(uri)}, which is no identity of ${network}`,
  );
}

/** Host names and addresses, in the form that certificates have them in. */
function readHostNames({ extensions }: CertificateRequest): readonly HostName[] {
  const texts = extensions.subjectAltNames.filter(({ kind }) => kind !== 'uri').map(readHostName);
  return texts.length === 0 ? [] : parseRequestedNames(texts).names;
}

function readHostName(name: GeneralName): string {
  const isOne = (name.kind === 'dns' || name.kind === 'ip') && !name.value.includes(',');
  if (isOne) return name.value;
  throw requestNotAllowed(
    `the request asks for the name ${formatGeneralName(name)}, which is neither host nor address`,
  );
}

/** The common name as a host name, when it is one. */
function namesOfSubject(subject: Name): readonly HostName[] {
  const cn = commonName(subject) ?? '';
  return cn.includes(',') ? [] : (hostNamesIn(cn) ?? []);
}

/** A subject may have several, and there are programs that take each of them for a host. */
function commonNames(subject: Name): readonly string[] {
  return subject.flat().flatMap(({ oid, value }) => (oid === attributeOids.CN ? [value] : []));
}

/**
 * Holds a common name that could be taken for a host to the rules of host names: in forms that are no longer written too,
 * `w*.example.com` or with an underscore, which some programs still match.
 */
function checkCommonName(policy: NetworkPolicy, role: Role, cn: string): void {
  const names = hostNamesIn(cn);
  if (names !== undefined)
    return checkNamesOfRole(
      policy,
      role,
      names.filter(({ value }) => isQualified(value)),
    );
  const { dnsSuffixes, addressRanges } = policy.profiles[role];
  if (!isQualified(cn) || dnsSuffixes.length + addressRanges.length === 0) return;
  throw new HoldfastError(
    'name_not_permitted',
    `the common name ${JSON.stringify(cn)} could be taken for a host: expected a name that is permitted`,
  );
}

/** A single word, and a text with spaces in it, is nobody's host name. */
function isQualified(text: string): boolean {
  return looksLikeHost(text.replaceAll('*', '.'));
}

function hostNamesIn(text: string): readonly HostName[] | undefined {
  try {
    return parseRequestedNames([text]).names;
  } catch {
    return undefined;
  }
}

function chooseNames(all: readonly HostName[], wanted: readonly string[]): readonly HostName[] {
  const chosen = wanted.length === 0 ? [] : parseRequestedNames(wanted).names;
  const extra = chosen.find(
    (name) => !all.some((each) => formatGeneralName(each) === formatGeneralName(name)),
  );
  if (extra === undefined) return chosen;
  throw new HoldfastError('input_invalid', `the request does not ask for ${extra.value}`, {
    hint: 'choose among its names: holdfast request show ID',
  });
}

function slugOf(subject: Name, names: readonly HostName[]): string {
  const text = commonName(subject) ?? names[0]?.value;
  if (text !== undefined) return slug(text.replaceAll('*', ''));
  throw new HoldfastError('name_invalid', 'the request says neither a common name nor a host name', {
    hint: 'say what it is to be called with --name',
  });
}

/** The subject that was asked for, with the first host name as common name where there is none and it fits. */
function subjectFor(subject: Name, names: readonly HostName[]): { readonly subject?: Name } {
  const hasCommonName = subject.flat().some(({ oid }) => oid === attributeOids.CN);
  const first = names[0] && parseRequestedNames([names[0].value]).commonName;
  const whole =
    hasCommonName || first === undefined ? subject : [...subject, ...createSubject({ CN: first })];
  return whole.length === 0 ? {} : { subject: whole };
}

/** Whether a certificate could be issued for this, as far as that can be known now. */
export async function checkAsked(
  records: Records,
  { issuer, present, clock }: Issuing,
  { asked, request: { spki } }: { readonly asked: Authorisation; readonly request: CertificateRequest },
): Promise<void> {
  const { identity } = asked;
  const profile = present.policy.profiles[identity.role];
  await checkPublicKey(records, spki, { identity, profile });
  const template = leafTemplate(issuer, asked, { profile, spki, nowMs: clock.now() });
  checkPermitted(issuer.issuing.certificate, template);
}
