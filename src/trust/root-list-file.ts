import { readFile } from 'node:fs/promises';
import { HoldfastError, isHoldfastError, systemErrorCode } from '../base/index.ts';
import { crlPem, parsePem } from '../pki/index.ts';
import { withDigestLine, withoutDigestLine } from './digest-line.ts';
import { type RootList, readRootList } from './root-list.ts';
import { writeSharedFile } from './share.ts';
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
    const text = withoutDigestLine(await readFile(path, 'utf8'), '-----BEGIN ');
    if (text === undefined)
      throw new HoldfastError('crl_malformed', 'it is not what its first line, a SHA-256, is of');
    const lists = parsePem(text).map(({ der }) => readRootList(der, anchors));
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

/** Writes lists, at once and durably, as PEM that other programs read too, after a line with its SHA-256. */
export async function saveRootLists(path: string, lists: readonly RootList[]): Promise<void> {
  await writeSharedFile(path, withDigestLine(lists.map(({ crl }) => crlPem(crl.der)).join('')));
}
