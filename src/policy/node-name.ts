import { HoldfastError } from '../base/index.ts';

const pattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Words that repositories use for their own files: a node of such a name would stand in the way of `/<name>/`. */
export const reservedNames: readonly string[] = ['data', 'keys', 'locks', 'snapshots', 'index', 'config'];

/**
 * Checks the name of a node, which is a part of URLs, paths and identities: 1 to 63 of `a–z 0–9 . _ -`, beginning
 * with a letter or digit, so that no name is `.`, `..` or an option.
 *
 * @throws HoldfastError `name_invalid` or `name_reserved`
 */
export function checkNodeName(name: string): void {
  if (!isNodeName(name)) {
    throw new HoldfastError(
      'name_invalid',
      `name ${JSON.stringify(name.slice(0, 80))}: expected 1 to 63 of a-z 0-9 . _ - beginning with a letter or digit`,
      { hint: 'choose a name such as laptop or db-1.office' },
    );
  }
  if (reservedNames.includes(name)) {
    throw new HoldfastError('name_reserved', `name ${name} is one of restic's own words`, {
      hint: `choose another name, e.g. ${name}-1`,
    });
  }
}

/** Whether `name` has the form of a node's name; a reserved one has. */
export function isNodeName(name: string): boolean {
  return pattern.test(name) && !name.includes('..') && !name.endsWith('.');
}
