import { leafTemplate } from '../../../src/authority/issue/leaf-contents.ts';
import {
  createIssuingCertificate,
  createRootCertificate,
} from '../../../src/authority/issuers/ca-certificates.ts';
import type { Issuer } from '../../../src/authority/issuers/issuer.ts';
import { permittingNames } from '../../../src/authority/issuers/permitted-names.ts';
import type { Bytes } from '../../../src/base/index.ts';
import {
  createLintedCertificate,
  createName,
  createSubject,
  exportPublicKey,
  generateKeyPair,
  type KeyAlgorithm,
  type KeyPair,
  type Name,
  type NameConstraints,
  parseCertificate,
  type Role,
} from '../../../src/pki/index.ts';
import { defaultProfiles, parseRequestedNames } from '../../../src/policy/index.ts';

/** A chain as the authority makes it, and how it is to be judged. */
export interface Shape {
  readonly what: string;
  readonly algorithm: KeyAlgorithm;
  /** What the authority may certify. */
  readonly permitted: 'any' | 'domains' | 'addresses' | 'uris';
  /** As what the leaf shows itself. */
  readonly use: 'server' | 'client';
  /** Host name or address that a client would call a server by; absent in client use. */
  readonly host?: string;
  /** DER. */
  readonly root: Bytes;
  readonly issuing: Bytes;
  readonly leaf: Bytes;
  readonly leafKeys: KeyPair;
}

const network = 'backup.example';
const statusAddress = 'http://status.example:8445';

interface Permit {
  readonly what: string;
  readonly names: Shape['permitted'];
  readonly constraints?: NameConstraints;
}

/** Which names an authority may certify; the first is `init` without `--permit`. */
const permits: readonly Permit[] = [
  { what: 'any names', names: 'any' },
  { what: 'domains', names: 'domains', constraints: permittingNames(['office.example', 'lab.example']) },
  {
    what: 'domains and addresses',
    names: 'addresses',
    constraints: permittingNames(['office.example', '192.0.2.0/24', '2001:db8::/32']),
  },
];

/** As authorities were made once: what lies below is refused by the commonest validators. */
const boundUris: Permit = {
  what: 'domains and URIs',
  names: 'uris',
  constraints: {
    permitted: [
      { kind: 'dns', value: 'office.example' },
      { kind: 'uri', value: network },
    ],
    excluded: [],
  },
};

interface LeafShape {
  readonly role: Role;
  readonly name: string;
  readonly names: readonly string[];
  readonly hosts: readonly string[];
  readonly subject?: Name;
  /** Only where addresses may be certified. */
  readonly hasAddress?: boolean;
}

const person = createSubject({
  C: 'DE',
  ST: 'Bayern',
  O: 'Ünion',
  OU: ['Büro', 'Keller'],
  GN: 'Ann',
  SN: 'Müller',
  CN: 'Ann Müller',
});

const leaves: readonly LeafShape[] = [
  {
    role: 'server',
    name: 'vault',
    names: ['vault.office.example'],
    hosts: ['vault.office.example'],
  },
  {
    role: 'server',
    name: 'wild',
    names: ['a.office.example', '*.b.office.example', 'bücher.office.example'],
    hosts: ['a.office.example', 'x.b.office.example', 'xn--bcher-kva.office.example'],
  },
  {
    role: 'storage',
    name: 'nas',
    names: ['nas.office.example', '192.0.2.7', '2001:db8::7'],
    hosts: ['nas.office.example', '192.0.2.7', '2001:db8::7'],
    hasAddress: true,
  },
  {
    role: 'storage',
    name: 'many',
    names: ['nas2.office.example', '192.0.2.*'],
    hosts: ['192.0.2.200'],
    hasAddress: true,
  },
  { role: 'client', name: 'laptop', names: [], hosts: [] },
  { role: 'client', name: 'db-1.elsewhere.example', names: [], hosts: [] },
  { role: 'client', name: 'a_b', names: [], hosts: [] },
  { role: 'client', name: 'ann', names: [], hosts: [], subject: person },
  { role: 'admin', name: 'root', names: [], hosts: [] },
  { role: 'admin', name: 'nameless', names: [], hosts: [], subject: [] },
];

/**
 * Every shape of certificate that is issued, below an authority with and without name constraints, in each use it is
 * for, once with the keys that are usual and one of each with every other kind of key.
 */
export async function certificateShapes(algorithms: readonly KeyAlgorithm[]): Promise<Shape[]> {
  const shapes: Shape[] = [];
  for (const [index, algorithm] of algorithms.entries()) {
    const keys = await threeKeys(algorithm);
    for (const permit of index === 0 ? [...permits, boundUris] : permits) {
      const authority = makeAuthority(permit, keys);
      const some = index === 0 ? leaves : leaves.filter(({ name }) => name === 'vault' || name === 'laptop');
      for (const leaf of some.filter(
        ({ hasAddress }) => hasAddress !== true || permit.names === 'any' || permit.names === 'addresses',
      )) {
        shapes.push(...shapesOf(leaf, authority, keys.leaf, { algorithm, permit }));
      }
    }
  }
  return shapes;
}

interface Keys {
  readonly root: KeyPair;
  readonly issuing: KeyPair;
  readonly leaf: KeyPair;
}

async function threeKeys(algorithm: KeyAlgorithm): Promise<Keys> {
  const [root, issuing, leaf] = await Promise.all([
    generateKeyPair(algorithm),
    generateKeyPair(algorithm),
    generateKeyPair(algorithm),
  ]);
  return { root, issuing, leaf };
}

function makeAuthority({ constraints: nameConstraints }: Permit, keys: Keys): Issuer {
  const options = { network, statusAddress, nowMs: Date.now(), nameConstraints };
  const root = parseCertificate(createRootCertificate('root-1', keys.root.privateKey, options));
  const signer = { root, rootLabel: 'root-1', rootKey: keys.root.privateKey };
  const issuing = parseCertificate(
    createIssuingCertificate('issuing-1', keys.issuing.publicKey, signer, options),
  );
  const own = { label: 'issuing-1', certificate: issuing };
  return {
    network,
    statusAddress,
    root: { label: 'root-1', certificate: root },
    issuing: own,
    issuingKey: keys.issuing.privateKey,
    above: [issuing.der],
    issuings: [own],
  };
}

function shapesOf(
  leaf: LeafShape,
  issuer: Issuer,
  leafKeys: KeyPair,
  { algorithm, permit }: { readonly algorithm: KeyAlgorithm; readonly permit: Permit },
): Shape[] {
  const { role, name, hosts } = leaf;
  const { names, commonName } = parseRequestedNames(leaf.names);
  const subject = leaf.subject ?? (commonName === undefined ? undefined : createName({ CN: commonName }));
  const authorisation = { identity: { network, role, name }, names, ...(subject && { subject }) };
  const profile = { ...defaultProfiles[role], subject: 'asked' } as const;
  const spki = exportPublicKey(leafKeys.publicKey);
  const template = leafTemplate(issuer, authorisation, { profile, spki, nowMs: Date.now() });
  const der = createLintedCertificate(template, issuer.issuingKey);
  const made = {
    algorithm,
    permitted: permit.names,
    root: issuer.root.certificate.der,
    issuing: issuer.issuing.certificate.der,
    leaf: der,
    leafKeys,
  };
  const what = `${role}/${name}, ${algorithm}, below an authority for ${permit.what}`;
  return [
    ...hosts.map((host): Shape => ({ ...made, what: `${what}, as ${host}`, use: 'server', host })),
    { ...made, what: `${what}, as a client`, use: 'client' },
  ];
}
