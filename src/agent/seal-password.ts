import { Encrypter } from 'age-encryption';
import type { Bytes, Secret } from '../base/index.ts';

/** Seals a password so that only the holder of the recovery kit can read it (age, age-encryption.org/v1). */
export async function sealPassword(password: Secret<string>, recipient: string): Promise<Bytes> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(password.reveal());
}
