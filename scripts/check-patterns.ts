import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { patternLiterals } from './patterns/pattern-literals.ts';
import { slowPattern } from './patterns/slow-pattern.ts';

/** Where Unicode is normalised, whose time grows with the square of the text, and what bounds that. */
const normalising: Readonly<Record<string, string>> = {
  'src/policy/node-name.ts': '256 characters of it',
  'src/trust/passphrase.ts': 'what the owner of the machine types',
};

/**
 * Checks that every regular expression below `root`/src takes time that grows with the text and not faster, and gives one
 * line for each that does not: `src/pki/x.ts:3: …`. A pattern that is put together cannot be looked at, and is one; so is normalising Unicode in places unheard of.
 */
export function checkPatterns(root: string): string[] {
  return globSync('src/**/*.ts', { cwd: root })
    .filter((path) => !/\.(test|contract|fixture)\.ts$/.test(path))
    .toSorted()
    .flatMap((path) => checkFile(path, readFileSync(join(root, path), 'utf8')));
}

function checkFile(path: string, code: string): string[] {
  const slow = patternLiterals(code).flatMap((literal) => {
    const problem = problemOf(literal);
    return problem === undefined ? [] : [`${path}:${literal.line}: /${literal.source}/ ${problem}`];
  });
  if (/\bRegExp\(/.test(code)) slow.push(`${path}: puts a pattern together`);
  if (/\.normalize\(/.test(code) && normalising[path.split(sep).join('/')] === undefined)
    slow.push(`${path}: normalises Unicode`);
  return slow;
}

function problemOf(literal: { readonly source: string; readonly flags: string }): string | undefined {
  try {
    return slowPattern(literal);
  } catch (error) {
    return String(error);
  }
}

if (import.meta.main) {
  const violations = checkPatterns(join(import.meta.dirname, '..'));
  for (const violation of violations) console.error(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
