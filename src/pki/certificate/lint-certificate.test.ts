import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { asBuffer } from '../../base/index.ts';
import {
  type CertificateTemplate,
  createCertificate,
  createLintedCertificate,
  createName,
  createSubject,
  type ExtensionTemplate,
  exportPublicKey,
  type GeneralName,
  generateKeyPair,
  type KeyAlgorithm,
  type KeyPair,
  keyIdentifier,
  type NameAttribute,
  parseCertificate,
  parseSerialNumber,
  type SerialNumber,
} from '../index.ts';
import { leafProfile, sampleNetwork } from '../network.fixture.ts';
import { adding, ecKey, selfSigned } from '../openssl.fixture.ts';
import { lintCertificate } from './lint-certificate.ts';

const keys = new Map<KeyAlgorithm, KeyPair>();
before(async () => {
  for (const algorithm of ['p256', 'rsa2048', 'ed25519'] as const) {
    keys.set(algorithm, await generateKeyPair(algorithm));
  }
});

type Change = Omit<Partial<CertificateTemplate>, 'extensions'> & {
  readonly extensions?: Partial<ExtensionTemplate>;
};

/** A good certificate of a server, but for what `change` says. */
function template(change: Change = {}, algorithm: KeyAlgorithm = 'p256'): CertificateTemplate {
  return {
    serial: parseSerialNumber('4711') as SerialNumber,
    issuer: createName({ O: 'backup.myhost', CN: 'issuing' }),
    subject: createName({ CN: 'alpha' }),
    notBefore: new Date('2026-11-21T00:00:00Z'),
    notAfter: new Date('2027-02-19T00:00:00Z'),
    spki: exportPublicKey(of(algorithm).publicKey),
    ...change,
    extensions: {
      ...leafProfile(of('ed25519')),
      subjectKeyId: keyIdentifier(exportPublicKey(of('p256').publicKey)),
      ...change.extensions,
    },
  };
}

const of = (algorithm: KeyAlgorithm): KeyPair => keys.get(algorithm) as KeyPair;
const signed = (change: Change, algorithm?: KeyAlgorithm) =>
  createCertificate(template(change, algorithm), of('ed25519').privateKey);
const lint = (der: Uint8Array) => lintCertificate(parseCertificate(der).tbs);
const named = (...names: GeneralName[]): Change => ({ extensions: { subjectAltNames: names } });

test('the certificates of a network break no rule, whatever their keys', async () => {
  for (const algorithm of ['p256', 'p384', 'p521', 'ed25519', 'rsa2048'] as const) {
    const { root, issuing, leaf } = await sampleNetwork(algorithm);
    for (const { der } of [root, issuing, leaf]) assert.deepEqual(lint(der), []);
  }
});

const authority = {
  basicConstraints: { ca: true, pathLength: 0 },
  keyUsage: ['keyCertSign', 'cRLSign'],
  extendedKeyUsage: [],
} as const;
const ocsp = { subjectAltNames: [], extendedKeyUsage: ['OCSPSigning'], ocspNoCheck: true } as const;
const attribute = (
  oid: NameAttribute['oid'],
  value: string,
  encoding: NameAttribute['encoding'] = 'utf8',
) => ({
  subject: [[{ oid, value, encoding }]],
});
const cn = '2.5.4.3';

const good: readonly (readonly [what: string, change: Change])[] = [
  [
    'a full subject',
    { subject: createSubject({ C: 'DE', ST: 'x', O: 'Ünion', emailAddress: 'a@b.example', CN: 'Ann' }) },
  ],
  ['no subject', { subject: [] }],
  ['an authority', { extensions: authority }],
  [
    'constrained names',
    {
      extensions: {
        ...authority,
        nameConstraints: { permitted: [{ kind: 'dns', value: 'a.example' }], excluded: [] },
      },
    },
  ],
  ['who answers OCSP', { extensions: ocsp }],
  ['a wildcard', named({ kind: 'dns', value: '*.b.example' })],
  [
    'a common name among the names',
    { ...named({ kind: 'dns', value: 'a.example' }), subject: createName({ CN: 'a.example' }) },
  ],
  [
    'a block of addresses',
    { ...named({ kind: 'ip', value: '192.0.2.0' }), subject: createName({ CN: '192.0.2.*' }) },
  ],
  [
    "a common name that is a client's own affair",
    { subject: createName({ CN: 'ann.example' }), extensions: { extendedKeyUsage: ['clientAuth'] } },
  ],
  [
    'a string type or an attribute in the name of its issuer that other programs write',
    {
      issuer: [
        ...attribute(cn, 'Old Step Root CA', 'printable').subject,
        ...attribute('2.5.4.97', 'x').subject,
      ],
    },
  ],
  ['an end after 2049', { notAfter: new Date('2050-01-01T00:00:00Z') }],
  ['a serial number of 20 octets', { serial: '7f'.repeat(20) as SerialNumber }],
];

for (const [what, change] of good) {
  test(`${what} breaks no rule`, () => {
    assert.deepEqual(lint(signed(change)), []);
    createLintedCertificate(template(change), of('ed25519').privateKey);
  });
}

const bad: readonly (readonly [found: RegExp, change: Change])[] = [
  [/serial number is not positive \(§4\.1\.2\.2\)/, { serial: '00' as SerialNumber }],
  [/serial number has 21 octets/, { serial: 'ff'.repeat(20) as SerialNumber }],
  [/its issuer has no name/, { issuer: [] }],
  [/neither a subject nor critical names/, { subject: [], extensions: { subjectAltNames: [] } }],
  [/country \(C\) is "D1"/, attribute('2.5.4.6', 'D1', 'printable')],
  [/C is not in its form/, attribute('2.5.4.6', 'de', 'printable')],
  [/C is not in its form/, attribute('2.5.4.6', 'DE')],
  [/common name \(CN\) has 65 characters/, attribute(cn, 'a'.repeat(65))],
  [/CN is not in its form/, attribute(cn, 'alpha', 'bmp')],
  [/CN is not in its form/, attribute(cn, ' alpha')],
  [/has a character that is not seen, U\+000A/, attribute(cn, 'al\npha')],
  [/the attribute 1\.2\.3 is not known/, attribute('1.2.3', 'x')],
  [/its issuer breaks Appendix A\.1/, { issuer: attribute(cn, 'a'.repeat(65)).subject }],
  [/its common name b\.example is none of its names/, { subject: createName({ CN: 'b.example' }) }],
  [/its common name 192\.0\.3\.\* is none of its names/, { subject: createName({ CN: '192.0.3.*' }) }],
  [/the name dns:a_b\.example is not of its form/, named({ kind: 'dns', value: 'a_b.example' })],
  [/the name dns:\*\.\*\.com is not of its form/, named({ kind: 'dns', value: '*.*.com' })],
  [/the name dns:a\*\.b\.example is not/, named({ kind: 'dns', value: 'a*.b.example' })],
  [/the name dns:192\.0\.2\.1 is not/, named({ kind: 'dns', value: '192.0.2.1' })],
  [/the name dns:192\.168\.1\.\* is not/, named({ kind: 'dns', value: '192.168.1.*' })],
  [/the name uri:alpha is not/, named({ kind: 'uri', value: 'alpha' })],
  [/the name email:ann is not/, named({ kind: 'email', value: 'ann' })],
  [/the name directory:CN=x is not/, named({ kind: 'directory', value: createName({ CN: 'x' }) })],
  [/it has a name twice/, named({ kind: 'dns', value: 'a.example' }, { kind: 'dns', value: 'a.example' })],
  [/it has no basic constraints/, { extensions: { basicConstraints: undefined } }],
  [/does not say what its key is for/, { extensions: { keyUsage: [] } }],
  [
    /the key usage keyCertSign but is no authority/,
    { extensions: { keyUsage: ['digitalSignature', 'keyCertSign'] } },
  ],
  [
    /the key usage cRLSign but is no authority/,
    { extensions: { keyUsage: ['digitalSignature', 'cRLSign'] } },
  ],
  [/an authority may not sign certificates/, { extensions: { ...authority, keyUsage: ['cRLSign'] } }],
  [/an authority has no name/, { subject: [], extensions: authority }],
  [
    /the key usage keyEncipherment, which a key of the kind ec has not/,
    { extensions: { keyUsage: ['digitalSignature', 'keyEncipherment'] } },
  ],
  [/its key may not sign/, { extensions: { keyUsage: ['keyAgreement'] } }],
  [/does not say what it is for/, { extensions: { extendedKeyUsage: [] } }],
  [/it is for any purpose/, { extensions: { extendedKeyUsage: ['anyExtendedKeyUsage'] } }],
  [/it names a purpose twice/, { extensions: { extendedKeyUsage: ['clientAuth', 'clientAuth'] } }],
  [
    /answers OCSP and is for something else too/,
    { extensions: { ...ocsp, extendedKeyUsage: ['OCSPSigning', 'clientAuth'] } },
  ],
  [
    /answers OCSP and is for something else too/,
    { extensions: { ...authority, extendedKeyUsage: ['OCSPSigning'] } },
  ],
  [/not to be checked but answers no OCSP/, { extensions: { ocspNoCheck: true } }],
  [
    /name constraints but is no authority/,
    { extensions: { nameConstraints: { permitted: [{ kind: 'dns', value: 'a' }], excluded: [] } } },
  ],
  [/does not name the key of its issuer/, { extensions: { authorityKeyId: undefined } }],
  [
    /names its own key as that of its issuer/,
    { extensions: { authorityKeyId: Uint8Array.of(1), subjectKeyId: Uint8Array.of(1) } },
  ],
  [/the address \/crl is no absolute URL/, { extensions: { crlUrls: ['/crl'] } }],
  [/the address ldap:\/\/a\.example is no absolute URL/, { extensions: { ocspUrls: ['ldap://a.example'] } }],
  [/the address http:\/\/ is no absolute URL/, { extensions: { issuerUrls: ['http://'] } }],
];

for (const [found, change] of bad) {
  test(`is found: ${found.source}`, () => {
    const findings = lint(signed(change));
    assert.ok(
      findings.some((finding) => found.test(finding)),
      findings.join('\n'),
    );
    assert.throws(() => createLintedCertificate(template(change), of('ed25519').privateKey), {
      code: 'lint_failed',
      message: found,
    });
  });
}

test('the key usages of RSA and of Ed25519 are told apart', () => {
  const wraps: Change = { extensions: { keyUsage: ['digitalSignature', 'keyEncipherment'] } };
  assert.deepEqual(lint(signed(wraps, 'rsa2048')), []);
  assert.match(
    lint(signed(wraps, 'ed25519')).join(),
    /keyEncipherment, which a key of the kind ed25519 has not/,
  );
});

test('every rule that is broken is said', () => {
  const change: Change = { serial: '00' as SerialNumber, extensions: { keyUsage: [] } };
  assert.throws(() => createLintedCertificate(template(change), of('ed25519').privateKey), {
    message: /^the certificate would break rules of RFC 5280: its serial.*; it does not say/,
  });
});

test('a time in the wrong form for its year is found', () => {
  const { tbs } = parseCertificate(signed({ notAfter: new Date('2050-02-19T00:00:00Z') }));
  const early = Buffer.from(tbs);
  early.write('20490219', early.indexOf('20500219'));
  assert.match(lintCertificate(early).join(), /the time 2049-02-19T00:00:00\.000Z is in the wrong form/);
});

test('an end before the beginning is found', () => {
  const { tbs } = parseCertificate(signed({}));
  const turned = Buffer.from(tbs);
  turned.write('250219', turned.indexOf('270219'));
  assert.match(lintCertificate(turned).join(), /it ends 2025-02-19T00:00:00\.000Z, before it begins/);
});

test('an extension that is there twice, and what is cut short, cannot be read', () => {
  const { tbs } = parseCertificate(signed({ extensions: { ocspNoCheck: false } }));
  const twice = Buffer.from(tbs);
  // subjectKeyIdentifier becomes a second authorityKeyIdentifier.
  const at = twice.indexOf(Buffer.of(0x55, 0x1d, 14));
  twice[at + 2] = 35;
  assert.match(lintCertificate(twice).join(), /cannot be read/);
  assert.match(lintCertificate(asBuffer(tbs).subarray(0, -1)).join(), /cannot be read/);
  assert.match(lintCertificate(new Uint8Array()).join(), /cannot be read/);
});

const byOpenssl: readonly (readonly [found: RegExp, options: readonly string[]])[] = [
  [/not critical, which.*basicConstraints/, adding('basicConstraints=CA:TRUE')],
  [/not critical, which.*keyUsage/, adding('keyUsage=keyCertSign')],
  [/not critical, which.*nameConstraints/, adding('nameConstraints=permitted;DNS:a.example')],
  [/critical, which they may not be: subjectKeyId/, adding('subjectKeyIdentifier=critical,hash')],
  [/critical, which they may not be: extendedKeyUsage/, adding('extendedKeyUsage=critical,clientAuth')],
  [/names are critical though it has a subject/, adding('subjectAltName=critical,DNS:a.example')],
  [/it has the extension 2\.5\.29\.32, which is not known here/, adding('certificatePolicies=1.2.3')],
  [/names its issuer by more than its key/, adding('authorityKeyIdentifier=keyid:always,issuer:always')],
  [/is signed with sha1WithRSAEncryption, which proves nothing/, ['-newkey', 'rsa:2048', '-sha1']],
  [/cannot be read: public key uses the curve P-224/, ecKey('P-224')],
];

for (const [found, options] of byOpenssl) {
  test(`is found in what openssl makes: ${found.source}`, async () => {
    const key = options.includes('-newkey') ? [] : ecKey('P-256');
    const findings = lint(await selfSigned([...key, ...options]));
    assert.ok(
      findings.some((finding) => found.test(finding)),
      findings.join('\n'),
    );
  });
}
