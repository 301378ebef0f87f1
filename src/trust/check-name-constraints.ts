import {
  attributeOids,
  type Certificate,
  formatGeneralName,
  formatSubtree,
  type GeneralName,
  type GeneralSubtree,
  isSelfIssued,
  type NameConstraints,
} from '../pki/index.ts';
import { notAllowed } from './not-allowed.ts';
import type { PathLimits } from './path-limits.ts';
import { isSameKind, matchSubtree, type SubtreeMatch, subtreeProblem } from './subtree-match.ts';

/**
 * Checks the names of every certificate of a path (leaf first) against the constraints of each authority above it
 * (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c)). What cannot be judged counts against the certificate, and so does more
 * work than the limit allows.
 *
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkNameConstraints(
  path: readonly Certificate[],
  limits: Pick<PathLimits, 'comparisons'>,
): void {
  for (const [below, authority] of path.entries()) {
    if (authority.extensions.nameConstraints === undefined) continue;
    checkForm(authority);
    for (const [index, certificate] of path.slice(0, below).entries()) {
      // A self-issued certificate renews or crosses an authority of the same name; the leaf is always judged.
      if (index === 0 || !isSelfIssued(certificate)) checkNames(certificate, authority, limits);
    }
  }
}

function checkForm(authority: Certificate): void {
  const { permitted, excluded } = authority.extensions.nameConstraints ?? { permitted: [], excluded: [] };
  for (const subtree of [...permitted, ...excluded]) {
    const problem = subtreeProblem(subtree);
    if (problem !== undefined)
      throw notAllowed(authority, `has the name constraint ${formatSubtree(subtree)}, ${problem}`);
  }
}

function checkNames(
  certificate: Certificate,
  authority: Certificate,
  { comparisons }: Pick<PathLimits, 'comparisons'>,
): void {
  const constraints = authority.extensions.nameConstraints ?? { permitted: [], excluded: [] };
  const name = forbiddenName(namesOf(certificate), constraints, () => {
    if (!comparisons.spend()) throw notAllowed(authority, 'has more name constraints than can be judged');
  });
  if (name === undefined) return;
  throw notAllowed(
    certificate,
    `has the name ${formatGeneralName(name)}, which its authority may not certify`,
  );
}

/** All names of a subject: its alternative names, its distinguished name, and a mail address in that. */
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const names = [...extensions.subjectAltNames];
  if (subject.length > 0) names.push({ kind: 'directory', value: subject });
  const mail = subject.flat().filter(({ oid }) => oid === attributeOids.emailAddress);
  return [...names, ...mail.map(({ value }): GeneralName => ({ kind: 'email', value }))];
}

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
