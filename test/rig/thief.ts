import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dayMs, minuteMs } from '../../src/base/index.ts';
import {
  type Certificate,
  certificatePem,
  createCertificate,
  exportPrivateKey,
  exportPublicKey,
  generateKeyPair,
  generateSerialNumber,
  type Identity,
  identityUri,
  keyIdentifier,
  parseCertificate,
  privateKeyPem,
  type SerialNumber,
} from '../../src/pki/index.ts';
import { Keystore } from '../../src/trust/index.ts';
import type { SampleNode } from './sample-certificates.ts';

/** Somebody who has copied the issuing key of an authority, and has no other key of it. */
export class Thief {
  readonly #issuing: Certificate;
  readonly #key: KeyObject;

  private constructor(issuing: Certificate, key: KeyObject) {
    this.#issuing = issuing;
    this.#key = key;
  }

  /** Takes the key `issuing-1` of the home; its certificate is public. */
  static async of(home: string, issuing: Uint8Array): Promise<Thief> {
    const keystore = await Keystore.open(join(home, 'authority'));
    return new Thief(parseCertificate(issuing), keystore.key('issuing-1'));
  }

  /** A certificate for whoever the thief wants to be, with the number of another one if that helps. */
  async forge(
    identity: Identity,
    serial: SerialNumber = generateSerialNumber(Date.now()),
  ): Promise<SampleNode> {
    const { publicKey, privateKey } = await generateKeyPair('p256');
    const hosts = [
      { kind: 'dns', value: 'localhost' },
      { kind: 'ip', value: '127.0.0.1' },
    ] as const;
    const der = createCertificate(
      {
        serial,
        issuer: this.#issuing.subject,
        subject: [],
        notBefore: new Date(Date.now() - 5 * minuteMs),
        notAfter: new Date(Date.now() + 30 * dayMs),
        spki: exportPublicKey(publicKey),
        extensions: {
          basicConstraints: { ca: false },
          keyUsage: ['digitalSignature'],
          extendedKeyUsage: ['serverAuth', 'clientAuth'],
          authorityKeyId: keyIdentifier(this.#issuing.spki),
          subjectAltNames: [
            { kind: 'uri', value: identityUri(identity) },
            ...(identity.role === 'server' ? hosts : []),
          ],
        },
      },
      this.#key,
    );
    return { chain: [der, this.#issuing.der], privateKey };
  }

  /** The same as a file with certificates and key, as other programs take it. */
  async forgeFile(path: string, ...forged: Parameters<Thief['forge']>): Promise<void> {
    const { chain, privateKey } = await this.forge(...forged);
    writeFileSync(path, chain.map(certificatePem).join('') + privateKeyPem(exportPrivateKey(privateKey)));
  }
}
