import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('json-examples.json', import.meta.url);

/** Answers that a test got, of each command the first: what `docs/reference/json.md` shows. */
export function examplesFile(): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
}

/** Keeps others in their place, and of all those of `paths` alone. */
export function keepExamples(examples: ReadonlyMap<string, unknown>, paths: readonly string[]): void {
  const all = Object.entries({ ...examplesFile(), ...Object.fromEntries(examples) });
  const sorted = all
    .filter(([path]) => paths.includes(path))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
}

const maxTextLength = 72;

/** An answer as an example: of each list the first, long texts cut, and paths below `places` as on a machine of somebody. */
export function shortened(value: unknown, places: readonly string[]): unknown {
  if (typeof value === 'string') {
    const text = places.reduce((said, place) => said.replaceAll(place, '/srv/example'), value);
    return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}…`;
  }
  if (Array.isArray(value)) return value.slice(0, 1).map((each) => shortened(each, places));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shortened(each, places)]));
}
