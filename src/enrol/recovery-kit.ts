import { hash } from 'node:crypto';
import { asBuffer, type Bytes, HoldfastError, Secret } from '../base/index.ts';
import { type Fingerprint, parseFingerprint } from '../pki/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { passphraseIdentity } from '../trust/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { EscrowPage, type EscrowRequest, enrolPaths, parseAnswer } from './message.ts';

/** What is left with a server, and where. */
interface EscrowOptions {
  /** Dials with the certificate of the client whose repository it is. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  /** The repository's id. */
  readonly repository: string;
  /** The password of a second key, sealed to the network's recovery key (age). */
  readonly sealed: Bytes;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/**
 * Leaves the sealed password of a repository's second key with the server, beside what was left before for the same
 * repository.
 *
 * @throws HoldfastError as {@link renew}
 */
export async function leaveEscrow({
  dialer,
  server,
  repository,
  sealed,
  signal,
  line,
}: EscrowOptions): Promise<void> {
  const message: EscrowRequest = { version: 1, repository, sealed: asBuffer(sealed).toString('base64') };
  const url = `${server}${enrolPaths.escrow}`;
  acceptedJson(await exchange({ url, message, connection: { agent: dialer.agent() }, signal, line }), server);
}

/** Where to ask. */
interface FetchEscrowOptions {
  /** Dials with the certificate of the client that left it. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/** The sealed password of a key. */
export interface SealedPassword {
  /** The repository's id. */
  readonly repository: string;
  readonly sealed: Bytes;
}

/**
 * What this client left with the server, the newest first; asked for as it is read.
 *
 * @throws HoldfastError as {@link leaveEscrow}
 */
export async function* fetchEscrow({
  dialer,
  server,
  signal,
  line,
}: FetchEscrowOptions): AsyncGenerator<SealedPassword> {
  let before: number | undefined;
  for (;;) {
    const url = `${server}${enrolPaths.escrow}${before === undefined ? '' : `?before=${before}`}`;
    const answer = await exchange({ url, connection: { agent: dialer.agent() }, signal, line });
    const page = parseAnswer(EscrowPage, acceptedJson(answer, server), server);
    for (const { repository, sealed } of page.entries)
      yield { repository, sealed: Uint8Array.from(Buffer.from(sealed, 'base64')) };
    const last = page.entries.at(-1);
    if (!page.more || last === undefined || last.id >= (before ?? Infinity)) return;
    before = last.id;
  }
}

/**
 * `1f3a-90c2-…`: the first 128 bits of the SHA-256 of a sealed password, as people copy them onto a recovery kit. The
 * audit log holds the whole hash.
 */
export type EscrowFingerprint = string & { readonly __brand: 'EscrowFingerprint' };

const digits = 32;

/** What tells a sealed password from any other that somebody could seal to the same recovery key. */
export function escrowFingerprint(sealed: Bytes): EscrowFingerprint {
  return grouped(hash('sha256', sealed, 'hex'));
}

/** The fingerprint that a person typed, with or without dashes, or the whole hash; undefined when it is none. */
export function parseEscrowFingerprint(text: string): EscrowFingerprint | undefined {
  const hex = text.replaceAll(/[-\s:]/g, '').toLowerCase();
  return /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(hex) ? grouped(hex) : undefined;
}

function grouped(hex: string): EscrowFingerprint {
  return (hex.slice(0, digits).match(/.{4}/g) ?? []).join('-') as EscrowFingerprint;
}

/** What a recovery kit holds. */
export interface RecoveryKit {
  readonly network: string;
  /** Fingerprint of the network's root when the kit was written. */
  readonly root: Fingerprint;
  /** What secrets of the network are sealed to (age). */
  readonly recipient: string;
  /** Opens what is sealed to the recipient: an age identity. */
  readonly identity: Secret<string>;
  /** The sealed passwords that are known to be those that their machines left. */
  readonly escrows: readonly KitEscrow[];
}

/** The longest text of a kit; it grows by a line for each repository. */
export const maxKitLength = 1024 * 1024;
const keyLine = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/m;
const sealedKey = /-----BEGIN AGE ENCRYPTED FILE-----[^-]+-----END AGE ENCRYPTED FILE-----/;

/** Whether the key in a kit's text is protected by a passphrase. */
export function needsPassphrase(text: string): boolean {
  return !keyLine.test(text) && sealedKey.test(text);
}

/**
 * Reads a recovery kit as `init` wrote it, with what was added since.
 * @throws HoldfastError `recovery_kit_malformed` for what is none; `password_wrong` for a passphrase that is missing or
 *   does not open it
 */
export async function openRecoveryKit(text: string, passphrase?: Secret<string>): Promise<RecoveryKit> {
  const head = text.slice(0, maxKitLength);
  const network = /^# RECOVERY KIT of the backup network (\S+)$/m.exec(head)?.[1];
  const root = parseFingerprint(/^# Root certificate +(\S+)$/m.exec(head)?.[1] ?? '');
  const key = keyLine.exec(head)?.[0] ?? sealedKey.exec(head)?.[0];
  if (text.length > maxKitLength || network === undefined || root === undefined || key === undefined)
    throw malformed('a part of it is missing');
  const identity = new Secret(keyLine.test(key) ? key : await unsealKey(key, passphrase));
  return { network, root, identity, recipient: await recipientOf(identity), escrows: kitEscrows(head) };
}

/**
 * What was sealed to the kit's recipient.
 * @throws HoldfastError `recovery_kit_foreign` when it was sealed to another, or is damaged
 */
export async function unsealWithKit(
  sealed: Bytes,
  { identity, network }: RecoveryKit,
): Promise<Secret<Bytes>> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity.reveal());
  try {
    return new Secret(await decrypter.decrypt(sealed));
  } catch (cause) {
    throw new HoldfastError(
      'recovery_kit_foreign',
      `the recovery kit of ${network} does not open what was sealed`,
      {
        cause,
      },
    );
  }
}

async function unsealKey(armored: string, passphrase: Secret<string> | undefined): Promise<string> {
  if (passphrase === undefined) {
    throw new HoldfastError('password_wrong', 'the key in this recovery kit is protected by a passphrase', {
      hint: 'name a file with the passphrase: --kit-password-file FILE',
    });
  }
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(passphraseIdentity(passphrase));
  const text = await decrypter.decrypt(decodeArmor(armor.decode, armored), 'text').catch((cause: unknown) => {
    throw new HoldfastError('password_wrong', 'the passphrase does not open this recovery kit', { cause });
  });
  return text.trim();
}

function decodeArmor(decode: (text: string) => Uint8Array, armored: string): Uint8Array {
  try {
    return decode(armored);
  } catch (cause) {
    throw malformed('its key is damaged', cause);
  }
}

async function recipientOf(identity: Secret<string>): Promise<string> {
  const { identityToRecipient } = await import('age-encryption');
  try {
    return await identityToRecipient(identity.reveal());
  } catch (cause) {
    throw malformed('its key is damaged', cause);
  }
}

function malformed(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'recovery_kit_malformed',
    `this is not a recovery kit as it was written: ${problem}`,
    {
      cause,
    },
  );
}

/** What a recovery kit says of one sealed password. */
export interface KitEscrow {
  /** Whose it is: `client/laptop`. */
  readonly node: string;
  readonly fingerprint: EscrowFingerprint;
}

/** The line that says it on a kit; a comment for every program that speaks age. */
export function kitEscrowLine({ node, fingerprint }: KitEscrow): string {
  return `# Escrow ${node} ${fingerprint}`;
}

/** All that the text of a kit says, also in lines that a person wrote. A line that makes no sense says nothing. */
export function kitEscrows(text: string): KitEscrow[] {
  return text.split('\n').flatMap((line) => {
    const [, node = '', typed = ''] = /^# *Escrow +([a-z]+\/\S+) +(\S.*)/i.exec(line) ?? [];
    const fingerprint = parseEscrowFingerprint(typed);
    return fingerprint === undefined ? [] : [{ node: node.toLowerCase(), fingerprint }];
  });
}
