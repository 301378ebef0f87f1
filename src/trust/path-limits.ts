import { HoldfastError } from '../base/index.ts';
import { type Certificate, formatName, type Name } from '../pki/index.ts';

/** What the judgement of one chain may cost, in operations; afterwards what it did cost. */
export interface PathLimits {
  /** Signatures verified, over all paths together. Only keys that an anchor vouches for verify any. */
  readonly signatures: WorkLimit;
  /** Paths with right signatures that are judged. */
  readonly paths: WorkLimit;
  /** Names held against name constraints, over all paths together. */
  readonly comparisons: WorkLimit;
  /** Policies, and what they come from, over all paths together. */
  readonly policies: WorkLimit;
}

/** Enough for every chain that is in use: those of the web have four certificates, of which two or three cross. */
export function pathLimits(): PathLimits {
  return {
    signatures: new WorkLimit(32),
    paths: new WorkLimit(16),
    comparisons: new WorkLimit(250_000),
    policies: new WorkLimit(20_000),
  };
}

/** Enough for what says whether the certificates of a path are revoked, and for the paths of who signed it. */
export function revocationLimits(): PathLimits {
  return { ...pathLimits(), signatures: new WorkLimit(128), paths: new WorkLimit(64) };
}

/**
 * A limit to work that somebody else's input asks for. `spend` answers false once all of it is used up, and whoever
 * spends then gives up: certificates of a stranger decide how much there is to do, not how long we do it.
 */
class WorkLimit {
  readonly #units: number;
  #spent = 0;

  constructor(units: number) {
    this.#units = units;
  }

  /** How much has been done. */
  get spent(): number {
    return this.#spent;
  }

  spend(): boolean {
    if (this.#spent === this.#units) return false;
    this.#spent += 1;
    return true;
  }
}

/** So much of a name is shown: a stranger's name is as long as he likes, and stands in our log. */
const maxShown = 200;

/** How messages name a certificate: by its subject, or by its serial number when it has none. */
export function certificateLabel({ subject, serial }: Certificate): string {
  return subject.length > 0 ? `certificate ${nameLabel(subject)}` : `certificate number ${serial}`;
}

/** A name for messages, cut where it is very long. */
export function nameLabel(name: Name): string {
  const text = formatName(name);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

/** The error for a certificate that breaks a rule; `problem` goes on after its name. */
export function notAllowed(certificate: Certificate, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('certificate_not_allowed', `${certificateLabel(certificate)} ${problem}`, {
    cause,
  });
}
