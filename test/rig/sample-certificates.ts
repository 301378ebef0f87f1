import type { KeyObject } from 'node:crypto';
import { type Bytes, dayMs, minuteMs } from '../../src/base/index.ts';
import {
  createCertificate,
  createName,
  type ExtensionTemplate,
  exportPublicKey,
  generateKeyPair,
  generateSerialNumber,
  type Identity,
  identityUri,
  type KeyAlgorithm,
  type KeyPair,
  keyIdentifier,
  type Name,
  networkUri,
} from '../../src/pki/index.ts';

/** A certificate with the key it is for. */
export interface Holder {
  readonly subject: Name;
  readonly der: Bytes;
  readonly keys: KeyPair;
}

export interface SampleOptions {
  readonly subject?: Name;
  /** Signs itself when there is none. */
  readonly issuer?: Holder;
  /** Valid since five minutes and for a day, unless said. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly algorithm?: KeyAlgorithm;
  /** A pair that is there already, also one that nobody should use. */
  readonly keys?: KeyPair;
  /** Go over the identifiers of the keys, which are there by themselves. */
  readonly extensions?: ExtensionTemplate;
}

/** Makes any certificate that can be written, right or wrong. */
export async function sampleCertificate(options: SampleOptions): Promise<Holder> {
  const keys = options.keys ?? (await generateKeyPair(options.algorithm ?? 'p256'));
  const { subject = createName({ CN: 'sample' }), issuer = { subject, keys } } = options;
  const template = {
    serial: generateSerialNumber(Date.now()),
    issuer: issuer.subject,
    subject,
    notBefore: options.notBefore ?? new Date(Date.now() - 5 * minuteMs),
    notAfter: options.notAfter ?? new Date(Date.now() + dayMs),
    spki: exportPublicKey(keys.publicKey),
    extensions: {
      authorityKeyId: keyIdentifier(exportPublicKey(issuer.keys.publicKey)),
      ...options.extensions,
    },
  };
  return { subject, keys, der: createCertificate(template, issuer.keys.privateKey) };
}

/** What an authority's certificate has; `pathLength` as given. */
export function authorityExtensions(pathLength?: number): ExtensionTemplate {
  return {
    basicConstraints: { ca: true, pathLength },
    keyUsage: ['keyCertSign', 'cRLSign'],
  };
}

/** A node's certificate and key, as `transport` wants them. */
export interface SampleNode {
  readonly chain: readonly Bytes[];
  readonly privateKey: KeyObject;
}

/** A root and an issuing authority of one network, made for a test. */
export class SampleAuthority {
  readonly network: string;
  readonly root: Holder;
  readonly issuing: Holder;

  private constructor(network: string, root: Holder, issuing: Holder) {
    this.network = network;
    this.root = root;
    this.issuing = issuing;
  }

  /** Authorities of different networks bear the same names: only their keys tell them apart. */
  static async create(network = 'backup.example'): Promise<SampleAuthority> {
    const uri = { subjectAltNames: [{ kind: 'uri', value: networkUri(network) }] } as const;
    const longLived = { notBefore: new Date(0), notAfter: new Date(Date.now() + 9000 * dayMs) };
    const root = await sampleCertificate({
      subject: createName({ CN: 'root' }),
      extensions: { ...authorityExtensions(), ...uri },
      ...longLived,
    });
    const issuing = await sampleCertificate({
      subject: createName({ CN: 'issuing' }),
      issuer: root,
      extensions: { ...authorityExtensions(0), ...uri },
      ...longLived,
    });
    return new SampleAuthority(network, root, issuing);
  }

  /** A node's credentials. Servers are for `localhost` and `127.0.0.1`; `options` go over everything. */
  async issue(role: Identity['role'], name: string, options: SampleOptions = {}): Promise<SampleNode> {
    const uri = { kind: 'uri', value: identityUri({ network: this.network, role, name }) } as const;
    const isMachine = role === 'server' || role === 'storage';
    const hosts = [
      { kind: 'dns', value: 'localhost' },
      { kind: 'ip', value: '127.0.0.1' },
    ] as const;
    const { der, keys } = await sampleCertificate({
      subject: createName({ CN: name }),
      issuer: this.issuing,
      ...options,
      extensions: {
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: isMachine ? ['serverAuth', 'clientAuth'] : ['clientAuth'],
        subjectAltNames: isMachine ? [uri, ...hosts] : [uri],
        ...options.extensions,
      },
    });
    return { chain: [der, this.issuing.der], privateKey: keys.privateKey };
  }
}
