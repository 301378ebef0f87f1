import type { KeyObject } from 'node:crypto';
import { HoldfastError } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/**
 * The key of the root, for what only the root can sign; `what` names that in the error.
 * @throws HoldfastError `root_offline`, with the file it was taken to
 */
export async function rootKey(
  { issuer: { root }, keystore, records }: AuthorityContext,
  what: string,
): Promise<KeyObject> {
  if (keystore.has(root.label)) return keystore.key(root.label);
  const moved = (await records.issuers.find(root.label))?.key_file ?? null;
  const where = moved === null ? '' : `: it was taken to ${moved}`;
  throw new HoldfastError('root_offline', `${what} needs the key of the root, which is not here${where}`, {
    hint: 'bring it back with holdfast ca online FILE, do it, and take it away again with holdfast ca offline',
  });
}
