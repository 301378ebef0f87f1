/** What a problem is about. */
export type CheckSubject = 'config' | 'key' | 'snapshot' | 'index' | 'pack' | 'tree' | 'file';

/** Something that a check found. */
export interface CheckProblem {
  /** An error means that something is lost or will be; a hint is untidy and harmless. */
  readonly kind: 'error' | 'hint';
  readonly subject: CheckSubject;
  /** The name of the file in the repository, or the path of a file in a snapshot. */
  readonly name: string;
  /** A sentence that names it, for people. */
  readonly message: string;
  /** Set for a pack that no index lists. */
  readonly isUnlisted?: true;
}

/** Counts the problems and hands each on as it is found. */
export class CheckReport {
  readonly #onProblem: (problem: CheckProblem) => void;
  #errors = 0;
  #hints = 0;

  constructor(onProblem: (problem: CheckProblem) => void) {
    this.#onProblem = onProblem;
  }

  get errors(): number {
    return this.#errors;
  }

  get hints(): number {
    return this.#hints;
  }

  error(subject: CheckSubject, name: string, message: string): void {
    this.#errors++;
    this.#onProblem({ kind: 'error', subject, name, message });
  }

  hint(subject: CheckSubject, name: string, message: string): void {
    this.#hints++;
    this.#onProblem({ kind: 'hint', subject, name, message });
  }

  /** A pack that no index lists. */
  unlisted(pack: string): void {
    this.#hints++;
    const message = `pack ${pack} is in no index`;
    this.#onProblem({ kind: 'hint', subject: 'pack', name: pack, message, isUnlisted: true });
  }
}
