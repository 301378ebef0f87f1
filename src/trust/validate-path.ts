import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { type Certificate, parseCertificate } from '../pki/index.ts';
import { candidatePaths } from './candidate-paths.ts';
import type { RuleSet } from './certificate-profile.ts';
import { checkPath } from './check-path.ts';
import type { PolicyRequest } from './check-policies.ts';
import type { Purpose } from './check-purpose.ts';
import { certificateLabel, nameLabel } from './not-allowed.ts';
import { type PathLimits, pathLimits } from './path-limits.ts';
import type { RootList } from './root-list.ts';

export interface PathRequest {
  /** All certificates in DER. */
  readonly leaf: Bytes;
  /** In any order; what cannot be read among them is ignored, since it can only be of no use. */
  readonly intermediates: readonly Bytes[];
  readonly anchors: readonly Bytes[];
  /** The moment that the validity is judged at. */
  readonly at: Date;
  /** `any`: for what signs lists and answers, which is no side of a connection. */
  readonly purpose: Purpose | 'any';
  /** Of each anchor; `private` unless said. */
  readonly rules?: RuleSet | ((anchor: Certificate) => RuleSet);
  /** How many intermediate authorities, self-issued ones not counted, a path may have; 8 unless said. */
  readonly maxDepth?: number;
  /** What roots are known to have revoked; nothing unless said. */
  readonly rootLists?: readonly RootList[];
  /** The policies that it has to hold under; any, and none, will do unless said. */
  readonly policies?: PolicyRequest;
  /** What it may cost; enough for every chain in use unless said. */
  readonly limits?: PathLimits;
}

/** The leaf first, the anchor last. */
export type ValidPath = readonly [leaf: Certificate, ...issuers: Certificate[]];

const defaultMaxDepth = 8;
const maxIntermediates = 128;

/**
 * A valid path from `leaf` to one of the anchors, both included, the leaf first (RFC 5280 §6). An anchor is judged like
 * every other certificate, except for its own signature, and by what its rules say. Of revocation only the lists of the roots are looked at; no name
 * and no identity is.
 *
 * The time it takes is bounded whatever the certificates are.
 *
 * @throws HoldfastError `certificate_unknown_authority` when no chain of right signatures leads to an anchor; only
 *   when one does, what is wrong with it: `certificate_expired`, `certificate_not_yet_valid`, `certificate_not_allowed`,
 *   `issuer_revoked`
 */
export function validatePath(request: PathRequest): ValidPath {
  const { at, purpose, rules = 'private', maxDepth = defaultMaxDepth, rootLists = [] } = request;
  const { policies = {}, limits = pathLimits() } = request;
  if (Number.isNaN(at.getTime())) throw new TypeError('the moment to judge at is no date');
  const leaf = parseLeaf(request.leaf);
  const paths = candidatePaths({
    leaf,
    intermediates: readable(request.intermediates.slice(0, maxIntermediates)),
    anchors: readable(request.anchors),
    limits,
  });
  let firstProblem: HoldfastError | undefined;
  for (const path of paths) {
    const problem = checkPath(path, {
      at,
      purpose,
      rules: rulesFor(path, rules),
      maxDepth,
      policies,
      rootLists,
      limits,
    });
    if (problem === undefined) return path;
    firstProblem ??= problem;
  }
  throw firstProblem ?? unknownAuthority(`${certificateLabel(leaf)} of ${nameLabel(leaf.issuer)}`);
}

function rulesFor(path: readonly Certificate[], rules: NonNullable<PathRequest['rules']>): RuleSet {
  return typeof rules === 'string' ? rules : rules(path.at(-1) as Certificate);
}

function parseLeaf(der: Bytes): Certificate {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw unknownAuthority('certificate', error);
  }
}

function readable(certificates: readonly Bytes[]): Certificate[] {
  return certificates.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return [];
    }
  });
}

function unknownAuthority(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'certificate_unknown_authority',
    `${what} does not come from a trusted authority`,
    { cause },
  );
}
