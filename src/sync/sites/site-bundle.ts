import { type KeyObject, verify } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  asBuffer,
  type Bytes,
  concatBytes,
  equalBytes,
  HoldfastError,
  isHoldfastError,
} from '../../base/index.ts';
import {
  type Certificate,
  equalNames,
  type Fingerprint,
  isNetworkName,
  isNodeName,
  networkUri,
  parseCertificate,
  publicKeyOf,
  signerOf,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import { linkUri } from './link-certificates.ts';

/** Which folders a link may carry: all that are ever named for it, or these. */
export type LinkShares = 'all' | readonly string[];

/** What a site says of itself to another: public, numbered, and signed by the root of its links. */
export interface SiteBundle {
  readonly site: string;
  readonly network: string;
  /** Of the network's authority, for people to compare; links are not vouched for by it. */
  readonly networkRoot: string;
  /** Each that is made is one higher; none goes back. */
  readonly sequence: number;
  readonly made: Date;
  readonly shares: LinkShares;
  /** `host:port`, of every node; any answers. */
  readonly addresses: readonly string[];
  readonly root: Certificate;
  /** Of its nodes. */
  readonly servers: readonly Certificate[];
  readonly clients: readonly Certificate[];
  /** As it travels. */
  readonly text: string;
}

const Der = Type.String({ minLength: 1, maxLength: 8192, pattern: '^[A-Za-z0-9+/]+=*$' });
const Certificates = Type.Array(Der, { minItems: 1, maxItems: 16 });

const Body = Type.Object({
  site: Type.String({ maxLength: 63 }),
  network: Type.String({ maxLength: 255 }),
  networkRoot: Type.String({ maxLength: 200 }),
  sequence: Type.Integer({ minimum: 1 }),
  made: Type.String({ maxLength: 40 }),
  shares: Type.Union([
    Type.Literal('all'),
    Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { maxItems: 1000 }),
  ]),
  addresses: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { minItems: 1, maxItems: 64 }),
  root: Der,
  servers: Certificates,
  clients: Certificates,
});

const Signed = Type.Object({
  holdfastSite: Type.Literal(1),
  body: Type.String({ minLength: 1, maxLength: 700_000, pattern: '^[A-Za-z0-9+/]+=*$' }),
  /** By the root that is in it and, where that is a new one, by the root before. */
  signatures: Type.Array(Type.String({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z0-9+/]+=*$' }), {
    minItems: 1,
    maxItems: 2,
  }),
});
type Signed = Static<typeof Signed>;

/** More is no bundle. */
export const maxBundleBytes = 1024 * 1024;

/** What is signed begins so, and nothing else that such a key signs does. */
const signedPrefix = Buffer.from('holdfast site bundle 1\n');

/** What a bundle is to say; certificates in DER. */
export interface BundleOrder
  extends Pick<
    SiteBundle,
    'site' | 'network' | 'networkRoot' | 'sequence' | 'made' | 'shares' | 'addresses'
  > {
  readonly root: Bytes;
  readonly servers: readonly Bytes[];
  readonly clients: readonly Bytes[];
}

/** Writes a bundle, signed by the root that is in it, and by the one before where that is another. */
export function signBundle(order: BundleOrder, keys: readonly KeyObject[]): SiteBundle {
  const body = Buffer.from(
    JSON.stringify({
      ...order,
      shares: order.shares === 'all' ? 'all' : [...order.shares],
      addresses: [...order.addresses],
      made: order.made.toISOString(),
      root: base64(order.root),
      servers: order.servers.map(base64),
      clients: order.clients.map(base64),
    } satisfies Static<typeof Body>),
  );
  const signatures = keys.map((key) => base64(signerOf(key).sign(concatBytes(signedPrefix, body))));
  return parseBundle(JSON.stringify({ holdfastSite: 1, body: base64(body), signatures } satisfies Signed));
}

/**
 * Reads a bundle, whose root has to have signed all that is in it. Whom to believe that the root is that of the site is for the
 * caller to know: see {@link follows}.
 * @throws HoldfastError `site_file_damaged`
 */
export function parseBundle(text: string): SiteBundle {
  if (text.length > maxBundleBytes) throw damaged(`has ${text.length} characters`);
  const signed = parseJson(text);
  if (!Check(Signed, signed)) throw damaged('is not what a site writes');
  const body = parseJson(Buffer.from(signed.body, 'base64').toString());
  if (!Check(Body, body)) throw damaged('has not the fields that this version knows');
  if (!isNodeName(body.site) || !isNetworkName(body.network)) throw damaged('names no site');
  if (!body.addresses.every(isAddress)) throw damaged('names an address that is none');
  const bundle = { ...body, text, ...certificatesOf(body), made: readTime(body.made) };
  if (!isSignedBy(bundle, bundle.root)) throw damaged('is not signed by the root that is in it');
  checkCertificates(bundle);
  return bundle;
}

/** Whether it has the form `host:port`, and nothing else. */
export function isAddress(text: string): boolean {
  const url = URL.parse(`https://${text}`);
  return (
    url !== null &&
    /:[0-9]{1,5}$/.test(text) &&
    `${url.pathname}${url.search}${url.hash}${url.username}${url.password}` === '/' &&
    !/\s/.test(text)
  );
}

/**
 * Whether a bundle is the next one of a site after the one that is held: it has a higher number, and the root that is believed
 * has signed it. `same` is what is held already, `older` is never taken, `stranger` is signed by nobody who is believed.
 */
export function follows(held: SiteBundle, next: SiteBundle): 'newer' | 'same' | 'older' | 'stranger' {
  if (held.site !== next.site || held.network !== next.network) return 'stranger';
  // What an earlier root has signed, which the one that is held has followed.
  if (next.sequence < held.sequence && isSignedBy(held, next.root)) return 'older';
  if (!isSignedBy(next, held.root)) return 'stranger';
  if (next.sequence > held.sequence) return 'newer';
  return next.text === held.text ? 'same' : 'older';
}

/** Whether the key of `root` has signed a bundle. */
function isSignedBy({ text }: Pick<SiteBundle, 'text'>, root: Certificate): boolean {
  const { body, signatures } = JSON.parse(text) as Signed;
  const data = concatBytes(signedPrefix, Buffer.from(body, 'base64'));
  const key = publicKeyOf(root);
  return signatures.some((signature) => verify('sha256', data, key, Buffer.from(signature, 'base64')));
}

/** Who a fingerprint belongs to among the certificates of a kind. */
export function holdsCertificate(certificates: readonly Certificate[], fingerprint: Fingerprint): boolean {
  return certificates.some((each) => each.fingerprint === fingerprint);
}

function certificatesOf({
  root,
  servers,
  clients,
}: Static<typeof Body>): Pick<SiteBundle, 'root' | 'servers' | 'clients'> {
  try {
    return { root: read(root), servers: servers.map(read), clients: clients.map(read) };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw damaged(`has a certificate that cannot be read: ${error.message}`, error);
  }
}

function read(text: string): Certificate {
  return parseCertificate(Uint8Array.from(Buffer.from(text, 'base64')));
}

/** Each certificate is what it stands for: a root of this network, and leaves of it that are this site's and can be nothing else. */
function checkCertificates({ root, servers, clients, site, network }: SiteBundle): void {
  const { basicConstraints, subjectAltNames } = root.extensions;
  const isRoot = basicConstraints?.ca === true && verifyCertificateSignature(root, publicKeyOf(root));
  if (!isRoot || !subjectAltNames.some((name) => name.kind === 'uri' && name.value === networkUri(network)))
    throw damaged(`has a root that is none of the network ${network}`);
  for (const [kind, leaves] of [
    ['server', servers],
    ['client', clients],
  ] as const) {
    const uri = linkUri({ network, site, kind });
    for (const leaf of leaves) {
      const { extensions } = leaf;
      const isOurs =
        equalNames(leaf.issuer, root.subject) &&
        !equalBytes(leaf.spki, root.spki) &&
        extensions.basicConstraints?.ca !== true &&
        extensions.subjectAltNames.some((name) => name.kind === 'uri' && name.value === uri) &&
        verifyCertificateSignature(leaf, publicKeyOf(root));
      if (!isOurs) throw damaged(`has a ${kind} certificate that its root has not signed for ${site}`);
    }
  }
}

function readTime(text: string): Date {
  const made = new Date(text);
  if (Number.isNaN(made.getTime())) throw damaged('has no time');
  return made;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function base64(bytes: Bytes): string {
  return asBuffer(bytes).toString('base64');
}

function damaged(found: string, cause?: unknown): HoldfastError {
  return new HoldfastError('site_file_damaged', `what a site says of itself ${found}`, { cause });
}
