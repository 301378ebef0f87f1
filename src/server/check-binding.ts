import type { BindingTarget } from '../admin/index.ts';
import { type Bytes, equalBytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { type Certificate, formatName, parseCertificate, signed } from '../pki/index.ts';
import { type ListenerPolicy, parseRequestedNames } from '../policy/index.ts';
import { everyListener } from '../transport/index.ts';
import { checkChosenLeaf, checkServerUse, validatePath, verifyServerName } from '../trust/index.ts';
import type { Binding } from './tls-bindings.ts';

/** What is to be shown, and to whom. */
interface CheckedOrder {
  readonly target: BindingTarget;
  /** DER: the certificate, then each that signed the one before. */
  readonly chain: readonly Bytes[];
  /** DER: by which clients are to take it; none leaves them as they are. */
  readonly roots: readonly Bytes[];
  readonly at: Date;
}

/**
 * What a certificate is to be bound to: every listener unless one, or a host, is said.
 * @throws HoldfastError `name_invalid` for what is no host name, `usage` for a listener that there is not
 */
export function bindingTarget(
  { host, listener }: { readonly host?: string | undefined; readonly listener?: string | undefined },
  listeners: readonly ListenerPolicy[],
): BindingTarget {
  if (host !== undefined) return { kind: 'host', name: hostName(host) };
  if (listener === undefined) return { kind: 'listener', name: everyListener };
  const names = listeners.flatMap(({ kind, name }) => (kind === 'tls' ? [name] : []));
  if (names.includes(listener)) return { kind: 'listener', name: listener };
  throw new HoldfastError('usage', `there is no TLS listener ${listener}, expected ${names.join(' or ')}`, {
    hint: 'holdfast status shows the listeners of a running server',
  });
}

/** SNI carries host names only (RFC 6066 §3), so nothing can be bound to an address. */
function hostName(text: string): string {
  const [name, ...others] = parseRequestedNames([text]).names;
  if (name?.kind === 'dns' && others.length === 0) return name.value;
  throw new HoldfastError(
    'name_invalid',
    `--host ${text}: expected one host name, since clients name no addresses`,
    {
      hint: 'bind it to a whole listener instead with --listener NAME, or to all of them without --host',
    },
  );
}

/**
 * Checks all of an order, and gives the certificate that is shown: the others lead on from it, all of them are valid, it is a
 * server's, for the host, and clients come from the roots to it.
 *
 * @throws HoldfastError `certificate_expired`, `certificate_not_yet_valid`, `certificate_not_allowed`, `certificate_wrong_name`
 */
export function checkBinding({ target, chain, roots, at }: CheckedOrder): Certificate {
  const leaf = checkChain(chain, at);
  if (target.kind === 'host') checkHost(leaf, target.name);
  if (roots.length > 0) checkAsClients(chain, roots, at);
  return leaf;
}

/** The first certificate, when the others lead on from it and all of them are valid. */
function checkChain(chain: readonly Bytes[], now: Date): Certificate {
  const certificates = chain.map((der) => parseCertificate(der));
  for (const [index, certificate] of certificates.entries()) {
    const { notBefore, notAfter, subject } = certificate;
    if (now > notAfter)
      throw refused('certificate_expired', `${formatName(subject)} ended ${notAfter.toISOString()}`);
    if (now < notBefore)
      throw refused('certificate_not_yet_valid', `${formatName(subject)} begins ${notBefore.toISOString()}`);
    const next = certificates[index + 1];
    if (next !== undefined && !signed(next, certificate)) {
      const found = `${formatName(next.subject)} stands after ${formatName(subject)} and did not sign it`;
      throw refused('certificate_not_allowed', `the chain is out of order: ${found}`);
    }
  }
  checkUse(certificates);
  return certificates[0] as Certificate;
}

function checkUse(chain: readonly Certificate[]): void {
  try {
    checkServerUse(chain);
  } catch (error) {
    if (!isHoldfastError(error, 'certificate_not_allowed')) throw error;
    throw new HoldfastError(error.code, error.message, {
      hint: 'ask its authority for a certificate of a server: serverAuth, and a key that signs',
      cause: error,
    });
  }
}

/** What clients are told to believe has to lead them to this certificate, by all that they look at. */
function checkAsClients(chain: readonly Bytes[], roots: readonly Bytes[], at: Date): void {
  const [leaf, ...intermediates] = chain as [Bytes, ...Bytes[]];
  // One that is chosen as it is, such as one that signed itself, leads nowhere.
  if (roots.some((root) => equalBytes(root, leaf))) return void checkChosenLeaf(leaf, at);
  checkEnd(parseCertificate(chain.at(-1) as Bytes), roots);
  validatePath({ leaf, intermediates, anchors: roots, at, purpose: 'serverAuth', rules: 'chosen' });
}

/** What clients are told to believe has to be where the chain leads. */
function checkEnd(last: Certificate, roots: readonly Bytes[]): void {
  const leads = roots.some((root) => equalBytes(root, last.der) || signed(parseCertificate(root), last));
  if (leads) return;
  const [found, expected] = [formatName(last.subject), formatName(last.issuer)];
  throw refused(
    'certificate_not_allowed',
    `the chain ends with ${found}, which no root in --roots signed; expected ${expected} in one of them`,
  );
}

function refused(
  code: 'certificate_expired' | 'certificate_not_yet_valid' | 'certificate_not_allowed',
  message: string,
): HoldfastError {
  return new HoldfastError(code, message, {
    hint: 'put the certificate of the server first, then each that signed the one before, all of them valid',
  });
}

/** What nobody would take for this host is not bound to it. */
function checkHost(leaf: Certificate, host: string): void {
  verifyServerName(leaf, host.replace(/^\*\./, 'any.'));
}

/** The listeners that have something of their own bound to them, which what is bound to every one does not change. */
export function goingBefore({ kind, name }: BindingTarget, bindings: readonly Binding[]): string[] {
  if (kind !== 'listener' || name !== everyListener) return [];
  return bindings.flatMap(({ target }) =>
    target.kind === 'listener' && target.name !== everyListener ? [target.name] : [],
  );
}

/** Whether a listener shows what is bound to `target` to whoever names no host. */
export function isShownAt(
  { kind, name }: BindingTarget,
  listener: Pick<ListenerPolicy, 'kind' | 'name'>,
  exceptions: readonly string[],
): boolean {
  if (kind !== 'listener' || listener.kind !== 'tls') return false;
  return name === listener.name || (name === everyListener && !exceptions.includes(listener.name));
}

/** The hosts under which clients come to see the certificate: each of them may be believed by its roots. */
export function hostsOf(
  { kind, name }: BindingTarget,
  leaf: Certificate,
  names: readonly string[],
): string[] {
  if (kind === 'host' && !name.startsWith('*.')) return [name];
  const parent = name.slice(1);
  return names.filter((each) => covers(leaf, each) && (kind === 'listener' || each.endsWith(parent)));
}

/** Whether a certificate is for a host. */
export function covers(leaf: Certificate, host: string): boolean {
  try {
    verifyServerName(leaf, host);
    return true;
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}
