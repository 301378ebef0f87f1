import type { TbsCertificate } from './certificate.ts';

/** A certificate that is to be signed, as it will be read. */
export interface LintedCertificate extends TbsCertificate {
  /** The tags of notBefore and notAfter. */
  readonly timeTags: readonly number[];
}

/** One rule: what is wrong, with the section of RFC 5280 that says so, or undefined. */
export type LintRule = (certificate: LintedCertificate) => string | undefined;
