import { setImmediate } from 'node:timers/promises';

/**
 * Runs `work` over `items` with at most `limit` under way, and resolves when all are done.
 * The first failure stops the taking of further items and is thrown once those under way have ended.
 */
export async function forEachLimited<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (failures.length > 0) break;
    const task: Promise<void> = work(item)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= limit) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

/**
 * The items of a generator, of which up to `count` are made before they are asked for. What it throws comes in its place; when
 * nobody wants more, those under way are waited for.
 */
export async function* readAhead<T>(items: AsyncGenerator<T, void>, count: number): AsyncGenerator<T, void> {
  const ask = (): Promise<IteratorResult<T, void>> => {
    const item = items.next();
    // Looked at when its turn comes.
    item.catch(() => {});
    return item;
  };
  const ahead = Array.from({ length: count }, ask);
  try {
    for (let item = await ahead.shift(); item && !item.done; item = await ahead.shift()) {
      ahead.push(ask());
      yield item.value;
    }
  } finally {
    await items.return();
  }
}

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

/**
 * The URL of a worker's entry point beside the importing file: `./x.ts` in a checkout, `./x.cjs` in the package,
 * which is made with an entry for each call of this, so every worker is started through here.
 *
 * @param importMetaUrl `import.meta.url` of the caller
 * @param name the entry's path without its extension, e.g. `./sealer`
 */
export function workerEntry(importMetaUrl: string, name: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.cjs';
  return new URL(name + extension, importMetaUrl);
}
