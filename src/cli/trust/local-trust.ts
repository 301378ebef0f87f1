import { type Node, rewriteExports } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { parseRequestedNames } from '../../policy/index.ts';
import { type TrustAnchor } from '../../trust/index.ts';
import type { Context } from '../program/context.ts';

/** Keeps what this machine believes of its own; what other programs were given follows at once. */
export async function keepTrust(
  context: Context,
  node: Node,
  anchors: readonly TrustAnchor[],
): Promise<void> {
  await node.keepLocalTrust(anchors);
  await tellExports(context, node);
}

/** What other programs were given says what this machine believes. */
export async function tellExports({ output }: Context, node: Node): Promise<void> {
  for (const { directory, cause } of await rewriteExports(node))
    output.warn(
      `${directory} says still what was believed before: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
}

/** The host name or address that a server is called by. @throws HoldfastError `name_invalid` */
export function serverName(text: string): string {
  const [name, ...others] = parseRequestedNames([text]).names;
  if (name !== undefined && others.length === 0 && !name.value.startsWith('*.')) return name.value;
  throw new HoldfastError('name_invalid', `--server ${text}: expected one host name or address`);
}

/** Whether a root is believed for the server called `name`. */
export function isFor({ speaksFor }: TrustAnchor, name: string): boolean {
  return speaksFor.kind === 'server' && speaksFor.names.includes(name);
}
