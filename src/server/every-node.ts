import type { Authority } from '../authority/index.ts';

type NodeView = Awaited<ReturnType<Authority['nodes']['list']>>[number];

const pageSize = 1000;

/** The nodes of a network by role and name, `most` at most. */
export async function* everyNode(
  { nodes }: Pick<Authority, 'nodes'>,
  most: number,
): AsyncGenerator<NodeView> {
  let after: { readonly role: string; readonly name: string } | undefined;
  for (let count = 0; count < most; ) {
    const page = await nodes.list({ after, limit: Math.min(pageSize, most - count) });
    yield* page;
    count += page.length;
    after = page.at(-1);
    if (page.length < pageSize) return;
  }
}
