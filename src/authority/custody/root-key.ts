import type { KeyObject } from 'node:crypto';
import { HoldfastError } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/**
 * The key of the root, for what only the root can sign; `what` names that in the error.
 * @throws HoldfastError `root_offline`, with the file it was taken to
 */
export function rootKey({ issuer: { root }, keystore, reader }: AuthorityContext, what: string): KeyObject {
  if (keystore.has(root.label)) return keystore.key(root.label);
  const moved = reader.get('SELECT key_file FROM issuers WHERE label = ?', root.label)?.key_file;
  const where = typeof moved === 'string' ? `: it was taken to ${moved}` : '';
  throw new HoldfastError('root_offline', `${what} needs the key of the root, which is not here${where}`, {
    hint: 'bring it back with holdfast ca online FILE, do it, and take it away again with holdfast ca offline',
  });
}
