import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Bytes, isHoldfastError, Secret } from '../../base/index.ts';
import { tag, writeDer } from '../der/index.ts';
import {
  createPkcs12,
  exportPublicKey,
  openPkcs12,
  type Pkcs12Contents,
  parseCertificate,
} from '../index.ts';
import { mutate, seededRandom } from '../mutation.fixture.ts';
import { sampleNetwork } from '../network.fixture.ts';
import { Openssl } from '../openssl.fixture.ts';
import { pbmac1Files, wrongPbmac1 } from './rfc9579.fixture.ts';

const run = promisify(execFile);
const password = new Secret('correct horse ü');
const network = await sampleNetwork();
const contents: Pkcs12Contents = {
  keys: [
    { name: 'root-1', key: network.root.keys.privateKey },
    { name: 'issuing-1', key: network.issuing.keys.privateKey },
  ],
  certificates: [
    { name: 'root-1', der: network.root.der },
    { name: 'issuing-1', der: network.issuing.der },
    { name: 'alpha', der: network.leaf.der },
  ],
};
const written = await createPkcs12(contents, { password });
const writtenLegacy = await createPkcs12(contents, { password, legacy: true });

for (const [form, file] of [
  ['of today', written],
  ['of old', writtenLegacy],
] as const) {
  test(`a file in the form ${form} comes back with all keys, certificates and names`, async () => {
    const { keys, certificates } = await openPkcs12(file, password);
    assert.deepEqual(
      keys.map(({ name, key }) => [name, key.export({ format: 'jwk' })]),
      [
        ['root-1', network.root.keys.privateKey.export({ format: 'jwk' })],
        ['issuing-1', network.issuing.keys.privateKey.export({ format: 'jwk' })],
      ],
    );
    assert.deepEqual(
      certificates.map(({ name, der }) => [name, Buffer.from(der)]),
      contents.certificates.map(({ name, der }) => [name, Buffer.from(der)]),
    );
  });

  test(`openssl pkcs12 reads a file in the form ${form}`, async () => {
    await using openssl = await Openssl.open();
    await openssl.write('file.p12', file);
    const words = ['pkcs12', '-in', 'file.p12', '-passin', `pass:${password.reveal()}`, '-nodes', '-info'];
    const said = await openssl.run(...words);
    assert.equal(said.match(/-----BEGIN PRIVATE KEY-----/g)?.length, 2);
    assert.equal(said.match(/-----BEGIN CERTIFICATE-----/g)?.length, 3);
    assert.match(said, /friendlyName: issuing-1/);
    const expected =
      form === 'of today'
        ? /MAC: sha256, Iteration 600000[\s\S]*PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/
        : /MAC: sha1, Iteration 50000[\s\S]*pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 50000/;
    assert.match(said, expected);
    await assert.rejects(openssl.run(...words.with(4, 'pass:wrong')));
  });

  test(`certtool reads a file in the form ${form}`, async () => {
    await using place = await directory();
    await writeFile(join(place.path, 'file.p12'), file);
    const words = ['--p12-info', '--inder', '--password', password.reveal(), '--infile', 'file.p12'];
    const { stdout } = await run('certtool', words, { cwd: place.path });
    assert.equal(stdout.match(/-----BEGIN CERTIFICATE-----/g)?.length, 3);
    assert.equal(stdout.match(/Type: PKCS #8 Encrypted key/g)?.length, 2);
  });
}

test('a key and its certificate carry the same localKeyId, a certificate without a key none', async () => {
  await using openssl = await Openssl.open();
  await openssl.write('file.p12', written);
  const passin = `pass:${password.reveal()}`;
  const said = await openssl.run('pkcs12', '-in', 'file.p12', '-passin', passin, '-nodes');
  const ids = [...said.matchAll(/localKeyID: ([0-9A-F ]+)/g)].map(([, id]) => id);
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids).size, 2);
});

test('all parts of a file are under one key, each with an initialisation vector of its own', () => {
  const found = (bytes: Bytes, before: string): string[] =>
    [
      ...Buffer.from(bytes)
        .toString('hex')
        .matchAll(new RegExp(`${before}0410(.{32})`, 'g')),
    ].map(([, value = '']) => value);
  const salts = found(written, '06092a864886f70d01050c30..');
  const vectors = found(written, '060960864801650304012a');
  assert.deepEqual([salts.length, new Set(salts).size], [3, 1]);
  assert.deepEqual([vectors.length, new Set(vectors).size], [3, 3]);
  // What is derived for Triple DES is key and vector at once.
  const old = found(writtenLegacy, '060a2a864886f70d010c010330..');
  assert.deepEqual([old.length, new Set(old).size], [3, 3]);
});

const windows = ['-keyex', '-CSP', 'Microsoft Enhanced Cryptographic Provider v1.0', '-LMK'];
const both = (scheme: string): string[] => ['-legacy', '-keypbe', scheme, '-certpbe', scheme];

for (const [options, weakness] of [
  [[], undefined],
  [['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'], undefined],
  [['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'sha512'], undefined],
  [['-keypbe', 'NONE', '-certpbe', 'NONE'], 'certificates by nothing, keys by nothing'],
  [['-certpbe', 'NONE'], undefined],
  [['-iter', '1', '-nomaciter'], undefined],
  [['-legacy'], 'certificates by RC2-40, keys by Triple DES'],
  [['-legacy', ...windows], 'certificates by RC2-40, keys by Triple DES'],
  [['-legacy', '-keypbe', 'AES-256-CBC'], 'certificates by RC2-40, keys by AES-256'],
  [both('PBE-SHA1-2DES'), undefined],
  [both('PBE-SHA1-RC2-40'), 'certificates by RC2-40, keys by RC2-40'],
  [both('PBE-SHA1-RC2-128'), 'certificates by RC2-128, keys by RC2-128'],
  [both('PBE-SHA1-RC4-40'), 'certificates by RC4-40, keys by RC4-40'],
  [both('PBE-SHA1-RC4-128'), 'certificates by RC4-128, keys by RC4-128'],
] as const) {
  test(`what openssl pkcs12 -export ${options.join(' ')} makes is read, and judged`, async () => {
    const opened = await openPkcs12(await fromOpenssl(options), password);
    assertPair(opened, 'named ü');
    assert.equal(opened.weakness, weakness);
  });
}

test('a password beyond ASCII opens what openssl makes with it, and made before 1.1.0', async () => {
  for (const text of ['Größe', 'пароль 密码', 'smile 😀']) {
    // What openssl made of the bytes of UTF-8 then is what it makes today of each of them as a character.
    const older = Buffer.from(text).toString('latin1');
    for (const typed of [text, older])
      assertPair(await openPkcs12(await fromOpenssl(['-legacy'], typed), new Secret(text)), 'named ü');
  }
});

test('an empty password opens what was made with one, or with none', async () => {
  const empty = new Secret('');
  for (const options of [[], ['-legacy']])
    assertPair(await openPkcs12(await fromOpenssl(options, ''), empty), 'named ü');
  const none = await fromCerttool(['--null-password', '--pkcs-cipher', 'rc2-40']);
  assertPair(await openPkcs12(none, empty), 'named');
  await rejectsWith('password_wrong', openPkcs12(await fromOpenssl(['-legacy']), empty));
});

test('what certtool --to-p12 makes is read', async () => {
  const file = await fromCerttool(['--password', password.reveal()]);
  assertPair(await openPkcs12(file, password), 'named');
});

test('a file in BER, of indefinite lengths and octet strings in pieces, is read', async () => {
  const { keys, certificates } = await openPkcs12(asBer(Buffer.from(written)), password);
  assert.equal(keys.length, 2);
  assert.equal(certificates.length, 3);
});

test('a wrong password is said to be wrong', async () => {
  for (const file of [written, writtenLegacy])
    await rejectsWith('password_wrong', openPkcs12(file, new Secret('wrong')));
});

test('a scheme that PKCS#12 does not have is refused with the way to write it again', async () => {
  const file = await fromOpenssl(['-certpbe', 'RC2-CBC', '-legacy']);
  await assert.rejects(openPkcs12(file, password), (error: unknown) => {
    assert.ok(isHoldfastError(error, 'pkcs12_malformed'));
    assert.match(error.message, /cipher 1\.2\.840\.113549\.3\.2/);
    assert.match(error.hint ?? '', /keytool -importkeystore/);
    return true;
  });
});

test('a file without a MAC is refused, since anybody could have changed it', async () => {
  const file = await fromOpenssl(['-nomac']);
  await assert.rejects(openPkcs12(file, password), (error: unknown) => {
    assert.ok(isHoldfastError(error, 'pkcs12_malformed'));
    assert.match(error.message, /no MAC/);
    assert.match(error.hint ?? '', /keytool -importkeystore/);
    return true;
  });
});

test('a file that asks for hours of work is refused at once', async () => {
  const file = Buffer.from(written);
  const [at] = positions(file, Buffer.from([0x02, 0x03, 0x09, 0x27, 0xc0])).slice(-1);
  assert.ok(at !== undefined);
  // The same number of bytes, so that the lengths around it stay right: the salt gives up one for the larger number.
  const hostile = Buffer.concat([
    file.subarray(0, at - 18),
    Buffer.from([0x04, 0x0f]),
    file.subarray(at - 16, at - 1),
    Buffer.from([0x02, 0x04, 0x7f, 0xff, 0xff, 0xff]),
  ]);
  assert.equal(hostile.length, file.length);
  // Doing the work would take longer than any test may.
  await rejectsWith('pkcs12_malformed', openPkcs12(hostile, password));
});

test('a damaged file is a named error', async () => {
  for (const options of [[], ['-legacy']]) {
    const cheap = await fromOpenssl([...options, '-iter', '1', '-nomaciter']);
    const random = seededRandom(12);
    for (let round = 0; round < 2000; round++) {
      const damaged = mutate(cheap, random);
      try {
        await openPkcs12(damaged, password);
      } catch (error) {
        assert.ok(isHoldfastError(error, 'pkcs12_malformed', 'password_wrong'), String(error));
      }
    }
    for (let length = 0; length < cheap.length; length += 7)
      await rejectsWith('pkcs12_malformed', openPkcs12(cheap.subarray(0, length), password));
  }
  await rejectsWith('pkcs12_malformed', openPkcs12(new Uint8Array(5_000_000), password));
});

test('an RSA and an Ed25519 key travel too', async () => {
  for (const algorithm of ['ed25519', 'rsa2048'] as const) {
    const { root } = await sampleNetwork(algorithm);
    const small = { keys: [{ key: root.keys.privateKey }], certificates: [{ der: root.der }] };
    const { keys, certificates } = await openPkcs12(await createPkcs12(small, { password }), password);
    assert.ok(keys[0]?.key.equals(root.keys.privateKey));
    assert.equal(certificates[0]?.name, undefined);
  }
});

/** One key, its certificate, and the same name on both. */
function assertPair({ keys, certificates }: Pkcs12Contents, name: string): void {
  const [key] = keys;
  const [certificate] = certificates;
  assert.ok(key !== undefined && certificate !== undefined);
  assert.equal(keys.length + certificates.length, 2);
  assert.equal(certificate.name, name);
  assert.equal(key.name, name);
  assert.deepEqual(
    Buffer.from(exportPublicKey(key.key)),
    Buffer.from(parseCertificate(certificate.der).spki),
  );
}

async function fromOpenssl(options: readonly string[], typed = password.reveal()): Promise<Bytes> {
  await using openssl = await Openssl.open();
  await selfSigned(openssl);
  const files = ['-inkey', 'key.pem', '-in', 'cert.pem', '-out', 'file.p12'];
  const words = ['-name', 'named ü', '-passout', `pass:${typed}`, ...options];
  await openssl.run('pkcs12', '-export', ...files, ...words);
  return await openssl.read('file.p12');
}

async function fromCerttool(options: readonly string[]): Promise<Bytes> {
  await using place = await directory();
  await using openssl = await Openssl.open();
  await selfSigned(openssl);
  for (const name of ['key.pem', 'cert.pem'])
    await writeFile(join(place.path, name), await openssl.read(name));
  const words = ['--to-p12', '--outder', '--p12-name', 'named', ...options];
  const files = ['--load-privkey', 'key.pem', '--load-certificate', 'cert.pem', '--outfile', 'file.p12'];
  await run('certtool', [...words, ...files], { cwd: place.path });
  return await readFile(join(place.path, 'file.p12'));
}

async function selfSigned(openssl: Openssl): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
  await openssl.run('req', '-x509', ...key, '-subj', '/CN=made by openssl', '-out', 'cert.pem');
}

/** Every constructed element of indefinite length, and long octet strings in pieces. */
function asBer(der: Buffer): Buffer {
  const { identifier, content, rest } = split(der);
  const end = Buffer.from([0, 0]);
  const converted = convert(identifier, content, end);
  return rest.length === 0 ? converted : Buffer.concat([converted, asBer(rest)]);
}

function convert(identifier: number, content: Buffer, end: Buffer): Buffer {
  if ((identifier & 0x20) !== 0)
    return Buffer.concat([
      Buffer.from([identifier, 0x80]),
      content.length === 0 ? content : asBer(content),
      end,
    ]);
  if (identifier !== 0x04 || content.length < 100)
    return Buffer.concat([
      Buffer.from([identifier, 0x84, 0, 0, content.length >> 8, content.length & 0xff]),
      content,
    ]);
  const pieces = [content.subarray(0, 50), content.subarray(50)].map((piece) =>
    Buffer.concat([Buffer.from([0x04, 0x83, 0, piece.length >> 8, piece.length & 0xff]), piece]),
  );
  return Buffer.concat([Buffer.from([0x24, 0x80]), ...pieces, end]);
}

function split(der: Buffer): { identifier: number; content: Buffer; rest: Buffer } {
  const first = der[1] as number;
  const count = first < 0x80 ? 0 : first & 0x7f;
  const length = count === 0 ? first : der.readUIntBE(2, count);
  const start = 2 + count;
  return {
    identifier: der[0] as number,
    content: der.subarray(start, start + length),
    rest: der.subarray(start + length),
  };
}

function positions(bytes: Buffer, wanted: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) found.push(at);
  return found;
}

async function rejectsWith(
  code: 'password_wrong' | 'pkcs12_malformed',
  promise: Promise<unknown>,
): Promise<void> {
  await assert.rejects(promise, (error: unknown) => isHoldfastError(error, code));
}

async function directory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-p12-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('the files of RFC 9579, whose MAC is PBMAC1, are read', async () => {
  for (const file of pbmac1Files) {
    const { keys, certificates } = await openPkcs12(file, new Secret('1234'));
    assert.deepEqual([keys.length, certificates.length], [1, 1]);
    await assert.rejects(openPkcs12(file, new Secret('4321')), { code: 'password_wrong' });
  }
});

/** The file of RFC 9579 A.1 with another MacData. */
function withMac(hex: string): Buffer {
  const [file = Buffer.alloc(0)] = pbmac1Files;
  const before = file.subarray(4, file.indexOf(Buffer.from('307c306d3049', 'hex')));
  const content = Buffer.concat([before, Buffer.from(hex, 'hex')]);
  return Buffer.concat([Buffer.from([0x30, 0x82, content.length >> 8, content.length & 0xff]), content]);
}

test('a PBMAC1 is not taken by the salt and iterations beside it, nor without the length of its key', async () => {
  for (const hex of [wrongPbmac1.iterations, wrongPbmac1.salt])
    await assert.rejects(openPkcs12(withMac(hex), new Secret('1234')), { code: 'password_wrong' });
  await assert.rejects(openPkcs12(withMac(wrongPbmac1.length), new Secret('1234')), {
    code: 'pkcs12_malformed',
    message: /key of its PBMAC1 has no length, expected 20 to 64/,
  });
  const short = wrongPbmac1.iterations.replace('020801020120', '020800020113');
  await assert.rejects(openPkcs12(withMac(short), new Secret('1234')), { message: /has 19 bytes/ });
});

test('a PBMAC1 that asks for hours of work is refused at once', async () => {
  const many = writeDer((writer) => {
    const hmac = () => writer.inside(tag.sequence, () => writer.oid('1.2.840.113549.2.9'));
    writer.inside(tag.sequence, () => {
      writer.inside(tag.sequence, () => {
        writer.inside(tag.sequence, () => {
          writer.oid('1.2.840.113549.1.5.14');
          writer.inside(tag.sequence, () => {
            writer.inside(tag.sequence, () => {
              writer.oid('1.2.840.113549.1.5.12');
              writer.inside(tag.sequence, () => {
                writer.content(tag.octetString, Buffer.alloc(8));
                writer.smallInteger(0x7fff_ffff);
                writer.smallInteger(32);
                hmac();
              });
            });
            hmac();
          });
        });
        writer.content(tag.octetString, Buffer.alloc(32));
      });
      writer.content(tag.octetString, Buffer.alloc(8));
    });
  });
  await assert.rejects(openPkcs12(withMac(Buffer.from(many).toString('hex')), new Secret('1234')), {
    message: /more than 20000000 iterations/,
  });
});
