import type { KeyObject } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, equalBytes, HoldfastError, Secret } from '../base/index.ts';
import {
  type Certificate,
  equalNames,
  exportPublicKey,
  formatGeneralName,
  formatName,
  type GeneralName,
  type KeyPair,
  keyAlgorithmOf,
  orderChain,
  parseCertificate,
  parseCertificateRequest,
} from '../pki/index.ts';
import type { Keystore } from '../trust/index.ts';
import type { RequestDraft } from './request-draft.ts';

const Submitted = Type.Object(
  {
    /** `host:port` of the listener that enrols. */
    server: Type.String(),
    /** SHA-256 of the root that the server has to belong to. */
    root: Type.String(),
    /** What the request is followed by. */
    handle: Type.String(),
    role: Type.String(),
    name: Type.String(),
  },
  { additionalProperties: false },
);
const Stored = Type.Object(
  {
    /** PKCS#10, DER in base64. */
    request: Type.String(),
    createdAt: Type.String(),
    submitted: Type.Optional(Submitted),
    unwritten: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** Where a request was sent. */
export type SubmittedRequest = Static<typeof Submitted>;

/** A request of this machine whose certificate has not come; its key waits in the keystore. */
export interface PendingRequest {
  /** What people call it. */
  readonly name: string;
  /** PKCS#10, DER. */
  readonly request: Bytes;
  readonly createdAt: Date;
  readonly submitted?: SubmittedRequest;
  /** Its file is still to be written, as far as is known: whoever asks for the same again gets this one. */
  readonly unwritten?: boolean;
}

/** A certificate of an outside authority, or of another network, that this machine has the key of. */
export interface OwnCertificate {
  /** The friendly name of the request it came for. */
  readonly name: string;
  /** DER, the leaf first. */
  readonly chain: readonly Bytes[];
}

/** Under which label key and request of a pending request stand. */
export const pendingLabel = (name: string): string => `request ${name}`;
export const certificateLabel = (name: string): string => `certificate ${name}`;

/**
 * Keeps a new key as pending, with the request it signed, in one write.
 * @throws HoldfastError `name_taken` when a request of this name waits already
 */
export async function keepPending(
  keystore: Keystore,
  pending: PendingRequest,
  { privateKey }: Pick<KeyPair, 'privateKey'>,
): Promise<void> {
  const label = pendingLabel(pending.name);
  if (keystore.has(label)) {
    throw new HoldfastError('name_taken', `a request called ${pending.name} is waiting for its certificate`, {
      hint: `choose another --friendly-name, or give that one up: holdfast request pending --forget ${quote(pending.name)}`,
    });
  }
  await keystore.update((entries) => {
    entries.putKey(label, privateKey);
    entries.putSecret(label, encode(pending));
  });
}

/** Notes where a pending request was sent. */
export async function noteSubmitted(
  keystore: Keystore,
  pending: PendingRequest,
  submitted: SubmittedRequest,
): Promise<void> {
  await keystore.update((entries) =>
    entries.putSecret(pendingLabel(pending.name), encode({ ...pending, submitted })),
  );
}

/** The pending request that a draft was made into whose file was never written, by a command that was cut off; or undefined. */
export function findUnwritten(keystore: Keystore, draft: RequestDraft): PendingRequest | undefined {
  if (!keystore.has(pendingLabel(draft.friendlyName))) return undefined;
  const pending = decode(keystore, draft.friendlyName);
  return pending.unwritten === true && isOf(pending, draft) ? pending : undefined;
}

function isOf({ request }: PendingRequest, { keyAlgorithm, subject, names }: RequestDraft): boolean {
  const made = parseCertificateRequest(request);
  const shown = (all: readonly GeneralName[]): string => all.map(formatGeneralName).join();
  return (
    keyAlgorithmOf(made.spki) === keyAlgorithm &&
    equalNames(made.subject, subject) &&
    shown(made.extensions.subjectAltNames) === shown(names)
  );
}

/** Notes that the file of a pending request is there. */
export async function noteWritten(keystore: Keystore, pending: PendingRequest): Promise<void> {
  const written = encode({ ...pending, unwritten: undefined });
  await keystore.update((entries) => entries.putSecret(pendingLabel(pending.name), written));
}

/** The pending requests of a keystore, by name. @throws HoldfastError `keystore_damaged` */
export function listPending(keystore: Keystore): PendingRequest[] {
  const prefix = pendingLabel('');
  return keystore
    .labels()
    .filter((label) => label.startsWith(prefix))
    .map((label) => decode(keystore, label.slice(prefix.length)));
}

/** The pending request called `name`. @throws HoldfastError `request_unknown` */
export function findPending(keystore: Keystore, name: string): PendingRequest {
  if (keystore.has(pendingLabel(name))) return decode(keystore, name);
  throw new HoldfastError('request_unknown', `no request called ${name} waits on this machine`, {
    hint: 'holdfast request pending shows those that do',
  });
}

/** Gives a pending request and its key up: no certificate for it can be used any more. */
export async function forgetPending(keystore: Keystore, name: string): Promise<void> {
  findPending(keystore, name);
  await keystore.update((entries) => entries.remove(pendingLabel(name)));
}

/** The pending request that a certificate is for, by public key; undefined when no key here waits for it. */
export function findPendingFor(keystore: Keystore, { spki }: Certificate): PendingRequest | undefined {
  return listPending(keystore).find(({ name }) =>
    equalBytes(exportPublicKey(keystore.key(pendingLabel(name))), spki),
  );
}

/**
 * Pairs a certificate with the key that waits for it, by public key; both then stand under one label. Nothing changes
 * when there is no such key, or when it was paired before.
 *
 * @param chain DER, in any order; what leads to the authority is put in its order, and a root left out
 * @throws HoldfastError `keystore_entry_missing` when no key here belongs to any of them
 */
export async function completePending(keystore: Keystore, chain: readonly Bytes[]): Promise<OwnCertificate> {
  const certificates = chain.map((der) => parseCertificate(der));
  for (const leaf of certificates) {
    const waiting = findPendingFor(keystore, leaf);
    if (waiting !== undefined) return await pair(keystore, waiting.name, orderChain(leaf, certificates));
    const own = findOwnCertificate(keystore, leaf);
    if (own !== undefined) return { name: own.name, chain: keystore.certificate(own.label) };
  }
  throw noKey(certificates[0]);
}

async function pair(
  keystore: Keystore,
  name: string,
  ordered: readonly Certificate[],
): Promise<OwnCertificate> {
  const chain = ordered.map(({ der }) => der);
  const key = keystore.key(pendingLabel(name));
  await keystore.update((entries) => {
    entries.putKey(certificateLabel(name), key);
    entries.putCertificates(certificateLabel(name), chain);
    entries.remove(pendingLabel(name));
  });
  return { name, chain };
}

/**
 * The key that waits for the first certificate of a chain, which is paired by that, or that was paired with it before.
 * @throws HoldfastError `keystore_entry_missing`, `certificate_not_allowed` when it belongs to another one of the chain
 */
export async function keyOf(keystore: Keystore, chain: readonly Bytes[]): Promise<KeyObject> {
  const leaf = parseCertificate(chain[0] as Bytes);
  const known = findOwnCertificate(keystore, leaf);
  if (known === undefined) await completePending(keystore, chain);
  const own = known ?? findOwnCertificate(keystore, leaf);
  if (own !== undefined) return keystore.key(own.label);
  const message = `the first certificate ${formatName(leaf.subject)} is not the one with a key here`;
  throw new HoldfastError('certificate_not_allowed', message, {
    hint: 'put the certificate of the server first, then each that signed the one before, all of them valid',
  });
}

/** The key and chain that were paired for a certificate, found by its public key; undefined when there are none. */
export function findOwnCertificate(
  keystore: Keystore,
  { spki }: Certificate,
): { readonly label: string; readonly name: string } | undefined {
  const prefix = certificateLabel('');
  const label = keystore
    .labels()
    .filter((each) => each.startsWith(prefix))
    .find((each) => equalBytes(exportPublicKey(keystore.key(each)), spki));
  return label === undefined ? undefined : { label, name: label.slice(prefix.length) };
}

function encode({ request, createdAt, submitted, unwritten }: PendingRequest): Secret<Bytes> {
  const stored: Static<typeof Stored> = {
    request: asBuffer(request).toString('base64'),
    createdAt: createdAt.toISOString(),
    submitted,
    unwritten,
  };
  return new Secret(Buffer.from(JSON.stringify(stored)));
}

function decode(keystore: Keystore, name: string): PendingRequest {
  const stored: unknown = JSON.parse(
    Buffer.from(keystore.secret(pendingLabel(name)).reveal()).toString('utf8'),
  );
  if (!Check(Stored, stored))
    throw new HoldfastError(
      'keystore_damaged',
      `the pending request ${name} is damaged or of another version`,
    );
  const { request, createdAt, submitted, unwritten } = stored;
  return {
    name,
    request: Uint8Array.from(Buffer.from(request, 'base64')),
    createdAt: new Date(createdAt),
    submitted,
    unwritten,
  };
}

function noKey(certificate: Certificate | undefined): HoldfastError {
  const whose = certificate === undefined ? 'this certificate' : `the certificate ${certificate.serial}`;
  return new HoldfastError('keystore_entry_missing', `no private key in this home belongs to ${whose}`, {
    hint: 'complete it on the machine, and in the home, that made the request; where its key is lost, make a new one: holdfast request create',
  });
}

function quote(name: string): string {
  return `'${name.replaceAll("'", `'\\''`)}'`;
}
