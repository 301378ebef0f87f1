import type { Bytes } from '../base/index.ts';
import {
  createCertificate,
  createName,
  type ExtensionTemplate,
  exportPublicKey,
  generateKeyPair,
  generateSerialNumber,
  identityUri,
  type KeyAlgorithm,
  type KeyPair,
  keyIdentifier,
  networkUri,
} from './index.ts';

/** A certificate with the key it is for. */
export interface Holder {
  readonly der: Bytes;
  readonly keys: KeyPair;
}

/** A root, an issuing authority below it and a server below that. */
export interface SampleNetwork {
  readonly root: Holder;
  readonly issuing: Holder;
  readonly leaf: Holder;
}

/** Makes a network with all three keys of one kind; `leafExtensions` go over what a server's certificate has. */
export async function sampleNetwork(
  algorithm: KeyAlgorithm = 'p256',
  leafExtensions: ExtensionTemplate = {},
): Promise<SampleNetwork> {
  const root = await authority('root', algorithm);
  const issuing = await authority('issuing', algorithm, root);
  const keys = await generateKeyPair(algorithm);
  const leaf = issue('alpha', 'issuing', keys, issuing.keys, {
    ...leafProfile(issuing.keys),
    ...leafExtensions,
  });
  return { root, issuing, leaf: { der: leaf, keys } };
}

/** A name as the samples carry it. */
export function sampleName(commonName: string) {
  return createName({ O: 'Holdfast', CN: commonName });
}

/** What a server's certificate has. */
export function leafProfile(issuer: KeyPair): ExtensionTemplate {
  return {
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
    subjectAltNames: [
      { kind: 'uri', value: identityUri({ network: 'backup.myhost', role: 'server', name: 'alpha' }) },
      { kind: 'dns', value: 'alpha.example' },
      { kind: 'ip', value: '192.0.2.7' },
      { kind: 'ip', value: '2001:db8::7' },
    ],
    authorityKeyId: keyIdentifier(exportPublicKey(issuer.publicKey)),
    crlUrls: ['http://status.example:8445/-/crl/issuing.crl'],
    ocspUrls: ['http://status.example:8445/-/ocsp'],
    issuerUrls: ['http://status.example:8445/-/ca/issuing.cer'],
  };
}

async function authority(name: string, algorithm: KeyAlgorithm, above?: Holder): Promise<Holder> {
  const keys = await generateKeyPair(algorithm);
  const issuer = above?.keys ?? keys;
  const der = issue(name, above === undefined ? name : 'root', keys, issuer, {
    basicConstraints: above === undefined ? { ca: true } : { ca: true, pathLength: 0 },
    keyUsage: ['keyCertSign', 'cRLSign'],
    subjectAltNames: [{ kind: 'uri', value: networkUri('backup.myhost') }],
    authorityKeyId: keyIdentifier(exportPublicKey(issuer.publicKey)),
  });
  return { der, keys };
}

function issue(
  name: string,
  issuerName: string,
  keys: KeyPair,
  issuer: KeyPair,
  extensions: ExtensionTemplate,
): Bytes {
  const template = {
    serial: generateSerialNumber(Date.now()),
    issuer: sampleName(issuerName),
    subject: sampleName(name),
    notBefore: new Date(Date.now() - 300_000),
    notAfter: new Date(Date.now() + 86_400_000),
    spki: exportPublicKey(keys.publicKey),
    extensions,
  };
  return createCertificate(template, issuer.privateKey);
}
