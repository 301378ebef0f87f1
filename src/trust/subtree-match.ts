import {
  type GeneralName,
  type GeneralSubtree,
  isIpWithin,
  isNameWithin,
  parseIpAddress,
} from '../pki/index.ts';

/**
 * How a name stands to a name constraint of its kind (RFC 5280 §4.2.1.10): `within` it, `overlapping` when a wildcard
 * stands for names within and without, `outside`; `unclear` when one of the two has no form that can be judged.
 */
export type SubtreeMatch = 'within' | 'overlapping' | 'outside' | 'unclear';

/** Whether a constraint concerns this kind of name at all. */
export function isSameKind(name: GeneralName, subtree: GeneralSubtree): boolean {
  if (name.kind === 'other' || subtree.kind === 'other') {
    return name.kind === 'other' && subtree.kind === 'other' && name.tag === subtree.tag;
  }
  return name.kind === subtree.kind;
}

/** How `name` stands to a constraint of its kind. */
export function matchSubtree(name: GeneralName, subtree: GeneralSubtree): SubtreeMatch {
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
export function subtreeProblem(subtree: GeneralSubtree): string | undefined {
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
