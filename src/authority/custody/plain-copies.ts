import { createPublicKey, hash } from 'node:crypto';
import { readFile, realpath, rm, stat } from 'node:fs/promises';
import { equalBytes, systemErrorCode } from '../../base/index.ts';
import { exportPublicKey } from '../../pki/index.ts';
import { type Keystore, overwritingOld } from '../../trust/index.ts';
import type { Issuer } from '../issuers/index.ts';
import type { KeyCopies, KeyCopy } from './key-copies.ts';

/** A file that was written with the key of the root in it, in the clear or under a password. */
export type PlainCopy = KeyCopy & {
  readonly path: string;
  readonly form: Exclude<KeyCopy['form'], 'backup'>;
};

/** What is known of them. */
export interface Copied {
  readonly keyCopies: KeyCopies;
  readonly keystore: Keystore;
  /** What signs now. */
  readonly issuer: Issuer;
}

/** Files that are where the key of the root was written. What is in them is not looked at. */
export async function lyingCopies({ keyCopies, issuer }: Copied): Promise<PlainCopy[]> {
  const written = new Map<string, PlainCopy>();
  for (const copy of await keyCopies.ofRoot(issuer.root.label))
    if (isPlain(copy)) written.set(copy.path, copy);
  return await those([...written.values()], async ({ path }) => isThere(() => stat(path)));
}

/** A sentence for each of them that is not to lie there, now that the key of the root is offline or in the clear. */
export async function copyWarnings(parts: Copied): Promise<string[]> {
  const isHere = parts.keystore.has(parts.issuer.root.label);
  const copies = await lyingCopies(parts);
  return copies.filter(({ form }) => form === 'clear' || !isHere).map((copy) => warningOf(copy, isHere));
}

function warningOf({ path, form }: PlainCopy, isHere: boolean): string {
  const how = { clear: 'in the clear', encrypted: 'under a password', 'PKCS#12': 'as PKCS#12' }[form];
  const todo = isHere ? 'move that file off this machine' : 'remove that file';
  return `the key of the root lies ${how} in ${path}${isHere ? '' : ', though it was taken offline'}: ${todo}`;
}

/** Those that hold the key still, and those that cannot be looked into. */
export async function plainCopies(parts: Copied): Promise<string[]> {
  const copies = await those(await lyingCopies(parts), (copy) => isThere(() => holds(copy, parts)));
  return copies.map(({ path }) => path);
}

/**
 * Removes every file that is as it was written with the key of the root in it, after its bytes were written over. What
 * this process cannot read or remove stays. Gives the files that are gone.
 */
export async function removePlainCopies(parts: Copied): Promise<string[]> {
  const removed: string[] = [];
  for (const copy of await lyingCopies(parts)) {
    const isGone = await removeCopy(copy, parts).catch(() => false);
    if (isGone) removed.push(copy.path);
  }
  return removed;
}

async function removeCopy(copy: PlainCopy, parts: Copied): Promise<boolean> {
  if (!(await holds(copy, parts))) return false;
  const path = await realpath(copy.path);
  await overwritingOld(path, () => rm(path));
  return true;
}

function isPlain(copy: KeyCopy): copy is PlainCopy {
  return copy.path !== undefined && copy.form !== 'backup';
}

/** More than any of them has. */
const maxBytes = 1024 * 1024;

async function holds({ path, form, sha256 }: PlainCopy, { issuer }: Copied): Promise<boolean> {
  const found = await stat(path);
  if (!found.isFile() || found.size > maxBytes) return false;
  const bytes = await readFile(path);
  if (form !== 'clear') return hash('sha256', bytes) === sha256;
  return isKeyOf(bytes, issuer.root.certificate.spki);
}

function isKeyOf(pem: Buffer, spki: Uint8Array): boolean {
  try {
    return equalBytes(exportPublicKey(createPublicKey(pem)), spki);
  } catch {
    return false;
  }
}

/** Whether a look says so; what cannot be looked at may be there. */
export async function isThere(look: () => Promise<unknown>): Promise<boolean> {
  try {
    return (await look()) !== false;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '');
  }
}

async function those<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T[]> {
  const found = await Promise.all(items.map(test));
  return items.filter((_, index) => found[index]);
}
