import type { CertificateRow } from '../records/index.ts';

/** Whether a certificate can still be used at `nowMs`. */
export function isLive(
  { revoked_at, not_after }: Pick<CertificateRow, 'revoked_at' | 'not_after'>,
  nowMs: number,
): boolean {
  return revoked_at === null && nowMs <= not_after;
}
