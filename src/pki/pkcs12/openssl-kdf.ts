import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import type { Bytes } from '../../base/index.ts';

/** What is derived, as OpenSSL is told it. */
interface Derivation {
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly password: Bytes;
  readonly salt: Bytes;
  readonly iterations: number;
  /** The ID of RFC 7292 Appendix B.3. */
  readonly purpose: number;
  readonly length: number;
}

type Generate = {
  readonly async: (...words: readonly unknown[]) => void;
};

interface Openssl {
  readonly generate: Generate;
  /** What OpenSSL calls a hash by. */
  readonly digestOf: (hash: Derivation['hash']) => unknown;
}

/** Undefined until it was looked for, null where it is not there. */
let openssl: Openssl | null | undefined;

/**
 * The key derivation of PKCS#12 as the OpenSSL in Node has it, which Node offers to nobody: a twentieth of the time that a call for each
 * hash takes, in a thread of its own. Undefined where that OpenSSL cannot be asked.
 */
export async function opensslPkcs12Kdf(options: Derivation): Promise<Bytes | undefined> {
  openssl ??= find();
  if (openssl === null) return undefined;
  const { generate, digestOf } = openssl;
  const { hash, password, salt, iterations, purpose, length } = options;
  const derived = Buffer.alloc(length);
  const given = [password, password.length, salt, salt.length, purpose, iterations, length, derived];
  const done = await new Promise<unknown>((resolve, reject) => {
    generate.async(...given, digestOf(hash), (error: unknown, result: unknown) =>
      error === null || error === undefined ? resolve(result) : reject(error),
    );
  });
  return done === 1 ? derived : undefined;
}

function find(): Openssl | null {
  try {
    const library = (createRequire(import.meta.url)('koffi') as typeof Koffi).load(null);
    const generate: Generate = library.func(
      'int PKCS12_key_gen_uni(uint8_t *password, int passwordLength, uint8_t *salt, int saltLength, int id, int iterations, int length, _Out_ uint8_t *derived, void *digest)',
    );
    const digestOf = (hash: Derivation['hash']): unknown => library.func(`void *EVP_${hash}()`)();
    digestOf('sha256');
    return { generate, digestOf };
  } catch {
    return null;
  }
}
