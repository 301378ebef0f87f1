import { asBuffer } from '../../src/base/index.ts';
import { exportPrivateKey } from '../../src/pki/index.ts';
import { Keystore } from '../../src/trust/index.ts';

/** What bytes look like when somebody prints them. */
export function formsOf(bytes: Uint8Array): string[] {
  const buffer = asBuffer(bytes);
  return [buffer.toString('hex'), buffer.toString('base64'), buffer.toString('base64url')];
}

/** Every key and secret of a keystore, in every form. */
export async function canariesOf(directory: string): Promise<string[]> {
  const keystore = await Keystore.open(directory);
  return keystore.labels().flatMap((label) => {
    const forms: string[] = [];
    try {
      // The end of a PKCS#8 key is its own; how it begins is alike for all.
      const key = exportPrivateKey(keystore.key(label));
      forms.push(...formsOf(key.subarray(36, 66)));
    } catch {
      const secret = keystore.secret(label).reveal();
      const found = /"(?:password|k|r)":"([^"]+)"/g;
      for (const [, value = ''] of asBuffer(secret).toString().matchAll(found)) forms.push(value);
    }
    return forms;
  });
}
