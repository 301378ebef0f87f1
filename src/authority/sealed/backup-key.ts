import type { Decrypter, Encrypter } from 'age-encryption';
import { Secret } from '../../base/index.ts';

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
    encrypter.setPassphrase(lock.password.reveal());
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
  if (key.kind === 'password') decrypter.addPassphrase(key.password.reveal());
  else if (key.kind === 'recovery key') decrypter.addIdentity(key.identity.reveal());
  else decrypter.addIdentity({ unwrapFileKey: () => key.fileKey.reveal() });
  return decrypter;
}
