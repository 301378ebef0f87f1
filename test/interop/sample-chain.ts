import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leafTemplate } from '../../src/authority/issue/leaf-contents.ts';
import {
  createIssuingCertificate,
  createRootCertificate,
} from '../../src/authority/issuers/ca-certificates.ts';
import { permittingNames } from '../../src/authority/issuers/permitted-names.ts';
import { dayMs } from '../../src/base/index.ts';
import {
  type Certificate,
  certificatePem,
  createCrl,
  createLintedCertificate,
  createSubject,
  crlPem,
  encodeCrlEntries,
  exportPublicKey,
  generateKeyPair,
  type KeyAlgorithm,
  type KeyPair,
  keyIdentifier,
  parseCertificate,
} from '../../src/pki/index.ts';
import { defaultProfiles, parseRequestedNames } from '../../src/policy/index.ts';

/** A root, an issuing certificate with name constraints and a server below it, valid now. */
export interface SampleChain {
  readonly root: Certificate;
  readonly issuing: Certificate;
  readonly leaf: Certificate;
  readonly leafKeys: KeyPair;
  readonly issuingKeys: KeyPair;
}

const network = 'backup.example';
const statusAddress = 'http://status.example:8445';

/** Makes a chain whose keys are all of one kind, as the authority makes it. */
export async function sampleChain(algorithm: KeyAlgorithm): Promise<SampleChain> {
  const [rootKeys, issuingKeys, leafKeys] = [
    await generateKeyPair(algorithm),
    await generateKeyPair(algorithm),
    await generateKeyPair(algorithm),
  ];
  const nowMs = Date.now();
  const nameConstraints = permittingNames(['office.example', '192.168.0.0/16']);
  const options = { network, statusAddress, nowMs, nameConstraints };
  const root = parseCertificate(createRootCertificate('root-1', rootKeys.privateKey, options));
  const signer = { root, rootLabel: 'root-1', rootKey: rootKeys.privateKey };
  const issuing = parseCertificate(
    createIssuingCertificate('issuing-1', issuingKeys.publicKey, signer, options),
  );
  const own = { label: 'issuing-1', certificate: issuing };
  const issuer = {
    network,
    statusAddress,
    root: { label: 'root-1', certificate: root },
    issuing: own,
    issuingKey: issuingKeys.privateKey,
    above: [issuing.der],
    issuings: [own],
  } as const;
  const { names } = parseRequestedNames(['alpha.office.example,*.lab.office.example,192.168.1.*']);
  const subject = createSubject({ C: 'DE', O: 'Ünion', CN: 'alpha.office.example' });
  const authorisation = { identity: { network, role: 'server', name: 'alpha' }, names, subject } as const;
  const profile = { ...defaultProfiles.server, subject: 'asked' } as const;
  const spki = exportPublicKey(leafKeys.publicKey);
  const template = leafTemplate(issuer, authorisation, { profile, spki, nowMs });
  const leaf = parseCertificate(createLintedCertificate(template, issuingKeys.privateKey));
  return { root, issuing, leaf, leafKeys, issuingKeys };
}

/** Writes `root.pem`, `issuing.pem`, `leaf.pem`, `chain.pem` (leaf first, root last) and `crl.pem`, which revokes one. */
export async function writeChain(
  directory: string,
  { root, issuing, leaf, issuingKeys }: SampleChain,
): Promise<void> {
  const crl = createCrl(
    {
      issuer: issuing.subject,
      authorityKeyId: keyIdentifier(issuing.spki),
      number: 1_795_000_000_123n,
      thisUpdate: new Date(Date.now() - 60_000),
      nextUpdate: new Date(Date.now() + dayMs),
      entries: [encodeCrlEntries([{ serial: root.serial, revokedAt: new Date(), reason: 'keyCompromise' }])],
    },
    issuingKeys.privateKey,
  );
  const [rootPem, issuingPem, leafPem] = [root, issuing, leaf].map(({ der }) => certificatePem(der));
  const files = {
    'root.pem': rootPem,
    'issuing.pem': issuingPem,
    'leaf.pem': leafPem,
    'chain.pem': `${leafPem}${issuingPem}${rootPem}`,
    'crl.pem': crlPem(crl),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text ?? '');
}
