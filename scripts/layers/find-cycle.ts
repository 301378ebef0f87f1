/**
 * The first cycle in a directed graph, as the list of its nodes from one back to the same one; undefined when there
 * is none. Targets that are no nodes of the graph are ignored.
 */
export function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const node of graph.keys()) {
    const cycle = visit(graph, node, [], done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function visit(
  graph: ReadonlyMap<string, readonly string[]>,
  node: string,
  trail: readonly string[],
  done: Set<string>,
): string[] | undefined {
  const start = trail.indexOf(node);
  if (start !== -1) return [...trail.slice(start), node];
  if (done.has(node)) return undefined;
  for (const next of graph.get(node) ?? []) {
    const cycle = visit(graph, next, [...trail, node], done);
    if (cycle !== undefined) return cycle;
  }
  done.add(node);
  return undefined;
}
