import { anyPolicy, type Certificate, isSelfIssued, type PolicyMapping } from '../pki/index.ts';
import { notAllowed, type PathLimits } from './path-limits.ts';

/** Under which policies a path has to hold (RFC 5280 §6.1.1 (c), (e)–(g)). Object identifiers in dotted decimal. */
export interface PolicyRequest {
  /** One of these will do; any unless said. */
  readonly acceptable?: readonly string[];
  /** Whether there has to be one at all. */
  readonly explicit?: boolean;
  /** Whether no policy may stand for another. */
  readonly inhibitMapping?: boolean;
  /** Whether anyPolicy stands for none. */
  readonly inhibitAny?: boolean;
}

/** A policy that is valid for a certificate: which of the one above it comes from, and which below may come from it. */
interface Node {
  readonly parents: ReadonlySet<string>;
  readonly expected: ReadonlySet<string>;
}

/** The policies of one certificate, each once: so the graph is as large as the certificates are, and no larger (RFC 9618). */
type Level = Map<string, Node>;

/** How many more certificates may come before each of these holds; zero: it does. */
interface Counters {
  explicit: number;
  mapping: number;
  any: number;
}

/**
 * Checks the policies of a path, the leaf first and the anchor, whose own are not looked at, last (RFC 5280 §6.1.2–§6.1.5 as
 * RFC 9618 §5 has them), and gives those that the path is valid for and the request accepts.
 * @throws HoldfastError `certificate_not_allowed` when there has to be one and there is none
 */
export function checkPolicies(
  path: readonly Certificate[],
  request: PolicyRequest,
  limits: Pick<PathLimits, 'policies'>,
): ReadonlySet<string> {
  const certificates = path.slice(0, -1).reverse();
  const counters = initialCounters(request, certificates.length);
  const graph: Level[] = [new Map([[anyPolicy, { parents: new Set(), expected: new Set([anyPolicy]) }]])];
  for (const [index, certificate] of certificates.entries()) {
    const isLeaf = index === certificates.length - 1;
    graph.push(nextLevel(graph.at(-1) as Level, { certificate, isLeaf, counters, limits }));
    if (counters.explicit === 0 && isEmpty(graph)) throw withoutPolicy(certificate);
    if (!isLeaf) prepareNext(graph, certificate, { counters, limits });
  }
  const [leaf] = path as readonly [Certificate, ...Certificate[]];
  const found = acceptedPolicies(graph, request.acceptable ?? [anyPolicy]);
  if (found.size === 0 && hasToBeExplicit(leaf, counters)) throw withoutPolicy(leaf);
  return found;
}

function initialCounters(request: PolicyRequest, length: number): Counters {
  const counter = (holds: boolean | undefined): number => (holds === true ? 0 : length + 1);
  return {
    explicit: counter(request.explicit),
    mapping: counter(request.inhibitMapping),
    any: counter(request.inhibitAny),
  };
}

interface Step {
  readonly certificate: Certificate;
  readonly isLeaf: boolean;
  readonly counters: Readonly<Counters>;
  readonly limits: Pick<PathLimits, 'policies'>;
}

/** §6.1.3 (d) and (e). */
function nextLevel(above: Level, { certificate, isLeaf, counters, limits }: Step): Level {
  const level: Level = new Map();
  const { certificatePolicies } = certificate.extensions;
  if (certificatePolicies === undefined) return level;
  const add = (policy: string, parents: ReadonlySet<string>): void => {
    spend(limits, certificate, 1 + parents.size);
    level.set(policy, { parents, expected: new Set([policy]) });
  };
  const expecting = byExpected(above);
  for (const policy of certificatePolicies.policies) {
    const parents = expecting.get(policy) ?? (above.has(anyPolicy) ? new Set([anyPolicy]) : undefined);
    if (policy !== anyPolicy && parents !== undefined) add(policy, parents);
  }
  const anyCounts = counters.any > 0 || (!isLeaf && isSelfIssued(certificate));
  if (!certificatePolicies.policies.has(anyPolicy) || !anyCounts) return level;
  for (const [policy, parents] of expecting) if (!level.has(policy)) add(policy, parents);
  return level;
}

/** For each policy that a certificate below may name: those of a level that it comes from. */
function byExpected(level: Level): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [policy, { expected }] of level) {
    for (const each of expected) {
      const parents = found.get(each) ?? new Set();
      found.set(each, parents.add(policy));
    }
  }
  return found;
}

/** §6.1.4 (a), (b) and (h)–(j). */
function prepareNext(
  graph: Level[],
  certificate: Certificate,
  { counters, limits }: { counters: Counters; limits: Pick<PathLimits, 'policies'> },
): void {
  const { policyMappings = [], policyConstraints = {}, inhibitAnyPolicy } = certificate.extensions;
  if (
    policyMappings.some(({ issuerPolicy, subjectPolicy }) =>
      [issuerPolicy, subjectPolicy].includes(anyPolicy),
    )
  )
    throw notAllowed(certificate, 'maps any policy to one, or one to any');
  spend(limits, certificate, policyMappings.length);
  mapPolicies(graph.at(-1) as Level, policyMappings, counters.mapping > 0);
  if (!isSelfIssued(certificate)) countDown(counters);
  const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints;
  counters.explicit = Math.min(counters.explicit, requireExplicitPolicy ?? counters.explicit);
  counters.mapping = Math.min(counters.mapping, inhibitPolicyMapping ?? counters.mapping);
  counters.any = Math.min(counters.any, inhibitAnyPolicy ?? counters.any);
}

function countDown(counters: Counters): void {
  for (const name of ['explicit', 'mapping', 'any'] as const)
    counters[name] = Math.max(counters[name] - 1, 0);
}

/** §6.1.4 (b). */
function mapPolicies(level: Level, mappings: readonly PolicyMapping[], mayMap: boolean): void {
  for (const [issuerPolicy, mapped] of Map.groupBy(mappings, (mapping) => mapping.issuerPolicy)) {
    const node = level.get(issuerPolicy);
    const expected = new Set<string>(mapped.map(({ subjectPolicy }) => subjectPolicy));
    if (!mayMap) level.delete(issuerPolicy);
    else if (node !== undefined) level.set(issuerPolicy, { ...node, expected });
    else if (level.has(anyPolicy)) level.set(issuerPolicy, { parents: new Set([anyPolicy]), expected });
  }
}

/** §6.1.5 (a) and (b). */
function hasToBeExplicit({ extensions }: Certificate, { explicit }: Readonly<Counters>): boolean {
  return explicit <= 1 || extensions.policyConstraints?.requireExplicitPolicy === 0;
}

function isEmpty(graph: readonly Level[]): boolean {
  return graph.at(-1)?.size === 0;
}

/**
 * §6.1.5 (g): the policies by which the leaf's come out of anyPolicy, which is to say in the words of whoever asks, as far as
 * they are acceptable.
 */
function acceptedPolicies(graph: readonly Level[], acceptable: readonly string[]): ReadonlySet<string> {
  const last = graph.at(-1) as Level;
  if (last.size === 0) return new Set();
  const isAcceptable = (policy: string): boolean =>
    acceptable.includes(anyPolicy) || acceptable.includes(policy);
  if (last.has(anyPolicy)) return new Set(acceptable);
  const found = new Set<string>();
  let reached: ReadonlySet<string> = new Set(last.keys());
  for (const level of graph.slice(1).reverse()) {
    const above = new Set<string>();
    for (const policy of reached) {
      const parents = level.get(policy)?.parents ?? new Set<string>();
      if (policy !== anyPolicy && parents.has(anyPolicy) && isAcceptable(policy)) found.add(policy);
      for (const parent of parents) above.add(parent);
    }
    reached = above;
  }
  return found;
}

function spend({ policies }: Pick<PathLimits, 'policies'>, certificate: Certificate, units: number): void {
  for (let unit = 0; unit < units; unit++) {
    if (!policies.spend()) throw notAllowed(certificate, 'has more policies than can be judged');
  }
}

function withoutPolicy(certificate: Certificate): Error {
  return notAllowed(certificate, 'has no policy that is asked for and that all above it have');
}
