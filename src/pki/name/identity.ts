/** What a node is in its network. */
export type Role = 'server' | 'storage' | 'client' | 'admin';

export const roles: readonly Role[] = ['server', 'storage', 'client', 'admin'];

/** Who a certificate speaks for; it outlives any one certificate. */
export interface Identity {
  /** The trust domain, e.g. `backup.example`. */
  readonly network: string;
  readonly role: Role;
  readonly name: string;
}

/** A trust domain as SPIFFE-ID §2.1 allows it, not beginning with a mark. */
const networkPattern = /^[a-z0-9][a-z0-9._-]{0,254}$/;
const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Whether `network` can be the name of a network. */
export function isNetworkName(network: string): boolean {
  return networkPattern.test(network);
}

/** Whether `name` has the form of a node's name; whether it may be given is `policy`'s business. */
export function isNodeName(name: string): boolean {
  return namePattern.test(name);
}

/** `spiffe://<network>/<role>/<name>` (X.509-SVID §2). A `TypeError` when a part has not the form it must have. */
export function identityUri(identity: Identity): string {
  if (!roles.includes(identity.role)) throw new TypeError(`not a role: ${identity.role}`);
  if (!isNodeName(identity.name)) throw new TypeError(`not a node name: ${identity.name}`);
  return `${networkUri(identity.network)}/${identity.role}/${identity.name}`;
}

/** `spiffe://<network>`, as the certificates of an authority carry it. A `TypeError` when it is no network name. */
export function networkUri(network: string): string {
  if (!isNetworkName(network)) throw new TypeError(`not a network name: ${network}`);
  return `spiffe://${network}`;
}

/** The identity that a URI names, or undefined when it names none: exactly the form that {@link identityUri} writes. */
export function parseIdentityUri(uri: string): Identity | undefined {
  const [scheme, empty, network = '', role = '', name = '', ...rest] = uri.split('/', 6);
  if (scheme !== 'spiffe:' || empty !== '' || rest.length > 0) return undefined;
  if (!isNetworkName(network) || !isRole(role) || !isNodeName(name)) return undefined;
  return { network, role, name };
}

/** The network that an authority's URI names, or undefined: exactly the form that {@link networkUri} writes. */
export function parseNetworkUri(uri: string): string | undefined {
  const network = uri.startsWith('spiffe://') ? uri.slice('spiffe://'.length) : '';
  return isNetworkName(network) ? network : undefined;
}

function isRole(role: string): role is Role {
  return (roles as readonly string[]).includes(role);
}

const star = '*';

/** Whether `text` is a pattern of node names: a name with one `*` in it, which stands for one character or more. */
export function isNamePattern(text: string): boolean {
  return text.split(star).length === 2 && isNodeName(text.replace(star, 'x'));
}

/** Whether `name` is a node's name that `pattern` lets through; a pattern without `*` is the name itself. */
export function matchesNamePattern(pattern: string, name: string): boolean {
  if (!isNodeName(name)) return false;
  if (!isNamePattern(pattern)) return pattern === name;
  const [head = '', tail = ''] = pattern.split(star);
  return name.length > head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
}
