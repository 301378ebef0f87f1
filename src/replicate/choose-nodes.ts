import { hash } from 'node:crypto';

/**
 * The nodes that keep a copy of a repository, as many as are wanted: the same ones each time that they are asked for, and spread evenly
 * over all. When a node comes or goes, no copy moves but those that it takes or leaves.
 */
export function chooseNodes(nodes: readonly string[], count: number, repository: string): readonly string[] {
  const weight = (node: string): string => hash('sha256', `${node}\n${repository}`);
  return nodes.toSorted((a, b) => (weight(a) < weight(b) ? -1 : 1)).slice(0, count);
}
