/** What the walk ahead has come to; as the events of `walk`, and what is not a directory told apart by whether it is read. */
const stepKinds = ['enter', 'leave', 'file', 'other', 'unreadable', 'forbidden', 'excluded'] as const;

/** One step of a walk, with everything about it that the system was asked for. */
export interface WalkStep {
  readonly kind: (typeof stepKinds)[number];
  /** Whether it is one of the paths that were named. */
  readonly isRoot: boolean;
  /** Raw, as latin1; empty for `leave`, `file` and `other`, whose directory is known and whose node has the name. */
  readonly path: string;
  /**
   * For `enter` and `file` how the node begins, as `encodeNodeHead` says; for `other` all of the node; for `unreadable` the
   * system's code, a space and its message; else empty.
   */
  readonly text: string;
  /** Bytes of a file, 0 for all else. */
  readonly size: number;
}

/** Steps as they travel between threads: one text is passed on in a tenth of the time that many take. */
export interface WalkBatch {
  /** Path and text of each step. */
  readonly text: string;
  /** For each step four numbers: kind and whether it is a root, length of its path, length of its text, size. */
  readonly marks: Float64Array;
  /** Whether the walk is at its end. */
  readonly isLast: boolean;
}

const columns = 4;

/** Puts steps into batches. */
export class BatchWriter {
  #text = '';
  #marks: number[] = [];

  /** How many steps are in the batch. */
  get steps(): number {
    return this.#marks.length / columns;
  }

  /** How much text is in the batch. */
  get length(): number {
    return this.#text.length;
  }

  add({ kind, isRoot, path, text, size }: WalkStep): void {
    this.#text += path + text;
    this.#marks.push(2 * stepKinds.indexOf(kind) + (isRoot ? 1 : 0), path.length, text.length, size);
  }

  /** What was added, and begins anew. */
  take(isLast: boolean): WalkBatch {
    const batch = { text: this.#text, marks: Float64Array.from(this.#marks), isLast };
    this.#text = '';
    this.#marks = [];
    return batch;
  }
}

/** The steps of a batch. */
export function* stepsOf({ text, marks }: WalkBatch): Generator<WalkStep, void, undefined> {
  let at = 0;
  for (let mark = 0; mark < marks.length; mark += columns) {
    const [code = 0, pathLength = 0, textLength = 0, size = 0] = marks.subarray(mark, mark + columns);
    const middle = at + pathLength;
    const end = middle + textLength;
    const kind = stepKinds[code >> 1];
    if (kind === undefined) throw new TypeError(`no step of a walk has the code ${code}`);
    yield { kind, isRoot: code % 2 === 1, path: text.slice(at, middle), text: text.slice(middle, end), size };
    at = end;
  }
}
