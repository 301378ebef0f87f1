import type { PatternNode } from './parse-pattern.ts';

/**
 * The automaton of a regular expression (Glushkov): its states are the characters that are written in it, and a state is
 * entered by reading one of them. State 0 is where matching begins.
 */
export interface PatternAutomaton {
  /** What each state reads, as it is written; the first reads nothing. */
  readonly reads: readonly string[];
  /** The states that can come after each one. */
  readonly next: readonly ReadonlySet<number>[];
  /** The states after which the match is complete whatever comes. */
  readonly complete: ReadonlySet<number>;
  /** Whether a state follows another in two ways, as in `(a*)*`. */
  readonly isTwofold: boolean;
}

/** A part: the states it can begin and end with, and whether it can be nothing, and whether it then asks for nothing. */
interface Part {
  readonly first: readonly number[];
  readonly last: readonly Last[];
  readonly empty: 'never' | 'perhaps' | 'always';
}

/** A state that a part can end with; `sure` when nothing is asked for after it. */
interface Last {
  readonly state: number;
  readonly sure: boolean;
}

/** So many states are looked at within seconds; a pattern that counts to more is the wrong place to bound a text. */
const maxStates = 400;

const nothing: Part = { first: [], last: [], empty: 'always' };

/**
 * Builds it. Where the pattern may begin anywhere in a text, that is a loop in front which reads anything.
 *
 * @throws SyntaxError for one with more states than can be looked at
 */
export function patternAutomaton(pattern: PatternNode, isAnchored: boolean): PatternAutomaton {
  const builder = new Builder();
  const anywhere: PatternNode = { kind: 'character', source: '[^]' };
  const prefix: PatternNode = { kind: 'repeat', part: anywhere, min: 0, max: Infinity };
  const whole: PatternNode = isAnchored ? pattern : { kind: 'sequence', parts: [prefix, pattern] };
  const { first, last } = builder.part(whole);
  for (const state of first) builder.follow(0, state);
  return builder.finish(last.filter(({ sure }) => sure).map(({ state }) => state));
}

class Builder {
  readonly #reads: string[] = [''];
  readonly #next: Set<number>[] = [new Set()];
  #isTwofold = false;

  part(node: PatternNode): Part {
    if (node.kind === 'start' || node.kind === 'condition') return { ...nothing, empty: 'perhaps' };
    if (node.kind === 'character') return this.#character(node.source);
    if (node.kind === 'repeat') return this.#repeat(node);
    const parts = node.parts.map((part) => this.part(part));
    return node.kind === 'choice'
      ? eitherOf(parts)
      : parts.reduce((one, two) => this.#then(one, two), nothing);
  }

  follow(from: number, to: number): void {
    const next = this.#next[from] as Set<number>;
    if (next.has(to)) this.#isTwofold = true;
    next.add(to);
  }

  finish(complete: readonly number[]): PatternAutomaton {
    return { reads: this.#reads, next: this.#next, complete: new Set(complete), isTwofold: this.#isTwofold };
  }

  #character(source: string): Part {
    if (this.#reads.length > maxStates)
      throw new SyntaxError(`counts to more than can be looked at, ${maxStates} characters in all`);
    const state = this.#reads.push(source) - 1;
    this.#next.push(new Set());
    return { first: [state], last: [{ state, sure: true }], empty: 'never' };
  }

  /** Copies as often as it may come, and a loop over the last one where there is no end to it. */
  #repeat({ part, min, max }: { part: PatternNode; min: number; max: number }): Part {
    const copies = Array.from({ length: max === Infinity ? Math.max(min, 1) : max }, () => this.part(part));
    if (max === Infinity) this.#loop(copies.at(-1) as Part);
    const optional = copies.map((copy, index): Part => (index < min ? copy : { ...copy, empty: 'always' }));
    // From the end, so that what may be left out is left out with all that comes after it.
    return optional.reduceRight((rest, copy) => this.#then(copy, rest), nothing);
  }

  #loop({ first, last }: Part): void {
    for (const { state } of last) for (const to of first) this.follow(state, to);
  }

  #then(one: Part, two: Part): Part {
    for (const { state } of one.last) for (const to of two.first) this.follow(state, to);
    const kept = one.last.map(({ state, sure }) => ({ state, sure: sure && two.empty === 'always' }));
    return {
      first: one.empty === 'never' ? one.first : [...one.first, ...two.first],
      last: two.empty === 'never' ? two.last : [...kept, ...two.last],
      empty: leastOf(one.empty, two.empty),
    };
  }
}

function eitherOf(parts: readonly Part[]): Part {
  return {
    first: parts.flatMap(({ first }) => first),
    last: parts.flatMap(({ last }) => last),
    empty: parts.map(({ empty }) => empty).reduce(mostOf),
  };
}

const order = ['never', 'perhaps', 'always'] as const satisfies readonly Part['empty'][];

function leastOf(one: Part['empty'], two: Part['empty']): Part['empty'] {
  return order[Math.min(order.indexOf(one), order.indexOf(two))] as Part['empty'];
}

function mostOf(one: Part['empty'], two: Part['empty']): Part['empty'] {
  return order[Math.max(order.indexOf(one), order.indexOf(two))] as Part['empty'];
}
