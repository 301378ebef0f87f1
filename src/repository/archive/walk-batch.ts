import { asBuffer, freeBytes } from '../../base/index.ts';

/** What the walk ahead has come to; as the events of `walk`, and what is not a directory told apart by whether it is read. */
const stepKinds = ['enter', 'leave', 'file', 'other', 'unreadable', 'forbidden', 'excluded', 'kept'] as const;

/** One step of a walk, with everything about it that the system was asked for. */
export interface WalkStep {
  readonly kind: (typeof stepKinds)[number];
  /** Whether it is one of the paths that were named. */
  readonly isRoot: boolean;
  /** Raw, as latin1; empty for `leave`, `file` and `other`, whose directory is known and whose node has the name. */
  readonly path: string;
  /**
   * For `enter`, `kept` and `file` how the node begins, as `encodeNodeHead` says; for `other` all of the node; for `unreadable` the
   * system's code, a space and its message; else empty.
   */
  readonly text: string;
  /** Bytes of a file, 0 for all else. */
  readonly size: number;
}

/** Steps as they travel between threads: in memory that is handed over, since one text is made of it in no time. */
export interface WalkBatch {
  /** Path and text of each step, in UTF-8, and what is left of the memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  /** For each step four numbers: kind and whether it is a root, length of its path, length of its text, size. */
  readonly marks: Float64Array<ArrayBuffer>;
  /** Whether the walk is at its end. */
  readonly isLast: boolean;
}

const columns = 4;
/** So much is sent at once, about 100 files: longer texts would stay until the collector looks at everything. */
const batchBytes = 2 ** 15;
/** Of a character of UTF-16. */
const mostBytes = 3;

/** Puts steps into batches. */
export class BatchWriter {
  readonly #send: (batch: WalkBatch) => void;
  /** Written at once, so that what a step was put together from need not outlive it. */
  #bytes = Buffer.allocUnsafeSlow(batchBytes);
  #length = 0;
  #marks: number[] = [];

  /** @param send takes each batch that is full */
  constructor(send: (batch: WalkBatch) => void) {
    this.#send = send;
  }

  add({ kind, isRoot, path, text, size }: WalkStep): void {
    const most = mostBytes * (path.length + text.length);
    if (this.#length + most > this.#bytes.length) this.flush(false, Math.max(most, batchBytes));
    if (path !== '') this.#length += this.#bytes.write(path, this.#length);
    this.#length += this.#bytes.write(text, this.#length);
    this.#marks.push(2 * stepKinds.indexOf(kind) + (isRoot ? 1 : 0), path.length, text.length, size);
  }

  /** Sends what was added, and begins anew with room for `capacity` bytes. */
  flush(isLast: boolean, capacity: number = batchBytes): void {
    const [bytes, length, marks] = [this.#bytes, this.#length, Float64Array.from(this.#marks)];
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#length = 0;
    this.#marks = [];
    this.#send({ bytes, length, marks, isLast });
  }
}

/** The steps of a batch, whose memory is given back at once. */
export function* stepsOf({ bytes, length, marks }: WalkBatch): Generator<WalkStep, void, undefined> {
  const all = asBuffer(bytes).toString('utf8', 0, length);
  freeBytes(bytes);
  let at = 0;
  for (let mark = 0; mark < marks.length; mark += columns) {
    const code = marks[mark] ?? 0;
    const middle = at + (marks[mark + 1] ?? 0);
    const end = middle + (marks[mark + 2] ?? 0);
    const kind = stepKinds[code >> 1];
    if (kind === undefined) throw new TypeError(`no step of a walk has the code ${code}`);
    const [path, text] = [all.slice(at, middle), all.slice(middle, end)];
    yield { kind, isRoot: code % 2 === 1, path, text, size: marks[mark + 3] ?? 0 };
    at = end;
  }
}
