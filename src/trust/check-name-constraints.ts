import {
  attributeOids,
  type Certificate,
  formatGeneralName,
  formatSubtree,
  type GeneralName,
  type GeneralSubtree,
  isIpWithin,
  isNameWithin,
  isSelfIssued,
  type NameConstraints,
  parseIpAddress,
} from '../pki/index.ts';
import { notAllowed, type PathLimits } from './path-limits.ts';

/**
 * Checks the names of every certificate of a path (leaf first) against the constraints of each authority above it
 * (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c)). What cannot be judged counts against the certificate, and so does more
 * work than the limit allows.
 *
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkNameConstraints(
  path: readonly Certificate[],
  limits: Pick<PathLimits, 'comparisons'>,
): void {
  for (const [below, authority] of path.entries()) {
    if (authority.extensions.nameConstraints === undefined) continue;
    checkForm(authority);
    for (const [index, certificate] of path.slice(0, below).entries()) {
      // A self-issued certificate renews or crosses an authority of the same name; the leaf is always judged.
      if (index === 0 || !isSelfIssued(certificate)) checkNames(certificate, authority, limits);
    }
  }
}

function checkForm(authority: Certificate): void {
  const { permitted, excluded } = authority.extensions.nameConstraints ?? { permitted: [], excluded: [] };
  for (const subtree of [...permitted, ...excluded]) {
    const problem = subtreeProblem(subtree);
    if (problem !== undefined)
      throw notAllowed(authority, `has the name constraint ${formatSubtree(subtree)}, ${problem}`);
  }
}

function checkNames(
  certificate: Certificate,
  authority: Certificate,
  { comparisons }: Pick<PathLimits, 'comparisons'>,
): void {
  const constraints = authority.extensions.nameConstraints ?? { permitted: [], excluded: [] };
  const name = forbiddenName(namesOf(certificate), constraints, () => {
    if (!comparisons.spend()) throw notAllowed(authority, 'has more name constraints than can be judged');
  });
  if (name === undefined) return;
  throw notAllowed(
    certificate,
    `has the name ${formatGeneralName(name)}, which its authority may not certify`,
  );
}

/** All names of a subject: its alternative names, its distinguished name, and a mail address in that. */
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const names = [...extensions.subjectAltNames];
  if (subject.length > 0) names.push({ kind: 'directory', value: subject });
  const mail = subject.flat().filter(({ oid }) => oid === attributeOids.emailAddress);
  return [...names, ...mail.map(({ value }): GeneralName => ({ kind: 'email', value }))];
}

/**
 * The first of `names` that an authority with these constraints may not certify (RFC 5280 §4.2.1.10), or undefined. What
 * cannot be judged is forbidden. `compare` is called before each comparison, and may throw.
 */
export function forbiddenName(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
  compare: () => void = () => {},
): GeneralName | undefined {
  const matches = (name: GeneralName, subtrees: readonly GeneralSubtree[]): SubtreeMatch[] => {
    const concerning = subtrees.filter((subtree) => {
      compare();
      return isSameKind(name, subtree);
    });
    return concerning.map((subtree) => matchSubtree(name, subtree));
  };
  return names.find((name) => {
    const refusing = matches(name, excluded).some((match) => match !== 'outside');
    const permitting = matches(name, permitted);
    return refusing || (permitting.length > 0 && !permitting.includes('within'));
  });
}

/**
 * How a name stands to a name constraint of its kind (RFC 5280 §4.2.1.10): `within` it, `overlapping` when a wildcard
 * stands for names within and without, `outside`; `unclear` when one of the two has no form that can be judged.
 */
type SubtreeMatch = 'within' | 'overlapping' | 'outside' | 'unclear';

/** Whether a constraint concerns this kind of name at all. */
function isSameKind(name: GeneralName, subtree: GeneralSubtree): boolean {
  if (name.kind === 'other' || subtree.kind === 'other') {
    return name.kind === 'other' && subtree.kind === 'other' && name.tag === subtree.tag;
  }
  return name.kind === subtree.kind;
}

/** How `name` stands to a constraint of its kind. */
function matchSubtree(name: GeneralName, subtree: GeneralSubtree): SubtreeMatch {
  if (name.kind === 'dns' && subtree.kind === 'dns') return matchDns(name.value, subtree.value);
  if (name.kind === 'ip' && subtree.kind === 'ip') {
    const address = parseIpAddress(name.value);
    return address === undefined ? 'unclear' : within(isIpWithin(address, subtree.value));
  }
  if (name.kind === 'email' && subtree.kind === 'email') return matchEmail(name.value, subtree.value);
  if (name.kind === 'uri' && subtree.kind === 'uri') return matchUri(name.value, subtree.value);
  if (name.kind === 'directory' && subtree.kind === 'directory') {
    return within(isNameWithin(name.value, subtree.value));
  }
  return 'unclear';
}

/**
 * What is wrong with the form of a constraint, as a sentence goes on after it, or undefined; a malformed one must not be
 * taken for a narrow one (RFC 5280 §4.2.1.10).
 */
function subtreeProblem(subtree: GeneralSubtree): string | undefined {
  if (subtree.kind === 'dns') return dnsProblem(subtree.value);
  if (subtree.kind === 'uri')
    return isHostOrDomain(subtree.value) ? undefined : 'which is neither a host nor a domain';
  if (subtree.kind !== 'email') return undefined;
  const isMeant = splitMailbox(subtree.value) !== undefined || isHostOrDomain(subtree.value);
  return isMeant ? undefined : 'which is neither a mailbox nor a host nor a domain';
}

function dnsProblem(base: string): string | undefined {
  if (base === '' || isDnsName(base)) return undefined;
  return base.startsWith('.') && isDnsName(base.slice(1))
    ? `which has a leading period; expected ${base.slice(1)}, which stands for all names below it too`
    : 'which is no host name';
}

function matchDns(name: string, base: string): SubtreeMatch {
  const wildcard = name.startsWith('*.');
  const host = (wildcard ? name.slice(2) : name).toLowerCase();
  if (!isDnsName(host)) return 'unclear';
  const domain = base.toLowerCase();
  if (isSubdomain(host, domain)) return 'within';
  // `*.example.com` stands for `mail.example.com` too.
  return wildcard && domain.slice(domain.indexOf('.') + 1) === host ? 'overlapping' : 'outside';
}

function matchEmail(name: string, base: string): SubtreeMatch {
  const mailbox = splitMailbox(name);
  if (mailbox === undefined) return 'unclear';
  const only = splitMailbox(base);
  if (only === undefined) return within(matchHost(mailbox.host, base));
  return within(mailbox.local === only.local && mailbox.host === only.host);
}

/** A URI's host, which must be a name and not an address, is what counts. */
function matchUri(name: string, base: string): SubtreeMatch {
  const host = URL.parse(name)?.hostname.toLowerCase() ?? '';
  return isDnsName(host) && parseIpAddress(host) === undefined ? within(matchHost(host, base)) : 'unclear';
}

/** `.example.com` means the hosts of that domain, `example.com` that one host. */
function matchHost(host: string, base: string): boolean {
  return base.startsWith('.') ? host.endsWith(base.toLowerCase()) : host === base.toLowerCase();
}

function isSubdomain(host: string, domain: string): boolean {
  return domain === '' || host === domain || host.endsWith(`.${domain}`);
}

function isHostOrDomain(text: string): boolean {
  return isDnsName(text.startsWith('.') ? text.slice(1) : text);
}

function splitMailbox(text: string): { local: string; host: string } | undefined {
  const [local = '', host = '', ...rest] = text.split('@', 3);
  if (local === '' || rest.length > 0 || !isDnsName(host)) return undefined;
  return { local, host: host.toLowerCase() };
}

function within(yes: boolean): SubtreeMatch {
  return yes ? 'within' : 'outside';
}

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const maxLength = 253;

/** Whether `text` is a host name in the preferred form (RFC 1034 §3.5, RFC 1123 §2.1; underscores are in wide use). */
export function isDnsName(text: string): boolean {
  return text.length <= maxLength && text.split('.').every((part) => label.test(part));
}
