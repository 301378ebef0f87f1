/** How much is asked for at a time, which every list gives. */
const pageSize = 1000;

/**
 * Everything that a list has, at most `limit`, a page at a time: no server has to hold more than one. `ask` gives so many
 * of those that come after one, or the first.
 */
export async function collectPages<T>(
  ask: (page: { readonly after: T | undefined; readonly limit: number }) => Promise<readonly T[]>,
  limit = Infinity,
): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const wanted = Math.min(pageSize, limit - all.length);
    const page = await ask({ after: all.at(-1), limit: wanted });
    all.push(...page);
    if (page.length < wanted || all.length >= limit) return all;
  }
}
