import { asBuffer, type Bytes } from '../base/index.ts';

/** Which directories lead to the roots of a walk. */
export interface RootPlan {
  /** Everything from here on is walked. */
  readonly whole: boolean;
  /** When not whole: what leads on, by raw name (as latin1, so that its order is byte order). */
  readonly below: ReadonlyMap<string, RootPlan>;
}

interface OpenPlan extends RootPlan {
  whole: boolean;
  readonly below: Map<string, OpenPlan>;
}

/**
 * Joins absolute paths into one tree from `/` down; `.`, `..` and double slashes are resolved as text.
 * A `TypeError` for a path that is not absolute.
 */
export function planRoots(roots: readonly Bytes[]): RootPlan {
  const top: OpenPlan = { whole: false, below: new Map() };
  for (const root of roots) {
    let here = top;
    for (const name of componentsOf(root)) {
      const below = here.below.get(name) ?? { whole: false, below: new Map() };
      here.below.set(name, below);
      here = below;
    }
    here.whole = true;
  }
  return top;
}

/** The names that lead on, in byte order. */
export function plannedNames(plan: RootPlan): Bytes[] {
  return [...plan.below.keys()].sort().map((name) => Buffer.from(name, 'latin1'));
}

function componentsOf(path: Bytes): string[] {
  const text = asBuffer(path).toString('latin1');
  if (!text.startsWith('/')) throw new TypeError('not an absolute path');
  const kept: string[] = [];
  for (const name of text.split('/')) {
    if (name === '..') kept.pop();
    else if (name !== '' && name !== '.') kept.push(name);
  }
  return kept;
}
