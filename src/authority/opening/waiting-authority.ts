import type { KeyObject } from 'node:crypto';
import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, HoldfastError, type Secret, writeFileAtomic } from '../../base/index.ts';
import {
  createCertificateRequest,
  formatName,
  generateKeyPair,
  type KeyAlgorithm,
  type Name,
  parseCertificateRequest,
} from '../../pki/index.ts';
import { authorityProfiles } from '../../policy/index.ts';
import { Keystore, type OpenKeystoreOptions } from '../../trust/index.ts';
import { rootRequest } from '../issuers/index.ts';
import { issuerLabel } from '../records/index.ts';
import { authorityExists, hasAuthority, lockHome } from './build-authority.ts';

/** What an authority that is to stand below an outside root is begun with. */
export interface WaitingOrder {
  readonly home: string;
  readonly network: string;
  readonly subject: Name;
  readonly keyAlgorithm?: KeyAlgorithm | undefined;
  /** Domains and address ranges that may be certified; any unless said. */
  readonly permit?: readonly string[] | undefined;
  /** Opens the keystore; a stash does unless said. */
  readonly passphrase?: Secret<string> | undefined;
  readonly createdAt: Date;
}

/** An authority that waits for its certificate, which an outside root is to sign. */
export interface WaitingAuthority {
  /** PKCS#10, DER. */
  readonly request: Bytes;
  /** The subject that it asks for, for people. */
  readonly subject: string;
  readonly permit?: readonly string[];
  readonly createdAt: Date;
}

const Stored = Type.Object(
  {
    format: Type.Literal(1),
    request: Type.String(),
    permit: Type.Optional(Type.Array(Type.String())),
    createdAt: Type.String(),
  },
  { additionalProperties: false },
);

const label = issuerLabel('root', 1);

/**
 * Makes the key of an authority and a request for its certificate, and keeps both in the home until the certificate comes. The
 * file that makes the home a waiting one is written last: a crash leaves a home in which nothing waits, or one with key and
 * request.
 *
 * @throws HoldfastError `home_exists`, `authority_waiting`, `home_in_use`
 */
export async function beginWaiting(order: WaitingOrder): Promise<WaitingAuthority> {
  const { home, network, subject, permit, passphrase, createdAt } = order;
  using _lock = await lockHome(home);
  if (await hasAuthority(home)) throw authorityExists(home);
  const before = await readWaiting(home);
  if (before !== undefined) throw authorityWaiting(home, before);
  const directory = waitingDirectory(home);
  await rm(directory, { recursive: true, force: true });
  const keystore = await Keystore.create(directory, passphrase);
  const { keyAlgorithm = authorityProfiles.root.keyAlgorithm } = order;
  const { privateKey } = await generateKeyPair(keyAlgorithm);
  await keystore.update((entries) => entries.putKey(label, privateKey));
  const request = createCertificateRequest(rootRequest(network, subject), privateKey);
  const stored: Static<typeof Stored> = {
    format: 1,
    request: asBuffer(request).toString('base64'),
    ...(permit && { permit: [...permit] }),
    createdAt: createdAt.toISOString(),
  };
  await writeFileAtomic(waitingFile(home), `${JSON.stringify(stored)}\n`);
  return { request, subject: formatName(subject), createdAt, ...(permit && { permit }) };
}

/** What waits in a home; undefined when nothing does. @throws HoldfastError `authority_damaged` */
export async function readWaiting(home: string): Promise<WaitingAuthority | undefined> {
  if (!(await isThere(waitingFile(home))) || (await hasAuthority(home))) return undefined;
  const stored = parseJson(await readFile(waitingFile(home), 'utf8'));
  if (!Check(Stored, stored))
    throw new HoldfastError('authority_damaged', `${waitingFile(home)} is damaged or of another version`, {
      hint: 'keep the home as it is, and begin in another one: holdfast ca create --subordinate --home DIR',
    });
  const request = Uint8Array.from(Buffer.from(stored.request, 'base64'));
  const subject = formatName(parseCertificateRequest(request).subject);
  const createdAt = new Date(stored.createdAt);
  return { request, subject, createdAt, ...(stored.permit && { permit: stored.permit }) };
}

/** The key that waits for its certificate in a home. @throws HoldfastError as `Keystore.open` */
export async function openWaitingKey(home: string, options: OpenKeystoreOptions): Promise<KeyObject> {
  return (await Keystore.open(waitingDirectory(home), options)).key(label);
}

/** Removes what waited, once the authority is there that has its key; for whoever holds the lock of the home. */
export async function removeWaiting(home: string): Promise<void> {
  const directory = waitingDirectory(home);
  if (await Keystore.exists(directory)) await Keystore.discard(directory);
  else await rm(directory, { recursive: true, force: true });
}

/** That nothing can be done with an authority until its certificate has come. */
export function authorityWaiting(home: string, { subject, createdAt }: WaitingAuthority): HoldfastError {
  return new HoldfastError(
    'authority_waiting',
    `the authority in ${home} waits since ${createdAt.toISOString()} for its certificate: an outside root has to sign the request of ${subject}`,
    {
      hint: 'holdfast ca complete FILE installs the certificate; holdfast ca request --out FILE writes the request again',
    },
  );
}

function waitingDirectory(home: string): string {
  return join(home, 'waiting');
}

function waitingFile(home: string): string {
  return join(waitingDirectory(home), 'waiting.json');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
