import type { Clock } from '../base/index.ts';
import type { Keystore } from '../trust/index.ts';
import type { Care } from './backup/care.ts';
import type { Issuer } from './issuers/issuer.ts';
import type { AuditLog } from './log/audit-log.ts';
import type { AuthorityRecords } from './records/authority-records.ts';
import type { CertificateSigner } from './signing/certificate-signer.ts';
import type { ClockGuard } from './standing/clock-guard.ts';
import type { Present } from './standing/present.ts';

/** What every decision of the authority is made with. */
export interface AuthorityContext {
  /** Where keystore and database are. */
  readonly directory: string;
  /** Whom secrets are sealed to for the recovery kit (age). */
  readonly recoveryRecipient: string;
  /** What the settings of this machine ask of upkeep. */
  readonly care: Care;
  /** Whether this one was opened to look only, and records nothing. */
  readonly looks: boolean;
  readonly records: AuthorityRecords;
  /** What is on the disk of the authority as a whole, at once. */
  readonly present: Present;
  /** The authority's own keys. */
  readonly keystore: Keystore;
  /** What signs now. */
  readonly issuer: Issuer;
  readonly log: AuditLog;
  readonly clock: Clock;
  /** Whether the clock can be believed. */
  readonly clockGuard: ClockGuard;
  /** Checks the signatures of requests, and makes those of certificates. */
  readonly certificateSigner: CertificateSigner;
  /** Increases with each restore from a backup. */
  readonly epoch: number;
  /** From now on `next` signs: an issuing certificate was replaced while the authority is open. */
  useIssuer(next: Issuer): void;
}

/** A context that begins with `issuer`. */
export function createContext(
  parts: Omit<AuthorityContext, 'issuer' | 'useIssuer'>,
  issuer: Issuer,
): AuthorityContext {
  let present = issuer;
  return {
    ...parts,
    get issuer() {
      return present;
    },
    useIssuer(next) {
      present = next;
    },
  };
}
