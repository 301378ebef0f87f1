import { createPublicKey, hash } from 'node:crypto';
import { readFile, realpath, rm, stat } from 'node:fs/promises';
import { equalBytes, overwritingOld, systemErrorCode } from '../../base/index.ts';
import { exportPublicKey } from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import type { Issuer } from '../issuers/index.ts';
import { type LogKindName, type LogRecord, parseRecord, type RecordNamed } from '../log/index.ts';
import type { AuthorityRecords } from '../records/index.ts';

/** A file that was written with the key of the root in it, in the clear or under a password. */
type PlainCopy = KeyCopy & {
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
async function lyingCopies({ keyCopies, issuer }: Copied): Promise<PlainCopy[]> {
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

/** A file outside the home that a key of the authority was written to or came from, as the log has it. */
export interface KeyCopy {
  /** Absolute; absent for what was written before places were recorded. */
  readonly path?: string | undefined;
  readonly form: 'clear' | 'encrypted' | 'PKCS#12' | 'backup';
  /** Of the file as it was written, where that tells it from others. */
  readonly sha256?: string | undefined;
  readonly at: Date;
}

/** The kinds of records that tell of such files. */
const kinds = ['exported', 'retired', 'restored', 'authority adopted'] as const;

/** Where the keys of an authority were written outside its home. Each record of the log is looked at once. */
export class KeyCopies {
  readonly #records: AuthorityRecords;
  readonly #told = new Map<number, LogRecord>();
  #lookedAt = 0;

  constructor(records: AuthorityRecords) {
    this.#records = records;
  }

  /** Files that got the key of the root `label`, whether they are still there or not, in the order of the log. */
  async ofRoot(label: string): Promise<KeyCopy[]> {
    await this.#look();
    return [...this.#told.values()].flatMap((record) => copyIn(record, label) ?? []);
  }

  async #look(): Promise<void> {
    const { log } = this.#records;
    const last = await log.lastSequence();
    const texts = last === this.#lookedAt ? [] : await log.ofKinds(kinds, this.#lookedAt);
    for (const record of texts.flatMap((text) => parseRecord(text) ?? []))
      this.#told.set(record.sequence, record);
    this.#lookedAt = Math.max(this.#lookedAt, last);
  }
}

function copyIn(record: LogRecord, label: string): KeyCopy | undefined {
  const at = new Date(record.at);
  if (record.kind === 'exported') return exportedCopy(record.details, label, at);
  if (record.kind === 'authority adopted') return adoptedCopy(record.details, label, at);
  const path = record.kind === 'retired' ? movedTo(record.details) : restoredFrom(record);
  return path === undefined ? undefined : { form: 'backup', path, at };
}

type Details<Name extends LogKindName> = RecordNamed<Name>['details'];

function exportedCopy(
  { key, keys = [], to: path, sha256 }: Details<'exported'>,
  label: string,
  at: Date,
): KeyCopy | undefined {
  if (key === label) return { form: 'clear', path, at };
  return keys.includes(label) ? { form: 'PKCS#12', path, sha256, at } : undefined;
}

/** What it was adopted from lies where it was. */
function adoptedCopy(
  { label: adopted, keyFile: path, keyForm: form = 'encrypted', sha256 }: Details<'authority adopted'>,
  label: string,
  at: Date,
): KeyCopy | undefined {
  return path === undefined || adopted !== label ? undefined : { form, path, sha256, at };
}

/** Those of before do not say what they hold. */
function movedTo({ movedTo: path, holdsRoot = true }: Details<'retired'>): string | undefined {
  return holdsRoot ? path : undefined;
}

function restoredFrom(record: LogRecord): string | undefined {
  return record.kind === 'restored' ? record.details.rootFrom : undefined;
}
