import type { KeyObject } from 'node:crypto';
import { asBuffer, type Bytes, equalSecrets, HoldfastError, type Secret } from '../../base/index.ts';
import { parseCertificate } from '../certificate/index.ts';
import { cmsOids } from '../cms/index.ts';
import {
  context,
  contextConstructed,
  type DerReader,
  derFromBer,
  describeOid,
  readDer,
  reading,
  tag,
} from '../der/index.ts';
import { importPrivateKey } from '../key/index.ts';
import { IterationBudget, type Pkcs12Password, pkcs12Passwords } from './key-derivation.ts';
import {
  type BagProtection,
  decryptWithPassword,
  type PasswordEncryption,
  readPasswordEncryption,
  rewritingPkcs12,
  weakProtection,
} from './password-encryption.ts';
import {
  type Bag,
  type Pkcs12Certificate,
  type Pkcs12Contents,
  type Pkcs12Key,
  readBags,
} from './pkcs12-bags.ts';
import { type FoundMac, macCost, pkcs12MacOf, readMac } from './pkcs12-mac.ts';

/** Far more than an authority of twenty years has. */
const maxBytes = 4 * 1024 * 1024;

/** What was read, and what to tell people of a file that protects it weakly: see {@link weakProtection}. */
export interface OpenedPkcs12 extends Pkcs12Contents {
  readonly weakness?: string;
}

/**
 * The keys and certificates of a PKCS#12 file (RFC 7292, password integrity and privacy mode), in DER or BER: of ours,
 * OpenSSL's, GnuTLS's, NSS's, Java's or Windows's, with AES, or with Triple DES, RC2 or RC4 as old programs have it;
 * its MAC in PKCS#12's own way or as PBMAC1.
 * Nothing is taken from a file whose MAC is not right. Other things in it, such as CRLs, are passed over. Size and the
 * cost of its key derivations are bounded.
 *
 * @throws HoldfastError `password_wrong`, `pkcs12_malformed` (also without a MAC), `certificate_malformed`,
 *   `key_malformed`, `key_unsupported`
 */
export async function openPkcs12(pkcs12: Bytes, text: Secret<string>): Promise<OpenedPkcs12> {
  if (pkcs12.length > maxBytes)
    throw malformedFile(`it has ${pkcs12.length} bytes, expected at most ${maxBytes}`);
  const { safe, mac } = readBer(pkcs12, readPfx);
  if (mac === undefined) throw withoutMac();
  const budget = new IterationBudget();
  const password = await passwordOf(mac, text, safe, budget);
  const bags: PartBag[] = [];
  for (const part of readBer(safe, readParts)) bags.push(...(await openPart(part, password, budget)));
  return await contentsOf(bags, password, budget);
}

/** A bag, and how the part of the file is encrypted that it was in. */
interface PartBag extends Bag {
  readonly encryption?: PasswordEncryption;
}

/** The spelling of the password that makes the MAC right. */
async function passwordOf(
  mac: FoundMac,
  text: Secret<string>,
  safe: Bytes,
  budget: IterationBudget,
): Promise<Pkcs12Password> {
  for (const password of pkcs12Passwords(text)) {
    budget.spend(macCost(mac));
    if (equalSecrets(await pkcs12MacOf(mac, password, safe), mac.digest)) return password;
  }
  throw new HoldfastError(
    'password_wrong',
    'the password does not open the pkcs#12 file, or the file is damaged',
  );
}

/** One ContentInfo of the AuthenticatedSafe (RFC 7292 §4.1). */
interface Part {
  readonly content: Bytes;
  readonly encryption?: PasswordEncryption;
}

function readBer<T>(ber: Bytes, read: (reader: DerReader) => T): T {
  return reading('pkcs12_malformed', 'pkcs#12 file', () => readDer(derFromBer(ber), read));
}

function readPfx(reader: DerReader): { safe: Bytes; mac: FoundMac | undefined } {
  return reader.inside(tag.sequence, () => {
    if (reader.smallInteger() !== 3) throw reader.problem('version is not 3');
    const safe = reader.inside(tag.sequence, () => {
      const oid = reader.oid();
      if (oid !== cmsOids.data)
        throw reader.problem(`content of type ${describeOid(oid)} instead of a password's`);
      return reader.inside(contextConstructed(0), () => reader.content(tag.octetString));
    });
    return { safe, mac: reader.done ? undefined : readMac(reader) };
  });
}

function readParts(reader: DerReader): Part[] {
  return reader.list(
    tag.sequence,
    () =>
      reader.inside(tag.sequence, () => {
        const oid = reader.oid();
        if (oid !== cmsOids.data && oid !== cmsOids.encryptedData)
          throw reader.problem(`content of type ${describeOid(oid)} instead of a password's`);
        return reader.inside(contextConstructed(0), () =>
          oid === cmsOids.data ? { content: reader.content(tag.octetString) } : readEncrypted(reader),
        );
      }),
    0,
  );
}

/** EncryptedData (RFC 5652 §8). */
function readEncrypted(reader: DerReader): Part {
  return reader.inside(tag.sequence, () => {
    reader.smallInteger();
    return reader.inside(tag.sequence, () => {
      if (reader.oid() !== cmsOids.data) throw reader.problem('what is encrypted is no data');
      const encryption = readPasswordEncryption(reader);
      return { encryption, content: readImplicitOctets(reader) };
    });
  });
}

/** An IMPLICIT `[0]` OCTET STRING, which BER may have cut in pieces. */
function readImplicitOctets(reader: DerReader): Bytes {
  if (reader.is(context(0))) return reader.content(context(0));
  return Buffer.concat(
    reader.list(contextConstructed(0), () => asBuffer(reader.content(tag.octetString)), 0),
  );
}

async function openPart(
  { content, encryption }: Part,
  password: Pkcs12Password,
  budget: IterationBudget,
): Promise<PartBag[]> {
  if (encryption === undefined) return readBer(content, readBags);
  const bags = readBer(await decryptWithPassword(encryption, password, content, budget), readBags);
  return bags.map((bag) => ({ ...bag, encryption }));
}

async function contentsOf(
  bags: readonly PartBag[],
  password: Pkcs12Password,
  budget: IterationBudget,
): Promise<OpenedPkcs12> {
  const keys: Pkcs12Key[] = [];
  const certificates: Pkcs12Certificate[] = [];
  const protections: BagProtection[] = [];
  for (const bag of bags) {
    if (bag.kind === 'other') continue;
    const named = bag.name === undefined ? {} : { name: bag.name };
    if (bag.kind === 'certificate') {
      certificates.push({ ...named, der: checked(bag.value) });
      protections.push({ kind: 'certificates', by: [bag.encryption] });
    } else {
      const { key, encryption } = await openKey(bag, password, budget);
      keys.push({ ...named, key });
      protections.push({ kind: 'keys', by: [encryption, bag.encryption] });
    }
  }
  const weakness = weakProtection(protections);
  return { keys, certificates, weakness };
}

function checked(der: Bytes): Bytes {
  parseCertificate(der);
  return der;
}

async function openKey(
  bag: Bag,
  password: Pkcs12Password,
  budget: IterationBudget,
): Promise<{ key: KeyObject; encryption?: PasswordEncryption }> {
  if (bag.kind === 'key') return { key: importPrivateKey(bag.value) };
  const { encryption, content } = readBer(bag.value, (reader) =>
    reader.inside(tag.sequence, () => ({
      encryption: readPasswordEncryption(reader),
      content: reader.content(tag.octetString),
    })),
  );
  const pkcs8 = await decryptWithPassword(encryption, password, content, budget);
  return { key: importPrivateKey(pkcs8), encryption };
}

function withoutMac(): HoldfastError {
  return new HoldfastError(
    'pkcs12_malformed',
    'pkcs#12 file has no MAC, so that whoever had it could have changed it',
    { hint: `when it comes from a place that you trust, write it again with one: ${rewritingPkcs12}` },
  );
}

function malformedFile(problem: string): HoldfastError {
  return new HoldfastError('pkcs12_malformed', `pkcs#12 file is malformed: ${problem}`);
}
