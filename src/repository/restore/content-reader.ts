import { type Bytes, forEachLimited, HoldfastError, isHoldfastError, readAhead } from '../../base/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import { type FileInWork, type PlannedRun, planContent, type WantedFile } from './content-plan.ts';
import { type EncodedRun, encodeRun, type RunPurpose, type RunResult } from './content-run.ts';
import type { ReaderPool } from './reader-pool.ts';
import { type FileProblem, systemProblem } from './write-file.ts';

/** How content is read. */
interface ContentOptions {
  /** Those who open what is read. */
  readonly pool: ReaderPool;
  readonly index: BlobIndex;
  readonly sink: ContentSink;
  readonly signal?: AbortSignal;
}

/** Bytes of packs held at a time, and stretches under way: two in each worker, the others being read. */
const heldBytes = 24 * 1024 * 1024;
const runsUnderWay = 10;
/** Pieces planned together: few at first so that work begins, then enough that packs are read in one go. */
const firstWindow = 256;
const largestWindow = 4 * 1024;
/** Stretches that are planned before they can be read: while small files are planned, the workers have others. */
const runsAhead = 8;

/**
 * Reads the content of files, whatever order the repository has it in: main reads stretches of packs, each once for all
 * files that want it, and workers open the blobs and write or compare the pieces. Files come while others are under way;
 * memory does not grow with their number or size. What is damaged is tried again from another pack that has it.
 *
 * @throws when the signal fires, the store is lost or the disk is full (`storage_full`): no worker is at work any more then,
 *   and files that were begun are abandoned
 */
export async function readContent(
  repository: Repository,
  files: AsyncIterable<WantedFile>,
  options: ContentOptions,
): Promise<void> {
  await new ContentReader(repository, options).readAll(files);
}

class ContentReader {
  readonly #repository: Repository;
  readonly #pool: ReaderPool;
  readonly #index: BlobIndex;
  readonly #sink: ContentSink;
  readonly #signal: AbortSignal | undefined;
  readonly #budget = new ByteBudget(heldBytes);
  /** Slots of the index whose blobs are damaged where they are. */
  readonly #damaged = new Set<number>();
  /** Files that have a place and are not settled. */
  readonly #begun = new Set<FileInWork>();
  /** Files to be tried from other copies, and what is wrong with this one. */
  #again = new Map<WantedFile, FileProblem>();

  constructor(repository: Repository, { pool, index, sink, signal }: ContentOptions) {
    this.#repository = repository;
    this.#pool = pool;
    this.#index = index;
    this.#sink = sink;
    this.#signal = signal;
  }

  async readAll(files: AsyncIterable<WantedFile>): Promise<void> {
    try {
      await this.#readRuns(readAhead(this.#planWindows(files), runsAhead));
      while (this.#again.size > 0) {
        const again = this.#again;
        this.#again = new Map();
        await this.#readRuns(this.#plan([...again.keys()], again));
      }
    } finally {
      for (const { place } of this.#begun) if (place !== undefined) this.#sink.abandon(place);
    }
  }

  async *#planWindows(files: AsyncIterable<WantedFile>): AsyncGenerator<PlannedRun, void, undefined> {
    let size = firstWindow;
    let pieces = 0;
    let window: WantedFile[] = [];
    for await (const file of files) {
      window.push(file);
      pieces += file.content.length;
      if (pieces < size) continue;
      yield* this.#plan(window);
      size = Math.min(size * 2, largestWindow);
      pieces = 0;
      window = [];
    }
    yield* this.#plan(window);
  }

  #plan(
    files: readonly WantedFile[],
    problems?: ReadonlyMap<WantedFile, FileProblem>,
  ): readonly PlannedRun[] {
    const { runs, lost } = planContent(files, this.#index, this.#damaged);
    for (const { file, problem } of lost) this.#sink.failed(file, problems?.get(file) ?? problem);
    return runs;
  }

  async #readRuns(runs: Iterable<PlannedRun> | AsyncIterable<PlannedRun>): Promise<void> {
    await forEachLimited(runs, runsUnderWay, async (run) => {
      await this.#budget.hold(run.end - run.start, async () => this.#readRun(run));
    });
  }

  async #readRun(run: PlannedRun): Promise<void> {
    this.#signal?.throwIfAborted();
    for (const file of run.files) this.#begin(file);
    const isWanted = run.pieces.some(({ file }) => file.problem === undefined);
    const bytes = isWanted ? await this.#readStretch(run) : undefined;
    if (bytes !== undefined) {
      const encoded = encodeRun(run, bytes, this.#index);
      const result = await this.#pool.run(encoded.run, this.#sink.purpose, this.#signal);
      this.#take(encoded, result);
    }
    for (const file of run.files) if (--file.runsLeft === 0) this.#settle(file);
  }

  #begin(file: FileInWork): void {
    if (file.runs === 1 || file.place !== undefined || file.problem !== undefined) return;
    try {
      file.place = this.#sink.begin(file.wanted, file.size);
      this.#begun.add(file);
    } catch (error) {
      this.#spoil(file, systemProblem(error));
    }
  }

  /** The run's bytes, or undefined, with everything in it damaged, when this part of the pack cannot be had. */
  async #readStretch(run: PlannedRun): Promise<Bytes | undefined> {
    const { start: offset, end } = run;
    const name = this.#index.packAt(run.pack);
    const cancel = this.#signal && { signal: this.#signal };
    try {
      const range = { offset, length: end - offset };
      return await this.#repository.store.read({ type: 'data', name }, { range, ...cancel });
    } catch (error) {
      if (!isPackDamage(error)) throw error;
      for (const { file, slot } of run.pieces) {
        this.#damaged.add(slot);
        this.#spoil(file, { kind: 'damaged', message: `pack ${name}: ${error.message}` });
      }
      return undefined;
    }
  }

  #take({ run, slots, files, pieces }: EncodedRun, { damaged, failed }: RunResult): void {
    for (const { blob, message } of damaged) {
      const slot = slots[blob];
      if (slot === undefined) continue;
      this.#damaged.add(slot);
      const pack = this.#index.packAt(this.#index.packNumberAt(slot));
      for (const { file } of pieces.filter((piece) => piece.slot === slot)) {
        this.#spoil(file, { kind: 'damaged', message: `pack ${pack}: ${message}` });
      }
    }
    for (const { file: number, ...problem } of failed) {
      const file = files[number];
      if (file === undefined) continue;
      if (problem.kind === 'attributes') this.#sink.failed(file.wanted, problem);
      else this.#spoil(file, problem);
    }
    const lost = new Set(damaged.map(({ blob }) => blob));
    const opened = run.pieces.blobs.filter((blob) => !lost.has(blob));
    this.#sink.progress(opened.reduce((sum, blob) => sum + (run.blobs.plainLengths[blob] ?? 0), 0));
  }

  #spoil(file: FileInWork, problem: FileProblem): void {
    if (problem.kind === 'full') throw new HoldfastError('storage_full', problem.message);
    file.problem ??= problem;
  }

  #settle(file: FileInWork): void {
    const { wanted, place, problem, size } = file;
    this.#begun.delete(file);
    if (problem === undefined) this.#sink.done(wanted, place, size);
    else {
      if (place !== undefined) this.#sink.abandon(place);
      if (problem.kind === 'damaged') this.#again.set(wanted, problem);
      else this.#sink.failed(wanted, problem);
    }
  }
}

/** Whether another copy of the same blobs may be better: a part of a pack is gone, and not the way to the store. */
export function isPackDamage(error: unknown): error is HoldfastError {
  return isHoldfastError(
    error,
    'object_not_found',
    'object_corrupt',
    'range_not_satisfiable',
    'storage_failed',
  );
}

/** What is done with files whose content is read. */
export interface ContentSink {
  readonly purpose: RunPurpose;
  /** A file that several runs make up begins: says where its pieces go, having made it. The system's error when it cannot. */
  begin(file: WantedFile, size: number): Bytes;
  /** What `begin` made is to go. */
  abandon(place: Bytes): void;
  /**
   * All pieces, `size` bytes, are where they belong; `place` is what `begin` said, undefined for a file that one worker
   * made whole.
   */
  done(file: WantedFile, place: Bytes | undefined, size: number): void;
  /** The content cannot be had, or is not as it should be (`attributes`: it is, but the rest is not). */
  failed(file: WantedFile, problem: FileProblem): void;
  /** So many more bytes of content have been opened. */
  progress(bytes: number): void;
}

/** Keeps the bytes that are held at one time under a limit; what is larger than the limit is held alone. */
export class ByteBudget {
  readonly #limit: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` while `bytes` are set aside for it; first come, first served. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((start) => this.#waiting.push({ bytes, start }));
    } else this.#held += bytes;
    try {
      return await work();
    } finally {
      this.#held -= bytes;
      this.#startWaiting();
    }
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#limit;
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.bytes;
      next.start();
    }
  }
}
