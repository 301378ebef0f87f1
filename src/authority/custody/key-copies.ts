import { type LogKindName, type LogRecord, parseRecord, type RecordNamed } from '../log/index.ts';
import type { AuthorityRecords } from '../records/index.ts';

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
