import { setImmediate } from 'node:timers/promises';

/** How long a turn may take before others get theirs. */
const turnMs = 5;

/** Maps many values in short turns: whoever else waits for this thread gets it in between. */
export async function mapInTurns<T, R>(values: readonly T[], map: (value: T) => R): Promise<R[]> {
  const results: R[] = [];
  let untilMs = performance.now() + turnMs;
  for (const value of values) {
    results.push(map(value));
    if (performance.now() < untilMs) continue;
    await setImmediate();
    untilMs = performance.now() + turnMs;
  }
  return results;
}
