import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** What a stranger shows in a handshake. */
export interface StrangerCredentials {
  /** DER, the leaf first. */
  readonly chain: readonly Buffer[];
  readonly privateKey: KeyObject;
}

/**
 * A chain of `count` authorities above a leaf, with RSA keys of so many bits and exponents of so many: nobody has the
 * private halves and no signature is right, which is found out only by whoever verifies it. The leaf's own key is P-256.
 */
export function slowChain({
  modulusBits,
  exponentBits,
  count,
}: {
  readonly modulusBits: number;
  readonly exponentBits: number;
  readonly count: number;
}): StrangerCredentials {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = Array.from({ length: count }, () => slowKey(modulusBits, exponentBits));
  const spkis = [publicKey.export({ format: 'der', type: 'spki' }), ...keys];
  const chain = spkis.map((spki, level) =>
    certificate({ spki, subject: name(`level ${level}`), issuer: name(`level ${level + 1}`), modulusBits }),
  );
  return { chain, privateKey };
}

/** A leaf whose issuer is so many combining marks. */
export function longNamed(marks: number): StrangerCredentials {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const [subject, issuer] = [name('stranger'), markedName(marks)];
  return { chain: [certificate({ spki, subject, issuer, modulusBits: 2048 })], privateKey };
}

/**
 * A request signed as PKCS#7 with 64 certificates in it, each of the serial number that the signature names, and an issuer
 * of so many combining marks that is to be held against each of theirs.
 */
export function manySigners(marks: number): Buffer {
  const serial = Buffer.of(1, 2, 3, 4);
  const spki = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'der',
    type: 'spki',
  });
  const certificates = Array.from({ length: 64 }, () =>
    certificate({ spki, serial, subject: name('a'), issuer: name('b'), modulusBits: 256 }),
  );
  const digest = sequence(oid('608648016503040201'));
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const signer = sequence(
    integer(Buffer.of(1)),
    sequence(markedName(marks), integer(serial)),
    digest,
    algorithm,
    element(4, Buffer.alloc(8)),
  );
  const content = sequence(oid('2a864886f70d010701'), element(0xa0, element(4, sequence())));
  const signed = sequence(
    integer(Buffer.of(1)),
    element(0x31, digest),
    content,
    element(0xa0, ...certificates),
    element(0x31, signer),
  );
  return sequence(oid('2a864886f70d010702'), element(0xa0, signed));
}

/** One element of DER (X.690 §8.1). */
function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const octets = length < 0x80 ? [] : [length >> 16, length >> 8, length].map((octet) => octet & 0xff);
  while (octets[0] === 0) octets.shift();
  const header = octets.length === 0 ? [length] : [0x80 | octets.length, ...octets];
  return Buffer.concat([Buffer.of(tag, ...header), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts);
const integer = (bytes: Uint8Array): Buffer =>
  element(2, ...((bytes[0] ?? 0) < 0x80 ? [] : [Buffer.of(0)]), bytes);
const bits = (bytes: Uint8Array): Buffer => element(3, Buffer.of(0), bytes);
const oid = (hex: string): Buffer => element(6, Buffer.from(hex, 'hex'));
const name = (common: string): Buffer =>
  sequence(element(0x31, sequence(oid('550403'), element(0x0c, Buffer.from(common)))));
const markedName = (marks: number): Buffer => name(`a${'\u0300\u0316'.repeat(marks / 2)}`);

function slowKey(modulusBits: number, exponentBits: number): Buffer {
  const [modulus, exponent] = [randomBytes(modulusBits / 8), Buffer.alloc(Math.ceil(exponentBits / 8), 0xff)];
  modulus.writeUInt8(modulus.readUInt8(0) | 0x80, 0);
  modulus.writeUInt8(modulus.readUInt8(modulus.length - 1) | 1, modulus.length - 1);
  exponent.writeUInt8(0xff >> (8 * exponent.length - exponentBits), 0);
  const rsa = sequence(oid('2a864886f70d010101'), element(5));
  return sequence(rsa, bits(sequence(integer(modulus), integer(exponent))));
}

interface Fields {
  readonly spki: Uint8Array;
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly serial?: Buffer;
  /** Of the key that is to have signed it. */
  readonly modulusBits: number;
}

function certificate({
  spki,
  subject,
  issuer,
  serial = Buffer.concat([Buffer.of(1), randomBytes(8)]),
  modulusBits,
}: Fields): Buffer {
  const algorithm = sequence(oid('2a864886f70d01010b'), element(5));
  const validity = sequence(
    ...['250101000000Z', '350101000000Z'].map((time) => element(0x17, Buffer.from(time))),
  );
  const constraints = sequence(
    oid('551d13'),
    element(1, Buffer.of(0xff)),
    element(4, sequence(element(1, Buffer.of(0xff)))),
  );
  const extensions = element(0xa3, sequence(constraints));
  const version = element(0xa0, integer(Buffer.of(2)));
  const tbs = sequence(version, integer(serial), algorithm, issuer, validity, subject, spki, extensions);
  const signature = randomBytes(modulusBits / 8);
  signature.writeUInt8(signature.readUInt8(0) & 0x7f, 0);
  return sequence(tbs, algorithm, bits(signature));
}
