import { parsePattern } from './parse-pattern.ts';
import { type PatternAutomaton, patternAutomaton } from './pattern-automaton.ts';
import type { PatternLiteral } from './pattern-literals.ts';

/**
 * Why the time that a backtracking matcher takes for a pattern can grow faster than the text, or undefined when it cannot.
 *
 * It can when some word leads from one loop both back to it and on to another that it leads around as well: a long row of
 * that word is then divided between the two in as many ways as it is long, and each is tried before the match fails.
 * (Weber and Seidl, On the degree of ambiguity of finite automata, 1991: what is looked for are their criteria for
 * exponential and polynomial ambiguity.) A pattern that may begin anywhere has a loop in front. A loop after which the
 * match is complete whatever comes does not fail.
 */
export function slowPattern({ source, flags }: Pick<PatternLiteral, 'source' | 'flags'>): string | undefined {
  const pattern = parsePattern(source);
  const automaton = patternAutomaton(pattern, beginsAtOnce({ source, flags }));
  if (automaton.isTwofold) return 'has a loop within a loop';
  const edges = edgesOf(automaton, flags);
  const loops = loopsOf(edges).filter((state) => !automaton.complete.has(state));
  for (const one of loops)
    for (const other of loops)
      if (one !== other && isShared(edges, one, other))
        return `divides a text between ${nameOf(automaton, one)} and ${nameOf(automaton, other)}`;
  return loops.some((state) => hasTwoWays(edges, state)) ? 'has two ways around a loop' : undefined;
}

/** Whether matching is tried at one place of a text alone. */
function beginsAtOnce({ source, flags }: Pick<PatternLiteral, 'source' | 'flags'>): boolean {
  const pattern = parsePattern(source);
  const isOneWay = pattern.kind === 'choice' && pattern.parts.length === 1;
  return flags.includes('y') || (source.startsWith('^') && !flags.includes('m') && isOneWay);
}

function nameOf({ reads }: PatternAutomaton, state: number): string {
  return reads[state] === '[^]' && state === 1 ? 'what stands before it' : (reads[state] as string);
}

/** For each state, for each kind of character, where it leads. */
type Edges = readonly (readonly (readonly number[])[])[];

/** All of ASCII, and others of the kinds that patterns tell apart. */
const sample = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ...Array.from('\u0085\u00a0\u00e4\u0301\u0661\u06de\u200b\u2028\u202e\u212a\ufeff\ufffd'),
];

function edgesOf({ reads, next }: PatternAutomaton, flags: string): Edges {
  const accepts = reads.map((source) => {
    const pattern = new RegExp(`^(?:${source})$`, flags.replaceAll(/[gmy]/g, ''));
    return sample.map((character) => pattern.test(character));
  });
  const kinds = new Map(
    sample.map((_, index) => [accepts.map((states) => Number(states[index])).join(''), index]),
  );
  return next.map((states) =>
    [...kinds.values()].map((index) => [...states].filter((state) => accepts[state]?.[index] === true)),
  );
}

function loopsOf(edges: Edges): number[] {
  return edges.flatMap((_, state) => (leadsTo(edges, [state], [state]) ? [state] : []));
}

/** Whether a word leads from `one` to itself, from `one` to `other`, and from `other` to itself. */
function isShared(edges: Edges, one: number, other: number): boolean {
  if (!leadsTo(edges, [one], [other])) return false;
  return leadsTo(between(edges, one, other), [one, one, other], [one, other, other]);
}

/** Whether a word leads from a state back to it in two ways. */
function hasTwoWays(edges: Edges, state: number): boolean {
  const around = between(edges, state, state);
  return [...steps(around, [state, state])]
    .map((key) => key.split(' ').map(Number))
    .some(([one, two]) => one !== two && leadsTo(around, [one as number, two as number], [state, state]));
}

/** What is left when only states count that lie on a way from `one` to `other`, or on one of their own loops. */
function between(edges: Edges, one: number, other: number): Edges {
  const isOn = (state: number): boolean =>
    (state === one || leadsTo(edges, [one], [state])) &&
    (state === other || leadsTo(edges, [state], [other]));
  const kept = new Set(edges.keys().filter(isOn));
  return edges.map((kinds, from) =>
    kinds.map((to) => (kept.has(from) ? to.filter((state) => kept.has(state)) : [])),
  );
}

function leadsTo(edges: Edges, from: readonly number[], to: readonly number[]): boolean {
  return steps(edges, from).has(to.join(' '));
}

/** Everywhere that the same words, of one character at least, lead to from these states at once. */
function steps(edges: Edges, from: readonly number[]): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [from];
  for (const states of waiting) {
    for (const key of onwards(edges, states)) {
      if (found.has(key)) continue;
      found.add(key);
      waiting.push(key.split(' ').map(Number));
    }
  }
  return found;
}

function onwards(edges: Edges, states: readonly number[]): Set<string> {
  return new Set(
    (edges[0] ?? []).flatMap((_, kind) =>
      states
        .map((state) => edges[state]?.[kind] ?? [])
        .reduce<string[]>(
          (heads, tails) => heads.flatMap((head) => tails.map((tail) => `${head} ${tail}`)),
          [''],
        )
        .map((key) => key.slice(1)),
    ),
  );
}
