import type { KeyObject } from 'node:crypto';
import { type Bytes, dayMs, minuteMs } from '../../base/index.ts';
import {
  createLintedCertificate,
  createName,
  exportPublicKey,
  type GeneralName,
  generateKeyPair,
  generateSerialNumber,
  isHostName,
  type KeyAlgorithm,
  keyIdentifier,
  networkUri,
  parseCertificate,
  parseIpAddress,
} from '../../pki/index.ts';

/** A certificate of a site, with the key that was made for it. */
export interface Keyed {
  readonly der: Bytes;
  readonly key: KeyObject;
}

/** What a site shows to others: the root of its links, and what it signed for one node. */
export interface LinkKeys {
  readonly root: Keyed;
  readonly server: Keyed;
  readonly client: Keyed;
}

/** What the certificates of a site say. */
export interface LinkOrder {
  readonly site: string;
  readonly network: string;
  /** `host:port`, as others dial it. */
  readonly addresses: readonly string[];
  readonly algorithm: KeyAlgorithm;
  readonly nowMs: number;
}

/** A root outlives what it signed many times over: it is replaced by `site regenerate`, which partners follow. */
const rootLifetimeMs = 3650 * dayMs;
const leafLifetimeMs = 825 * dayMs;
/** For clocks that are behind. */
const backdateMs = 5 * minuteMs;

/**
 * Makes the root of a site's links and what its first node shows. The root is of the links alone: nothing that it signs is of the
 * network, whose own listeners know no such role, and nothing of the network's authority can speak for a link.
 */
export async function makeLinkKeys(order: LinkOrder): Promise<LinkKeys> {
  const keys = await generateKeyPair(order.algorithm);
  const root = { der: rootCertificate(order, keys.privateKey), key: keys.privateKey };
  return { root, ...(await makeNodeKeys(order, root)) };
}

/** Makes what one node of a site shows, signed by the root of its links. */
export async function makeNodeKeys(order: LinkOrder, root: Keyed): Promise<Omit<LinkKeys, 'root'>> {
  const [server, client] = await Promise.all([keyed(order, root, 'server'), keyed(order, root, 'client')]);
  return { server, client };
}

function rootCertificate({ site, network, nowMs }: LinkOrder, key: KeyObject): Bytes {
  const spki = exportPublicKey(key);
  const name = createName({ O: network, CN: `${site} links` });
  return createLintedCertificate(
    {
      serial: generateSerialNumber(nowMs),
      issuer: name,
      subject: name,
      notBefore: new Date(nowMs - backdateMs),
      notAfter: new Date(nowMs + rootLifetimeMs),
      spki,
      extensions: {
        basicConstraints: { ca: true, pathLength: 0 },
        keyUsage: ['keyCertSign', 'cRLSign'],
        subjectAltNames: [{ kind: 'uri', value: networkUri(network) }],
        authorityKeyId: keyIdentifier(spki),
      },
    },
    key,
  );
}

async function keyed(order: LinkOrder, root: Keyed, kind: 'server' | 'client'): Promise<Keyed> {
  const { privateKey } = await generateKeyPair(order.algorithm);
  return { der: leafCertificate(order, root, kind, privateKey), key: privateKey };
}

function leafCertificate(
  { site, network, addresses, nowMs }: LinkOrder,
  root: Keyed,
  kind: 'server' | 'client',
  key: KeyObject,
): Bytes {
  const issuer = parseCertificate(root.der);
  return createLintedCertificate(
    {
      serial: generateSerialNumber(nowMs),
      issuer: issuer.subject,
      subject: createName({ O: network, CN: `${site} sync ${kind}` }),
      notBefore: new Date(nowMs - backdateMs),
      notAfter: new Date(nowMs + leafLifetimeMs),
      spki: exportPublicKey(key),
      extensions: {
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: [kind === 'server' ? 'serverAuth' : 'clientAuth'],
        subjectAltNames: [
          { kind: 'uri', value: linkUri({ network, site, kind }) },
          ...(kind === 'server' ? hostNames(addresses) : []),
        ],
        authorityKeyId: keyIdentifier(issuer.spki),
      },
    },
    root.key,
  );
}

/** No identity of a network: `link` is none of its roles, so that no gate of one lets it in. */
export function linkUri({
  network,
  site,
  kind,
}: {
  readonly network: string;
  readonly site: string;
  readonly kind: 'server' | 'client';
}): string {
  return `${networkUri(network)}/link/${site}/${kind}`;
}

function hostNames(addresses: readonly string[]): GeneralName[] {
  const hosts = new Set(addresses.map((address) => new URL(`https://${address}`).hostname));
  return [...hosts].flatMap((host): GeneralName[] => {
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    if (parseIpAddress(bare) !== undefined) return [{ kind: 'ip', value: bare }];
    return isHostName(bare) ? [{ kind: 'dns', value: bare }] : [];
  });
}
