import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ContentKind, ContentSource } from './content.ts';

/** A folder to back up. */
export interface DataSet {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
}

/** What the folders hold, in the words of the published page. */
export const dataSetDescription = `- **large**: 8 files of 128 MiB. Pieces of 1 MiB follow each other: 35 % text, 20 % JSON records, 20 % machine code, 25 %
  incompressible, as in a home folder with documents, databases, programs and media.
- **one**: 1 file of 2 GiB with the same mix.
- **small**: 60,000 files in 600 folders, sizes from 128 B to 32 KiB evenly on a logarithmic scale (mean 5.9 kB): 45 % text,
  35 % JSON, 10 % machine code, 10 % incompressible, as in source trees and mail folders.
- **many**: 1,000,000 files of 40 bytes, 100 in each of 10,000 folders in a hundred.
- **sparse**: 1 file of 20 GB, a hole but for one megabyte at its beginning; before each round a megabyte somewhere in it is changed.
- **history**: 200 rounds, each with 8 files of 3 MB that stay and 8 of 3 MB that are others in the next round, in turns, of the
  same mix as large: 10 GB in all.

Text has 20,000 words whose frequency falls with their rank; JSON records have random identifiers, times and numbers;
machine code is stretches of the Node binary. All of it follows from the seed.`;

const mixOfLarge: readonly ContentKind[] = kinds({ text: 35, records: 20, program: 20, random: 25 });
const mixOfSmall: readonly ContentKind[] = kinds({ text: 45, records: 35, program: 10, random: 10 });

/** Makes `large` in `directory`: 8 files of 128 MiB times `size`. */
export function makeLarge(directory: string, seed: number, size: number): DataSet {
  return makeBig(directory, { seed: seed + 1, files: 8, fileBytes: Math.ceil(128 * 2 ** 20 * size) });
}

/** Makes `one` in `directory`: 1 file of 2 GiB times `size`. */
export function makeOne(directory: string, seed: number, size: number): DataSet {
  return makeBig(directory, { seed: seed + 2, files: 1, fileBytes: Math.ceil(2 * 2 ** 30 * size) });
}

/** Makes `small` in `directory`: 60,000 files times `size`. */
export function makeSmall(directory: string, seed: number, size: number): DataSet {
  const source = new ContentSource(seed + 3);
  const files = Math.ceil(60_000 * size);
  let bytes = 0;
  for (let index = 0; index < files; index++) {
    const folder = join(directory, `folder-${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    const length = Math.floor(128 * 256 ** (source.below(10_000) / 10_000));
    writeFileSync(join(folder, `file-${index % 100}`), source.bytes(oneOf(mixOfSmall, source), length));
    bytes += length;
  }
  return { path: directory, bytes, files };
}

/** Makes `many` in `directory`: 1,000,000 files times `size`. */
export function makeMany(directory: string, seed: number, size: number): DataSet {
  const files = Math.ceil(1_000_000 * size);
  for (let index = 0; index < files; index++) {
    const folder = join(directory, `${Math.floor(index / 10_000)}`, `${Math.floor(index / 100) % 100}`);
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${index % 100}`), `seed ${seed} file ${index}\n`.padStart(40));
  }
  return { path: directory, bytes: files * 40, files };
}

const sparseName = 'file';

/** Makes `sparse` in `directory`: 1 file of 20 GB times `size`, of which a megabyte is not a hole. */
export function makeSparse(directory: string, seed: number, size: number): DataSet {
  mkdirSync(directory, { recursive: true });
  const bytes = Math.ceil(20e9 * size);
  const file = openSync(join(directory, sparseName), 'w');
  writeSync(file, new ContentSource(seed + 4).bytes('random', 1e6));
  ftruncateSync(file, bytes);
  closeSync(file);
  return { path: directory, bytes, files: 1 };
}

/** Writes a megabyte somewhere into the file that {@link makeSparse} made, another one for each `round`. */
export function changeMegabyte({ path, bytes }: DataSet, round: number): void {
  const source = new ContentSource(round);
  const file = openSync(join(path, sparseName), 'r+');
  writeSync(file, source.bytes('random', 1e6), 0, 1e6, source.below(Math.floor(bytes / 1e6)) * 1e6);
  closeSync(file);
}

const historyFiles = 8;

/** Makes `history` in `directory`: nothing yet; 200 rounds of 48 MB times `size`. */
export function makeHistory(directory: string, _seed: number, size: number): DataSet {
  mkdirSync(directory, { recursive: true });
  return { path: directory, bytes: 200 * 2 * historyFiles * Math.ceil(3e6 * size), files: 0 };
}

/** Writes one file of every folder of `small` anew. */
export function changeFolders({ path }: DataSet, round: number): void {
  for (const folder of readdirSync(path))
    writeFileSync(join(path, folder, `file-${round}`), `of round ${round}\n`);
}

/** Adds to `history` what stays of a round, and puts in the place of what passes that of this one. */
export function changeHistory({ path, bytes }: DataSet, round: number): void {
  const source = new ContentSource(1_000_000 + round);
  const length = bytes / (200 * 2 * historyFiles);
  const content = (): Buffer => source.bytes(oneOf(mixOfLarge, source), length);
  for (let file = 0; file < historyFiles; file++) {
    writeFileSync(join(path, `${file}-passes`), content());
    writeFileSync(join(path, `${file}-stays-${round}`), content());
  }
}

function makeBig(directory: string, set: { seed: number; files: number; fileBytes: number }): DataSet {
  const source = new ContentSource(set.seed);
  mkdirSync(directory, { recursive: true });
  for (let index = 0; index < set.files; index++) {
    const file = openSync(join(directory, `file-${index}`), 'w');
    for (let written = 0; written < set.fileBytes; ) {
      const length = Math.min(2 ** 20, set.fileBytes - written);
      written += writeSync(file, source.bytes(oneOf(mixOfLarge, source), length));
    }
    closeSync(file);
  }
  return { path: directory, bytes: set.files * set.fileBytes, files: set.files };
}

/** A list with each kind as often as its share says. */
function kinds(shares: Readonly<Record<ContentKind, number>>): ContentKind[] {
  const names: readonly ContentKind[] = ['text', 'records', 'program', 'random'];
  return names.flatMap((name) => Array<ContentKind>(shares[name]).fill(name));
}

function oneOf(mix: readonly ContentKind[], source: ContentSource): ContentKind {
  return mix[source.below(mix.length)] ?? 'text';
}
