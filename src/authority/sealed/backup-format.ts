import type { Decrypter, Encrypter } from 'age-encryption';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { type Bytes, Secret } from '../../base/index.ts';
import type { WorkerError } from '../../db/index.ts';
import { passphraseIdentity, passphraseRecipient } from '../../trust/index.ts';

/** The first line of what is inside a backup: what it is, and the number of its format. */
export const backupMagic = 'holdfast authority backup 1';
/** The first line of any format there may be. */
export const backupMagicPattern = /^holdfast authority backup (\d{1,9})$/;
/** No manifest is longer. */
export const maxManifestBytes = 1024 * 1024;

/** What a backup is made of, in the order it comes in. */
const PartName = Type.Union([Type.Literal('database'), Type.Literal('keys'), Type.Literal('settings')]);
export type PartName = Static<typeof PartName>;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** What stands before everything else in a backup: which authority it is of, from when, and what it holds. */
export const BackupManifest = Type.Object(
  {
    network: Type.String(),
    /** SHA-256 of the root certificate's DER, as fingerprints are written. */
    root: Type.String(),
    epoch: Type.Integer({ minimum: 1 }),
    /** ISO 8601. */
    madeAt: Type.String(),
    /** The last record of the log that it holds. */
    log: Type.Object({ sequence: Type.Integer({ minimum: 1 }), head: Sha256 }),
    /** Every key that the authority ever had on record: by its label, and whether it is in here. */
    keys: Type.Array(Type.Object({ label: Type.String(), held: Type.Boolean() })),
    /** The authority was retired with this backup: it is the whole of it, and nothing came after. */
    retired: Type.Boolean(),
    parts: Type.Array(Type.Object({ name: PartName, bytes: Type.Integer({ minimum: 0 }), sha256: Sha256 })),
  },
  { additionalProperties: false },
);
export type BackupManifest = Static<typeof BackupManifest>;

/** How the private half of the recovery key is called among what no backup holds: the recovery kit alone has it. */
const recoveryKey = 'recovery';

/** What a copy of the authority does not hold, by the keys that it is said to hold: a root that is offline, the recovery key. */
export function notHeld(keys: readonly BackupManifest['keys'][number][]): string[] {
  return [...keys.filter(({ held }) => !held).map(({ label }) => label), recoveryKey];
}

/** The manifest in a line, or undefined when it is none. */
export function parseManifest(text: string): BackupManifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(BackupManifest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a backup is locked with: anybody may lock for the recovery key, a password locks and unlocks. */
export type BackupLock =
  | { readonly kind: 'recovery key'; readonly recipient: string }
  | { readonly kind: 'password'; readonly password: Secret<string> };

/** What opens a backup. */
export type BackupKey =
  | { readonly kind: 'recovery key'; readonly identity: Secret<string> }
  | { readonly kind: 'password'; readonly password: Secret<string> }
  | { readonly kind: 'file key'; readonly fileKey: Secret<Uint8Array> };

/**
 * An encrypter for `lock`. `keepKey` gets the key of the file itself, for as long as it takes to read back what was
 * written: whoever locks for the recovery key could not open it otherwise.
 */
export async function encrypterFor(lock: BackupLock, keepKey: (key: BackupKey) => void): Promise<Encrypter> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if (lock.kind === 'password') {
    encrypter.addRecipient(passphraseRecipient(lock.password));
    keepKey(lock);
    return encrypter;
  }
  encrypter.addRecipient(lock.recipient);
  encrypter.addRecipient({
    wrapFileKey(fileKey) {
      keepKey({ kind: 'file key', fileKey: new Secret(Uint8Array.from(fileKey)) });
      return [];
    },
  });
  return encrypter;
}

/** A decrypter that tries `key`. */
export async function decrypterFor(key: BackupKey): Promise<Decrypter> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if (key.kind === 'password') decrypter.addIdentity(passphraseIdentity(key.password));
  else if (key.kind === 'recovery key') decrypter.addIdentity(key.identity.reveal());
  else decrypter.addIdentity({ unwrapFileKey: () => key.fileKey.reveal() });
  return decrypter;
}

/** A part of a backup, from a file or from memory. */
export interface PartSource {
  readonly name: PartName;
  readonly from: string | Bytes;
}

/** What is sealed, and where to. */
export interface SealOrder {
  readonly target: string;
  readonly about: Omit<BackupManifest, 'parts'>;
  readonly parts: readonly PartSource[];
  readonly lock: BackupLock;
}

/** A backup that was written and read back. */
export interface SealedBackup {
  readonly bytes: number;
  /** SHA-256 of the file, lowercase hexadecimal. */
  readonly sha256: string;
}

/** A {@link SealOrder} on its way to a thread: a structured clone keeps no `Secret`. */
export interface SealMessage extends Omit<SealOrder, 'lock'> {
  readonly lock: { readonly recipient: string } | { readonly password: string };
}

/** What the thread answers. */
export type SealAnswer = SealedBackup | { readonly error: WorkerError };

/** The lock of a message. */
export function lockOf({ lock }: SealMessage): BackupLock {
  return 'password' in lock
    ? { kind: 'password', password: new Secret(lock.password) }
    : { kind: 'recovery key', recipient: lock.recipient };
}
