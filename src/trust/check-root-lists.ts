import { HoldfastError } from '../base/index.ts';
import type { Certificate } from '../pki/index.ts';
import { certificateLabel } from './not-allowed.ts';
import { isRevokedByRoot, type RootList } from './root-list.ts';

/**
 * Refuses a path (leaf first, anchor last) whose anchor has revoked what it issued of it. When that was does not count:
 * whoever has the key dates what it signs as he likes.
 * @throws HoldfastError `issuer_revoked`
 */
export function checkRootLists(path: readonly Certificate[], lists: readonly RootList[]): void {
  const [issued, anchor] = path.slice(-2);
  if (issued === undefined || anchor === undefined) return;
  if (!isRevokedByRoot(lists, anchor.fingerprint, issued)) return;
  throw new HoldfastError(
    'issuer_revoked',
    `${certificateLabel(issued)}, number ${issued.serial}, was revoked by ${certificateLabel(anchor)}`,
  );
}
