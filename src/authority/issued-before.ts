import { isHoldfastError } from '../base/index.ts';
import type { Queries } from '../db/index.ts';
import { type Certificate, publicKeyOf, verifyCertificateSignature } from '../pki/index.ts';
import type { AuthorityContext } from './authority-context.ts';
import { identityLabel } from './identity-records.ts';
import type { CaCertificate } from './issuer.ts';
import { recordCertificate } from './record-certificate.ts';

/**
 * Certificates of an authority that was restored from its keys alone, where it was chosen to trust what it issued before:
 * each is put on record, and in the log, when it is first seen. Which of them were revoked by then nobody knows.
 */
export class IssuedBefore {
  readonly #context: AuthorityContext;
  readonly #seen = new Map<string, Promise<void>>();

  constructor(context: AuthorityContext) {
    this.#context = context;
  }

  /** Whether a certificate that is not on record is taken; whoever asks has verified its chain. */
  takes(certificate: Certificate): boolean {
    const { identity, notBefore, serial } = certificate;
    const row = this.#context.reader.get('SELECT trusts_before FROM authority');
    const trustsBefore = row?.trusts_before;
    if (identity === undefined || typeof trustsBefore !== 'number') return false;
    if (notBefore.getTime() >= trustsBefore || this.#isRevoked(identity)) return false;
    if (!this.#isFromGoodIssuer(certificate)) return false;
    if (!this.#seen.has(serial)) this.#seen.set(serial, this.#adopt(certificate));
    return true;
  }

  /** Waits until what was taken is on record. */
  async settled(): Promise<void> {
    await Promise.all(this.#seen.values());
  }

  #isRevoked({ role, name }: NonNullable<Certificate['identity']>): boolean {
    const sql = 'SELECT revoked_at FROM identities WHERE role = ? AND name = ?';
    return typeof this.#context.reader.get(sql, role, name)?.revoked_at === 'number';
  }

  /** A number that is on record is of another certificate; and of an issuer that is revoked nothing can be told from a forgery. */
  #isFromGoodIssuer(certificate: Certificate): boolean {
    const { reader, issuer } = this.#context;
    if (reader.get('SELECT 1 FROM certificates WHERE serial = ?', certificate.serial) !== undefined)
      return false;
    const revoked = issuer.issuings.filter((one) => one.revoked !== undefined);
    return !revoked.some((one) => hasSigned(one, certificate));
  }

  async #adopt(certificate: Certificate): Promise<void> {
    try {
      await this.#context.database.transaction((tx) => putOnRecord(tx, this.#context, certificate));
    } catch (error) {
      // What cannot be recorded, on a full disk say, is tried again when the certificate comes again.
      if (!isHoldfastError(error)) throw error;
    } finally {
      this.#seen.delete(certificate.serial);
    }
  }
}

async function putOnRecord(
  tx: Queries,
  { issuer, log }: AuthorityContext,
  certificate: Certificate,
): Promise<void> {
  const { identity, serial, fingerprint, notAfter, notBefore, extensions } = certificate;
  const signer = issuer.issuings.find((one) => hasSigned(one, certificate));
  if (identity === undefined || signer === undefined) return;
  if ((await tx.get('SELECT 1 FROM certificates WHERE serial = ?', serial)) !== undefined) return;
  await recordCertificate(tx, {
    ...certificate,
    identity,
    issuer: signer.label,
    issuedAtMs: notBefore.getTime(),
    names: extensions.subjectAltNames,
    withKey: false,
  });
  const label = identityLabel(identity);
  const details = {
    identity: label,
    serial,
    fingerprint,
    notAfter: notAfter.toISOString(),
    issuedBefore: true,
  };
  await log.append(tx, { kind: 'issued', by: label, details });
}

function hasSigned({ certificate: signer }: CaCertificate, certificate: Certificate): boolean {
  return verifyCertificateSignature(certificate, publicKeyOf(signer));
}
