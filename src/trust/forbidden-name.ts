import type { GeneralName, GeneralSubtree, NameConstraints } from '../pki/index.ts';
import { isSameKind, matchSubtree, type SubtreeMatch } from './subtree-match.ts';

/**
 * The first of `names` that an authority with these constraints may not certify (RFC 5280 §4.2.1.10), or undefined. What
 * cannot be judged is forbidden. `compare` is called before each comparison, and may throw.
 */
export function forbiddenName(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
  compare: () => void = () => {},
): GeneralName | undefined {
  const matches = (name: GeneralName, subtrees: readonly GeneralSubtree[]): SubtreeMatch[] => {
    const concerning = subtrees.filter((subtree) => {
      compare();
      return isSameKind(name, subtree);
    });
    return concerning.map((subtree) => matchSubtree(name, subtree));
  };
  return names.find((name) => {
    const refusing = matches(name, excluded).some((match) => match !== 'outside');
    const permitting = matches(name, permitted);
    return refusing || (permitting.length > 0 && !permitting.includes('within'));
  });
}
