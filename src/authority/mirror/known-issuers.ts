import { asBuffer, isHoldfastError } from '../../base/index.ts';
import { type Checkpoint, type SignedCheckpoint, verifyCheckpoint } from '../../enrol/index.ts';
import {
  type Certificate,
  parseCertificate,
  publicKeyOf,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import type { Records } from '../records/index.ts';

/** Whether something found outside is of this authority: signed by its root, or by what its root signed. */
export class KnownIssuers {
  readonly #network: string;
  readonly #roots: readonly Certificate[];
  readonly #issuings = new Map<string, Certificate | undefined>();

  private constructor(network: string, roots: readonly Certificate[]) {
    this.#network = network;
    this.#roots = roots;
  }

  /**
   * The authority whose records these are. Where what is found is compared with the log itself, whoever signed for it may
   * have been revoked since; where it is all that there is, `noRevoked` keeps a thief of the key from being believed.
   */
  static async of(
    records: Records,
    { noRevoked = false }: { readonly noRevoked?: boolean } = {},
  ): Promise<KnownIssuers> {
    const { network = '' } = (await records.state.read()) ?? {};
    const rows = await records.issuers.all();
    const roots = rows.filter(({ kind }) => kind === 'root');
    const known = new KnownIssuers(
      network,
      roots.map(({ certificate }) => parseCertificate(certificate)),
    );
    if (!noRevoked) return known;
    for (const { certificate } of rows.filter(({ revoked_at }) => revoked_at !== null))
      known.#issuings.set(asBuffer(certificate).toString('base64'), undefined);
    return known;
  }

  /** The issuing certificate in base64, or undefined when no root of this authority signed it. */
  issuing(base64: string): Certificate | undefined {
    if (!this.#issuings.has(base64)) this.#issuings.set(base64, this.#judge(base64));
    return this.#issuings.get(base64);
  }

  /** What a checkpoint says, or undefined when this authority did not sign it. */
  checkpoint(signed: SignedCheckpoint, issuing: string): Checkpoint | undefined {
    const certificate = this.issuing(issuing);
    if (certificate === undefined) return undefined;
    try {
      const checkpoint = verifyCheckpoint(signed, certificate);
      return checkpoint.network === this.#network ? checkpoint : undefined;
    } catch (error) {
      if (isHoldfastError(error, 'checkpoint_invalid')) return undefined;
      throw error;
    }
  }

  #judge(base64: string): Certificate | undefined {
    try {
      const certificate = parseCertificate(Uint8Array.from(Buffer.from(base64, 'base64')));
      const isOurs = this.#roots.some((root) => verifyCertificateSignature(certificate, publicKeyOf(root)));
      return isOurs && certificate.extensions.basicConstraints?.ca === true ? certificate : undefined;
    } catch (error) {
      if (isHoldfastError(error)) return undefined;
      throw error;
    }
  }
}
