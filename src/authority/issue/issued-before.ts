import { isHoldfastError } from '../../base/index.ts';
import { type Certificate, type Identity, publicKeyOf, verifyCertificateSignature } from '../../pki/index.ts';
import type { CaCertificate } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import { identityLabel, type Records } from '../records/index.ts';
import { type Issuing, identityRevoked } from './issue.ts';

/**
 * Certificates of an authority that was restored from its keys alone, where it was chosen to trust what it issued before:
 * each is put on record, and in the log, when it is first seen. Which of them were revoked by then nobody knows.
 */
export class IssuedBefore {
  readonly #context: Issuing;
  readonly #seen = new Map<string, Promise<void>>();

  constructor(context: Issuing) {
    this.#context = context;
  }

  /** Whether a certificate that is not on record is taken; whoever asks has verified its chain. */
  async takes(certificate: Certificate): Promise<boolean> {
    const { identity, notBefore, serial } = certificate;
    const { trusts_before: trustsBefore } = this.#context.present.state;
    if (identity === undefined || trustsBefore === null || notBefore.getTime() >= trustsBefore) return false;
    if (await this.#isRevoked(identity)) return false;
    if (!(await this.#isFromGoodIssuer(certificate))) return false;
    if (!this.#seen.has(serial)) this.#seen.set(serial, this.#adopt(certificate));
    return true;
  }

  /** Waits until what was taken is on record. */
  async settled(): Promise<void> {
    await Promise.all(this.#seen.values());
  }

  async #isRevoked(identity: Identity): Promise<boolean> {
    const row = await this.#context.records.committed.identities.find(identity);
    return row !== undefined && row.revoked_at !== null;
  }

  /** A number that is on record is of another certificate; and of an issuer that is revoked nothing can be told from a forgery. */
  async #isFromGoodIssuer(certificate: Certificate): Promise<boolean> {
    const { records, issuer } = this.#context;
    if ((await records.committed.certificates.find(certificate.serial)) !== undefined) return false;
    const revoked = issuer.issuings.filter((one) => one.revoked !== undefined);
    return !revoked.some((one) => hasSigned(one, certificate));
  }

  async #adopt(certificate: Certificate): Promise<void> {
    try {
      await this.#context.records.transaction((tx) => putOnRecord(tx, this.#context, certificate));
    } catch (error) {
      // What cannot be recorded, on a full disk say, is tried again when the certificate comes again.
      if (!isHoldfastError(error)) throw error;
    } finally {
      this.#seen.delete(certificate.serial);
    }
  }
}

async function putOnRecord(tx: Records, { issuer, log }: Issuing, certificate: Certificate): Promise<void> {
  const { identity, serial, fingerprint, notAfter, extensions } = certificate;
  const signer = issuer.issuings.find((one) => hasSigned(one, certificate));
  if (identity === undefined || signer === undefined) return;
  if ((await tx.certificates.find(serial)) !== undefined) return;
  const label = identityLabel(identity);
  const details = {
    identity: label,
    serial,
    fingerprint,
    notAfter: notAfter.toISOString(),
    issuedBefore: true,
  };
  const given = { ...certificate, names: extensions.subjectAltNames, issuer: signer.label, use: undefined };
  const { endedMs } = await log.decide(tx, kinds.issued, { by: label, details, given });
  if (endedMs !== null) throw identityRevoked(identity, endedMs);
}

function hasSigned({ certificate: signer }: CaCertificate, certificate: Certificate): boolean {
  return verifyCertificateSignature(certificate, publicKeyOf(signer));
}
