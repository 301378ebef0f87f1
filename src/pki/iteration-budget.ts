import { HoldfastError } from '../base/index.ts';

/** A dozen times what we write ourselves: some seconds of work. */
const maxIterations = 20_000_000;

/** What deriving keys may cost for one file, so that a hostile one cannot keep a processor busy for hours. */
export class IterationBudget {
  #left = maxIterations;

  /** Takes `iterations` off. @throws HoldfastError `pkcs12_malformed` when there are not so many left */
  spend(iterations: number): void {
    this.#left -= iterations;
    if (iterations >= 1 && this.#left >= 0) return;
    throw new HoldfastError(
      'pkcs12_malformed',
      `pkcs#12 file is malformed: it wants more than ${maxIterations} iterations to derive its keys, or none`,
    );
  }
}
