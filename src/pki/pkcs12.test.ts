import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Bytes, isHoldfastError, Secret } from '../base/index.ts';
import { createPkcs12, exportPublicKey, openPkcs12, type Pkcs12Contents, parseCertificate } from './index.ts';
import { mutate, seededRandom } from './mutation.fixture.ts';
import { sampleNetwork } from './network.fixture.ts';
import { Openssl } from './openssl.fixture.ts';

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

for (const options of [
  [],
  ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'sha512'],
  ['-keypbe', 'NONE', '-certpbe', 'NONE'],
  ['-iter', '1', '-nomaciter'],
]) {
  test(`what openssl pkcs12 -export ${options.join(' ')} makes is read`, async () => {
    const file = await fromOpenssl(options);
    const { keys, certificates } = await openPkcs12(file, password);
    assert.equal(keys.length, 1);
    const [certificate] = certificates;
    assert.ok(certificate !== undefined && keys[0] !== undefined);
    assert.equal(certificate.name, 'named ü');
    assert.deepEqual(
      Buffer.from(exportPublicKey(keys[0].key)),
      Buffer.from(parseCertificate(certificate.der).spki),
    );
  });
}

test('what certtool --to-p12 makes is read', async () => {
  await using place = await directory();
  await using openssl = await Openssl.open();
  await selfSigned(openssl);
  for (const name of ['key.pem', 'cert.pem'])
    await writeFile(join(place.path, name), await openssl.read(name));
  const words = ['--to-p12', '--outder', '--p12-name', 'named', '--password', password.reveal()];
  const files = ['--load-privkey', 'key.pem', '--load-certificate', 'cert.pem', '--outfile', 'file.p12'];
  await run('certtool', [...words, ...files], { cwd: place.path });
  const { keys, certificates } = await openPkcs12(await readFile(join(place.path, 'file.p12')), password);
  assert.equal(keys.length, 1);
  assert.equal(certificates.length, 1);
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

test('what is encrypted with RC2 is refused with the way to write it again', async () => {
  const file = await fromOpenssl(['-legacy']);
  await assert.rejects(openPkcs12(file, password), (error: unknown) => {
    assert.ok(isHoldfastError(error, 'pkcs12_malformed'));
    assert.match(error.message, /RC2-40/);
    assert.match(error.hint ?? '', /openssl pkcs12/);
    return true;
  });
});

test('a file without a MAC is refused', async () => {
  await rejectsWith('pkcs12_malformed', openPkcs12(await fromOpenssl(['-nomac']), password));
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
  const cheap = await fromOpenssl(['-iter', '1', '-nomaciter']);
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

async function fromOpenssl(options: readonly string[]): Promise<Bytes> {
  await using openssl = await Openssl.open();
  await selfSigned(openssl);
  const files = ['-inkey', 'key.pem', '-in', 'cert.pem', '-out', 'file.p12'];
  const words = ['-name', 'named ü', '-passout', `pass:${password.reveal()}`, ...options];
  await openssl.run('pkcs12', '-export', ...files, ...words);
  return await openssl.read('file.p12');
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
