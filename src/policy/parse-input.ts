import type { Static, TSchema } from 'typebox';
import { Errors } from 'typebox/value';
import { describeDuration, durationForm, HoldfastError } from '../base/index.ts';

const maxFindings = 5;

/**
 * The value when it satisfies `schema`, unchanged and without anything the schema does not name.
 *
 * @param what names the input in the message, e.g. `listener`
 * @param hint where its keys are explained; where those of the settings are unless said
 * @throws HoldfastError `settings_invalid`, naming every field that is wrong (the first few)
 */
export function parseInput<T extends TSchema>(
  schema: T,
  input: unknown,
  what: string,
  hint?: string,
): Static<T> {
  const findings = Errors(schema, input);
  if (findings.length === 0) return input as Static<T>;
  const lines = new Set(findings.flatMap((finding) => sentenceOf(finding, findings, input)));
  throw new HoldfastError('settings_invalid', `${what}: ${[...lines].slice(0, maxFindings).join('; ')}`, {
    hint,
  });
}

type Finding = ReturnType<typeof Errors>[number];

/** What is wrong with a field; nothing where another finding says it better. */
function sentenceOf(finding: Finding, all: readonly Finding[], input: unknown): string[] {
  const { keyword, instancePath, message } = finding;
  const field = fieldName(instancePath);
  if (keyword === 'additionalProperties')
    return [`${field} has ${finding.params.additionalProperties.join(', ')}, which nobody knows`];
  // A field that must not be there is named by the one above.
  if (keyword === 'boolean') return [];
  const constants = all.flatMap((other) =>
    other.keyword === 'const' && other.instancePath === instancePath
      ? [String(other.params.allowedValue)]
      : [],
  );
  if (keyword === 'const') return [`${field} must be ${constants.join(' or ')}`];
  if (keyword === 'anyOf' && constants.length > 0) return [];
  const unit = unitOf(field);
  return [
    unit === undefined
      ? `${field} ${message}`
      : boundsSentence(finding, field, unit, valueAt(input, instancePath)),
  ];
}

interface Unit {
  /** What is typed for a value, for people. */
  readonly expected: string;
  readonly say: (value: number) => string;
}

/** A field's name ends with its unit, which numbers have beside them when they are told to people. */
function unitOf(field: string): Unit | undefined {
  if (field.endsWith('Ms')) return { expected: durationForm, say: describeDuration };
  if (field.endsWith('Bytes')) return { expected: 'a number of bytes', say: (value) => `${value} bytes` };
  return undefined;
}

function boundsSentence(finding: Finding, field: string, { expected, say }: Unit, value: unknown): string {
  const found = `${field}: found ${typeof value === 'number' ? say(value) : JSON.stringify(value)}`;
  if (finding.keyword === 'minimum')
    return `${found}, expected at least ${say(Number(finding.params.limit))}`;
  if (finding.keyword === 'maximum') return `${found}, expected at most ${say(Number(finding.params.limit))}`;
  return `${found}, expected ${expected}`;
}

function valueAt(input: unknown, instancePath: string): unknown {
  const parts = instancePath === '' ? [] : instancePath.slice(1).split('/');
  return parts.reduce((at: unknown, part) => (at as Readonly<Record<string, unknown>>)[part], input);
}

function fieldName(instancePath: string): string {
  return instancePath === '' ? 'the value' : instancePath.slice(1).replaceAll('/', '.');
}

const atMost = 3;

/** The words that look most like `word`, the most alike first: for whoever mistyped one of them. */
export function nearestWords(word: string, words: readonly string[]): string[] {
  const short = word.slice(0, 80).toLowerCase();
  return words
    .map((each) => ({ each, distance: distanceTo(short, each.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, atMost)
    .map(({ each }) => each);
}

/** A part of a word counts as near as one letter. */
function distanceTo(word: string, other: string): number {
  return other.split('.').includes(word) ? 1 : editDistance(word, other);
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (let at = 1; at <= to.length; at++) {
      const change = (row[at - 1] ?? 0) + (letter === to[at - 1] ? 0 : 1);
      next.push(Math.min(change, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
