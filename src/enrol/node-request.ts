import type { KeyObject } from 'node:crypto';
import { asBuffer, type Bytes } from '../base/index.ts';
import {
  createCertificateRequest,
  createName,
  exportPublicKey,
  generateKeyPair,
  type Identity,
  identityUri,
} from '../pki/index.ts';
import type { Keystore, KeystoreEditor } from '../trust/index.ts';

/** A request for a certificate of `identity`, and the public key it is for. */
interface NodeRequest {
  readonly spki: Bytes;
  /** PKCS#10, DER in base64. */
  readonly request: string;
}

/** Asks for nothing but the identity; what else the certificate says is the authority's to decide. */
export function createNodeRequest(identity: Identity, key: KeyObject): NodeRequest {
  const der = createCertificateRequest(
    {
      subject: createName({ CN: identity.name }),
      subjectAltNames: [{ kind: 'uri', value: identityUri(identity) }],
    },
    key,
  );
  return { spki: exportPublicKey(key), request: asBuffer(der).toString('base64') };
}

/**
 * A key that goes out in a request and whose certificate has not come back yet. It is in the keystore before the
 * request leaves, so that after a crash in between the same request can be made again and gets the same answer.
 */
export class PendingKey {
  readonly key: KeyObject;
  readonly #keystore: Keystore;
  readonly #label: string;

  private constructor(keystore: Keystore, label: string, key: KeyObject) {
    this.key = key;
    this.#keystore = keystore;
    this.#label = label;
  }

  /** The key that an attempt before left under `label`, else a new one (P-256). */
  static async take(keystore: Keystore, label: string): Promise<PendingKey> {
    if (!keystore.has(label)) {
      const { privateKey } = await generateKeyPair('p256');
      await keystore.update((entries) => entries.putKey(label, privateKey));
    }
    return new PendingKey(keystore, label, keystore.key(label));
  }

  /** The certificate has come: key and chain get their own label, in one write with what `also` writes. */
  async settle(
    label: string,
    chain: readonly Uint8Array[],
    also: (entries: KeystoreEditor) => void = () => {},
  ): Promise<void> {
    await this.#keystore.update((entries) => {
      entries.putKey(label, this.key);
      entries.putCertificates(label, chain);
      entries.remove(this.#label);
      also(entries);
    });
  }

  /** Forgets the key: the authority will never issue for it. */
  async discard(): Promise<void> {
    await this.#keystore.update((entries) => entries.remove(this.#label));
  }
}
