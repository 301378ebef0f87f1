import type { TbsCertificate } from './certificate.ts';

/** What is let through though RFC 5280 does not have it, where somebody has said so. */
export interface LintOptions {
  /** Host names with underscores (§4.2.1.6 has RFC 1034 §3.5). */
  readonly underscores?: boolean | undefined;
}

/** A certificate that is to be signed, as it will be read. */
export interface LintedCertificate extends TbsCertificate {
  /** The tags of notBefore and notAfter. */
  readonly timeTags: readonly number[];
  /** Whether host names with underscores are let through. */
  readonly underscores: boolean;
}

/** One rule: what is wrong, with the section of RFC 5280 that says so, or undefined. */
export type LintRule = (certificate: LintedCertificate) => string | undefined;
