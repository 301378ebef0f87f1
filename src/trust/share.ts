import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { type Bytes, HoldfastError, systemErrorCode, writeFileAtomic } from '../base/index.ts';

const ShareRecord = Type.Object(
  { format: Type.Literal(1), group: Type.String(), gid: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);

/** The group that the keystore in a directory is shared with, for reading. */
export interface Share {
  readonly group: string;
  readonly gid: number;
}

/** The record of a share, in the directory of the keystore. */
export const shareFile = 'shared.json';

/**
 * With whom the keystore in `directory` is shared: nobody unless its owner said so. Only what its owner alone could write counts.
 * @throws HoldfastError `keystore_damaged` when the record is
 */
export async function readShare(directory: string): Promise<Share | undefined> {
  const path = join(directory, shareFile);
  try {
    const [record, place] = await Promise.all([stat(path), stat(directory)]);
    if (record.uid !== place.uid || (record.mode & 0o022) !== 0) return undefined;
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (Check(ShareRecord, value)) return { group: value.group, gid: value.gid };
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(systemErrorCode(error) ?? '')) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('keystore_damaged', `${path} does not say with whom the keystore is shared`, {
    hint: 'its owner says it again: holdfast keystore share --group NAME, or --none',
  });
}

/** Whether the user of this process is in a group. */
export function isMemberOf(gid: number): boolean {
  return process.getgid?.() === gid || process.getgroups?.().includes(gid) === true;
}

/** Keeps with whom the keystore in `directory` is shared. */
export async function writeShare(directory: string, { group, gid }: Share): Promise<void> {
  const text = `${JSON.stringify({ format: 1, group, gid })}\n`;
  await writeFileAtomic(join(directory, shareFile), text, sharedWith({ group, gid }));
}

/** Writes a file of a directory that may be shared, whole or not at all: whoever could read it before can read it then. */
export async function writeSharedFile(path: string, data: Bytes | string): Promise<void> {
  await writeFileAtomic(path, data, sharedWith(await readShare(dirname(path))));
}

function sharedWith(share: Share | undefined): { mode?: number; gid?: number } {
  return share === undefined ? {} : { mode: 0o640, gid: share.gid };
}
