import type { Bytes, Secret } from '../base/index.ts';

/** Seals a password so that only the holder of the recovery kit can read it (age, age-encryption.org/v1). */
export async function sealPassword(password: Secret<string>, recipient: string): Promise<Bytes> {
  // Once in the life of a repository: no other command waits for the curves to be made ready.
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(password.reveal());
}
