import { readFile } from 'node:fs/promises';
import { HoldfastError, isHoldfastError, systemErrorCode, writeFileAtomic } from '../base/index.ts';
import { crlPem, parsePem } from '../pki/index.ts';
import { type RootList, readRootList } from './root-list.ts';
import type { TrustAnchor } from './trust-anchor.ts';

/**
 * The lists in a file; none when there is no file.
 * @throws HoldfastError `trust_bundle_damaged` for anything else than lists of these roots
 */
export async function loadRootLists(
  path: string,
  anchors: readonly TrustAnchor[],
): Promise<readonly RootList[]> {
  try {
    const lists = parsePem(await readFile(path, 'utf8')).map(({ der }) => readRootList(der, anchors));
    if (lists.length === 0) throw new HoldfastError('crl_malformed', 'there is no list in it');
    return lists;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError('trust_bundle_damaged', `${path}: ${error.message}`, {
      hint: 'put the file back from a backup, or remove it: the server gives the newest list again',
      cause: error,
    });
  }
}

/** Writes lists, at once and durably, as PEM that other programs read too. */
export async function saveRootLists(path: string, lists: readonly RootList[]): Promise<void> {
  await writeFileAtomic(path, lists.map(({ crl }) => crlPem(crl.der)).join(''));
}
