import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authorityExtensions, type Holder, sampleCertificate } from '../../test/rig/sample-certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { dayMs, type ErrorCode, HoldfastError, hourMs, minuteMs } from '../base/index.ts';
import {
  certificatePem,
  createName,
  type ExtensionTemplate,
  exportPrivateKey,
  type GeneralName,
  type GeneralSubtree,
  parseIpRange,
  privateKeyPem,
} from '../pki/index.ts';
import type { Purpose } from './check-path.ts';
import { pathLimits } from './path-limits.ts';
import { type PathRequest, validatePath } from './validate-path.ts';

const now = new Date();

const named = (name: string) => createName({ CN: name });

/** An authority below `issuer`, or a root. */
function authority(name: string, issuer?: Holder, extensions: ExtensionTemplate = {}): Promise<Holder> {
  return sampleCertificate({
    subject: named(name),
    issuer,
    extensions: { ...authorityExtensions(), ...extensions },
    notAfter: new Date(Date.now() + 90 * dayMs),
  });
}

function leafOf(issuer: Holder, extensions: ExtensionTemplate = {}, subject = 'leaf'): Promise<Holder> {
  return sampleCertificate({
    subject: named(subject),
    issuer,
    extensions: { keyUsage: ['digitalSignature'], ...extensions },
  });
}

const root = await authority('root');
const issuing = await authority('issuing', root, authorityExtensions(0));
const leaf = await leafOf(issuing);

function validate(
  leaf: Holder,
  intermediates: readonly Holder[] = [issuing],
  anchors: readonly Holder[] = [root],
  change: Partial<PathRequest> = {},
): string[] {
  const path = validatePath({
    leaf: leaf.der,
    intermediates: intermediates.map(({ der }) => der),
    anchors: anchors.map(({ der }) => der),
    at: now,
    purpose: 'clientAuth',
    ...change,
  });
  return path.map(({ subject }) => subject[0]?.[0]?.value ?? '');
}

function failsWith(code: ErrorCode, pattern = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HoldfastError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

test('a path is given from the leaf to the anchor', () => {
  assert.deepEqual(validate(leaf), ['leaf', 'issuing', 'root']);
});

test('the order of the intermediates does not matter, nor do strangers and garbage among them', async () => {
  const stranger = await authority('stranger');
  const intermediates = [new Uint8Array(3), stranger.der, root.der, issuing.der];
  assert.deepEqual(validate(leaf, [], [root], { intermediates }), ['leaf', 'issuing', 'root']);
});

test('without the issuing certificate, or with the genuine root only appended, nothing is trusted', async () => {
  assert.throws(() => validate(leaf, []), failsWith('certificate_unknown_authority'));
  const other = await authority('other');
  const hostile = await leafOf(other);
  assert.throws(() => validate(hostile, [other, issuing, root]), failsWith('certificate_unknown_authority'));
});

test('an authority of the same name but another key is not taken for it', async () => {
  const impostor = await authority('issuing', await authority('root'));
  const forged = await leafOf(impostor);
  assert.throws(() => validate(forged, [impostor, issuing]), failsWith('certificate_unknown_authority'));
});

test('a leaf that is itself an anchor, or signed itself, vouches for nobody', async () => {
  const alone = await sampleCertificate({ subject: named('alone') });
  assert.throws(() => validate(alone, [], [root]), failsWith('certificate_unknown_authority'));
  assert.throws(() => validate(alone, [], [alone]), failsWith('certificate_unknown_authority'));
});

test('bytes that are no certificate come from no authority', () => {
  const request = { leaf: new Uint8Array([0x30, 0x03]) };
  assert.throws(() => validate(leaf, [], [], request), failsWith('certificate_unknown_authority'));
});

test('validity counts from its first to its last second, for each certificate of the path', async () => {
  const notBefore = new Date('2030-01-01T00:00:00Z');
  const notAfter = new Date('2030-02-01T00:00:00Z');
  const long = { notBefore: new Date(0), notAfter: new Date('2040-01-01T00:00:00Z') };
  const old = await sampleCertificate({ subject: named('root'), extensions: authorityExtensions(), ...long });
  const brief = await sampleCertificate({ subject: named('leaf'), issuer: old, notBefore, notAfter });
  const at = (date: Date) => validate(brief, [], [old], { at: date });
  assert.equal(at(notBefore).length, 2);
  assert.equal(at(notAfter).length, 2);
  assert.equal(at(new Date(notAfter.getTime() + 999)).length, 2);
  assert.throws(
    () => at(new Date(notBefore.getTime() - 1)),
    failsWith('certificate_not_yet_valid', /CN=leaf is valid from/),
  );
  assert.throws(
    () => at(new Date(notAfter.getTime() + 1000)),
    failsWith('certificate_expired', /CN=leaf expired/),
  );
  assert.throws(() => at(new Date(Number.NaN)), TypeError);
  const later = { at: new Date('2050-01-01T00:00:00Z') };
  assert.throws(() => validate(brief, [], [old], later), failsWith('certificate_expired', /CN=root expired/));
});

test('an expired leaf of a stranger is told from an expired leaf of ours', async () => {
  const expired = { subject: named('old'), notBefore: new Date(0), notAfter: new Date(Date.now() - hourMs) };
  const ours = await sampleCertificate({ ...expired, issuer: issuing });
  const theirs = await sampleCertificate({
    ...expired,
    issuer: await authority('issuing', await authority('root')),
  });
  assert.throws(() => validate(ours), failsWith('certificate_expired'));
  assert.throws(() => validate(theirs), failsWith('certificate_unknown_authority'));
});

test('a certificate that is no authority cannot issue, though its signature is right', async () => {
  const direct = await leafOf(root, {}, 'direct');
  const below = await leafOf(direct);
  assert.throws(() => validate(below, [direct]), failsWith('certificate_not_allowed', /not an authority/));
});

test('an authority without keyCertSign cannot issue', async () => {
  const crlOnly = await authority('crl', root, { keyUsage: ['cRLSign'] });
  const below = await leafOf(crlOnly);
  assert.throws(() => validate(below, [crlOnly]), failsWith('certificate_not_allowed', /keyCertSign/));
});

test('a path length of 0 allows leaves and no further authority', async () => {
  const deeper = await authority('deeper', issuing);
  const below = await leafOf(deeper);
  assert.throws(
    () => validate(below, [deeper, issuing]),
    failsWith('certificate_not_allowed', /allows 0 auth.*found 1/),
  );
});

test('a path length that has room is kept', async () => {
  const upper = await authority('upper', root, authorityExtensions(1));
  const lower = await authority('lower', upper, authorityExtensions(0));
  assert.deepEqual(validate(await leafOf(lower), [lower, upper]), ['leaf', 'lower', 'upper', 'root']);
});

const usages: readonly (readonly [ExtensionTemplate['extendedKeyUsage'], Purpose, boolean])[] = [
  [undefined, 'serverAuth', true],
  [['serverAuth', 'clientAuth'], 'clientAuth', true],
  [['anyExtendedKeyUsage'], 'clientAuth', true],
  [['clientAuth'], 'serverAuth', false],
  [['codeSigning'], 'clientAuth', false],
];
for (const [extendedKeyUsage, purpose, allowed] of usages) {
  const usage = extendedKeyUsage?.join(' ') ?? 'no extended key usage';
  test(`${usage} is ${allowed ? '' : 'not '}good for ${purpose}, in a leaf and in an authority`, async () => {
    const extensions = { extendedKeyUsage };
    const limited = await authority('limited', root, extensions);
    for (const [below, above] of [
      [await leafOf(issuing, extensions), issuing],
      [await leafOf(limited), limited],
    ] as const) {
      const judge = () => validate(below, [above], [root], { purpose });
      if (allowed) assert.equal(judge().length, 3);
      else assert.throws(judge, failsWith('certificate_not_allowed', new RegExp(`not for ${purpose}`)));
    }
  });
}

const weakKeys = {
  'RSA of 1024 bits': () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  'RSA of 2052 bits': () => generateKeyPairSync('rsa', { modulusLength: 2052 }),
  'the curve secp256k1': () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  'a curve by its parameters': () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }),
};
for (const [what, generate] of Object.entries(weakKeys)) {
  test(`a leaf with a key of ${what} is refused`, async () => {
    const weak = await sampleCertificate({ subject: named('weak'), issuer: issuing, keys: generate() });
    assert.throws(() => validate(weak), failsWith('certificate_not_allowed', /key/));
  });
}

test('a root with a weak key vouches for nobody', async () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const weak = await sampleCertificate({ subject: named('weak'), keys, extensions: authorityExtensions() });
  assert.throws(() => validate(weak, [], [weak]), failsWith('certificate_unknown_authority'));
  const below = await leafOf(weak);
  assert.throws(() => validate(below, [], [weak]), failsWith('certificate_unknown_authority'));
});

test('a signature by SHA-1 is none, the same by SHA-256 is one', async () => {
  const rsa = await sampleCertificate({
    subject: named('rsa'),
    algorithm: 'rsa2048',
    extensions: authorityExtensions(),
  });
  using directory = temporaryDirectory();
  const openssl = (...words: string[]) =>
    execFileSync('openssl', words, { cwd: directory.path, stdio: 'pipe' });
  writeFileSync(join(directory.path, 'ca.pem'), certificatePem(rsa.der));
  writeFileSync(join(directory.path, 'ca.key'), privateKeyPem(exportPrivateKey(rsa.keys.privateKey)));
  writeFileSync(join(directory.path, 'extensions'), 'authorityKeyIdentifier=keyid\n');
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'leaf.key',
    '-subj',
    '/CN=leaf',
    '-out',
    'leaf.req',
  );
  for (const [hash, accepted] of [
    ['-sha256', true],
    ['-sha1', false],
  ] as const) {
    const signing = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-extfile',
      'extensions',
      '-days',
      '1',
      '-outform',
      'DER',
    ];
    openssl('x509', '-req', '-in', 'leaf.req', ...signing, hash, '-out', 'leaf.der');
    const request = {
      leaf: readFileSync(join(directory.path, 'leaf.der')),
      at: new Date(Date.now() + minuteMs),
    };
    const judge = () => validate(rsa, [], [rsa], request);
    if (accepted) assert.equal(judge().length, 2);
    else assert.throws(judge, failsWith('certificate_unknown_authority'));
  }
});

const dns = (value: string): GeneralName & GeneralSubtree => ({ kind: 'dns', value });
const ip = (value: string): GeneralName => ({ kind: 'ip', value });
const uri = (value: string): GeneralName & GeneralSubtree => ({ kind: 'uri', value });
const email = (value: string): GeneralName & GeneralSubtree => ({ kind: 'email', value });
const range = (text: string): GeneralSubtree => {
  const value = parseIpRange(text);
  assert.ok(value);
  return { kind: 'ip', value };
};
const directory = (name: string): GeneralSubtree => ({ kind: 'directory', value: named(name) });

type Constraint = readonly [
  permitted: GeneralSubtree[],
  excluded: GeneralSubtree[],
  name: GeneralName,
  allowed: boolean,
];
const constraints: readonly Constraint[] = [
  [[dns('example.com')], [], dns('a.example.com'), true],
  [[dns('example.com')], [], dns('EXAMPLE.com'), true],
  [[dns('example.com')], [], dns('*.example.com'), true],
  [[dns('example.com')], [], dns('badexample.com'), false],
  [[dns('example.com')], [], ip('192.0.2.1'), true],
  [[dns('a.example.com')], [], dns('*.example.com'), false],
  [[dns('example.com')], [], dns('a..example.com'), false],
  [[], [dns('a.example.com')], dns('*.example.com'), false],
  [[], [dns('a.example.com')], dns('b.example.com'), true],
  [[], [dns('a.b.example.com')], dns('*.example.com'), true],
  [[dns('example.com')], [dns('a.example.com')], dns('x.a.example.com'), false],
  [[dns('.example.com')], [], dns('a.example.com'), false],
  [[range('10.0.0.0/8')], [], ip('10.1.2.3'), true],
  [[range('10.0.0.0/8')], [], ip('11.1.2.3'), false],
  [[range('10.0.0.0/8')], [], ip('2001:db8::1'), false],
  [[], [range('2001:db8::/32')], ip('2001:db8::1'), false],
  [[uri('backup.example')], [], uri('spiffe://backup.example/client/a'), true],
  [[uri('backup.example')], [], uri('spiffe://other.example/client/a'), false],
  [[uri('.example')], [], uri('spiffe://backup.example/client/a'), true],
  [[uri('backup.example')], [], uri('urn:backup.example'), false],
  [[uri('backup.example')], [], uri('https://192.0.2.1/'), false],
  [[email('example.com')], [], email('a@example.com'), true],
  [[email('example.com')], [], email('a@b.example.com'), false],
  [[email('.example.com')], [], email('a@b.example.com'), true],
  [[email('a@example.com')], [], email('A@example.com'), false],
  [[directory('leaf')], [], dns('x'), true],
  [[directory('elsewhere')], [], dns('x'), false],
  [[], [directory('leaf')], dns('x'), false],
];

const textOf = ({ kind, value }: { kind: string; value?: unknown }): string =>
  `${kind}:${typeof value === 'string' ? value : JSON.stringify(value)}`;

for (const [permitted, excluded, name, allowed] of constraints) {
  const what = [
    ...permitted.map((base) => `+${textOf(base)}`),
    ...excluded.map((base) => `-${textOf(base)}`),
  ];
  test(`under ${what.join(' ')} a certificate for ${textOf(name)} is ${allowed ? 'allowed' : 'refused'}`, async () => {
    const limited = await authority('limited', root, { nameConstraints: { permitted, excluded } });
    const below = await leafOf(limited, { subjectAltNames: [name] });
    if (allowed) assert.equal(validate(below, [limited]).length, 3);
    else assert.throws(() => validate(below, [limited]), failsWith('certificate_not_allowed', /name/));
  });
}

test('the constraints of every authority above count, and a lower one cannot widen them', async () => {
  const upper = await authority('upper', root, {
    nameConstraints: { permitted: [dns('a.example')], excluded: [] },
  });
  const lower = await authority('lower', upper, {
    nameConstraints: { permitted: [dns('example')], excluded: [] },
  });
  const within = await leafOf(lower, { subjectAltNames: [dns('x.a.example')] });
  const beyond = await leafOf(lower, { subjectAltNames: [dns('x.b.example')] });
  assert.equal(validate(within, [lower, upper]).length, 4);
  assert.throws(
    () => validate(beyond, [lower, upper]),
    failsWith('certificate_not_allowed', /x\.b\.example/),
  );
});

test('a path that fails does not hide another one that holds', async () => {
  const expired = { notBefore: new Date(0), notAfter: new Date(Date.now() - hourMs) };
  const template = { basicConstraints: { ca: true }, keyUsage: ['keyCertSign'] } as const;
  const cross = await sampleCertificate({ subject: named('cross'), issuer: root, extensions: template });
  const below = await leafOf(cross);
  const dead = await sampleCertificate({
    subject: named('cross'),
    issuer: root,
    extensions: template,
    ...expired,
  });
  assert.deepEqual(validate(below, [dead, cross]), ['leaf', 'cross', 'root']);
});

/** How many signatures were verified before nothing led to an anchor. */
function signaturesOfStranger(stranger: Holder, sent: readonly Holder[], anchors = [root]): number {
  const limits = pathLimits();
  assert.throws(
    () => validate(stranger, sent, anchors, { limits }),
    failsWith('certificate_unknown_authority'),
  );
  return limits.signatures.spent;
}

test('a chain that names none of our authorities costs no signature, however long it is', async () => {
  const chain = [await authority('strange 0')];
  for (let depth = 1; depth < 10; depth++) chain.push(await authority(`strange ${depth}`, chain.at(-1)));
  const below = await leafOf(chain.at(-1) as Holder);
  assert.equal(signaturesOfStranger(below, [...chain, issuing, root]), 0);
});

test('of a chain below a false copy of ours, nothing but the copy is verified', async () => {
  const copy = await authority('issuing', await authority('root'), authorityExtensions(0));
  const chain = [copy];
  for (let depth = 1; depth < 10; depth++) chain.push(await authority(`strange ${depth}`, chain.at(-1)));
  const below = await leafOf(chain.at(-1) as Holder);
  assert.equal(signaturesOfStranger(below, chain), 1);
});

test('a hundred certificates that all claim to be ours cost 32 signatures by our own keys', async () => {
  const impostor = await authority('root');
  const copies = await Promise.all(Array.from({ length: 100 }, () => authority('issuing', impostor)));
  assert.equal(signaturesOfStranger(await leafOf(copies[0] as Holder), copies), 32);
});

test('authorities of ours that cross in every way end in bounded work', async () => {
  const crossing = await Promise.all([0, 1, 2, 3].map((number) => authority(`cross ${number}`, root)));
  const copies = crossing.flatMap((issuer) =>
    crossing
      .filter((each) => each !== issuer)
      .map(({ subject, keys }) =>
        sampleCertificate({ subject, keys, issuer, extensions: authorityExtensions() }),
      ),
  );
  const below = await leafOf(crossing[0] as Holder, { extendedKeyUsage: ['codeSigning'] });
  const limits = pathLimits();
  const sent = [...(await Promise.all(copies)), ...crossing];
  assert.throws(() => validate(below, sent, [root], { limits }), failsWith('certificate_not_allowed'));
  assert.equal(limits.signatures.spent, 32);
});

test('a hundred authorities of one name and a ring of two end in bounded work', async () => {
  const clones = await Promise.all(Array.from({ length: 100 }, () => authority('clone')));
  const below = await leafOf(clones[0] as Holder, {}, 'below');
  assert.throws(() => validate(below, clones), failsWith('certificate_unknown_authority'));
  const one = await authority('one');
  const two = await authority('two', one);
  const back = await sampleCertificate({
    subject: named('one'),
    issuer: two,
    extensions: authorityExtensions(),
  });
  assert.throws(() => validate(below, [...clones, two, back]), failsWith('certificate_unknown_authority'));
});

test('more name constraints than can be judged are refused', async () => {
  const many = Array.from({ length: 600 }, (_, index) => dns(`n${index}.example`));
  const limited = await authority('limited', root, { nameConstraints: { permitted: [], excluded: many } });
  const names = Array.from({ length: 600 }, (_, index) => dns(`m${index}.example`));
  const below = await leafOf(limited, { subjectAltNames: names });
  assert.throws(
    () => validate(below, [limited]),
    failsWith('certificate_not_allowed', /more name constraints/),
  );
});

test('a path deeper than allowed is refused', async () => {
  const upper = await authority('upper', root);
  const lower = await authority('lower', upper);
  const below = await leafOf(lower);
  assert.equal(validate(below, [lower, upper], [root], { maxDepth: 2 }).length, 4);
  assert.throws(
    () => validate(below, [lower, upper], [root], { maxDepth: 1 }),
    failsWith('certificate_not_allowed', /2 authorities above it, at most 1/),
  );
});

test('an anchor without its own signature, below somebody else, is trusted as it stands', () => {
  assert.deepEqual(validate(leaf, [], [issuing]), ['leaf', 'issuing']);
});
