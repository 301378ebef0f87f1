import {
  changeLocalTrust,
  findKeystore,
  type LocalTrustChange,
  type Node,
  openNode,
  openOrCreateKeystore,
  readLocalTrust,
  readNodeState,
  rewriteExports,
} from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { parseRequestedNames } from '../../policy/index.ts';
import { type TrustAnchor } from '../../trust/index.ts';
import { type Home, openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';

/** Whom this machine believes. */
export interface BelievedHere {
  /** What was added on this machine. */
  readonly local: readonly TrustAnchor[];
  /** What the network says; nothing before the machine has joined one. */
  readonly said: readonly TrustAnchor[];
  readonly node: Node | undefined;
}

/** Whom the machine with this home believes, whether it has joined a network or not. */
export async function believedIn(home: Home): Promise<BelievedHere> {
  if ((await readNodeState(home.node)) !== undefined) {
    const node = await openNode(home.node);
    const { localAnchors: local, bundle } = node;
    return { local, said: bundle.current.anchors.filter((anchor) => !local.includes(anchor)), node };
  }
  const keystore = await findKeystore(home.node);
  const local = keystore === undefined ? [] : await readLocalTrust(home.node, keystore);
  return { local, said: [], node: undefined };
}

/** The same of the home that is in use. @throws HoldfastError `home_missing` */
export async function believedHere(context: Context): Promise<BelievedHere> {
  return await believedIn(await openHome(context.home));
}

/** Changes what this machine believes of its own; what other programs were given follows at once. */
export async function changeTrust(context: Context, home: Home, change: LocalTrustChange): Promise<void> {
  if ((await readNodeState(home.node)) === undefined) {
    await changeLocalTrust(home.node, await openOrCreateKeystore(home.node), change);
    return;
  }
  const node = await openNode(home.node);
  await node.changeLocalTrust(change);
  await tellExports(context, node);
}

/** What other programs were given says what this machine believes. */
export async function tellExports({ output }: Context, node: Node | undefined): Promise<void> {
  for (const { directory, cause } of node === undefined ? [] : await rewriteExports(node))
    output.warn(
      `${directory} says still what was believed before: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
}

/** The host names or addresses that servers are called by, each once. @throws HoldfastError `name_invalid` */
export function serverNames(texts: readonly string[]): readonly string[] {
  const names = parseRequestedNames(texts).names.map(({ value }) => value);
  const pattern = names.find((name) => name.startsWith('*.'));
  if (pattern === undefined) return names;
  throw new HoldfastError(
    'name_invalid',
    `--server ${pattern}: expected host names or addresses, each whole`,
  );
}

/** `anchors` without what is bound to one of `names`, as far as `isMeant`: an anchor keeps its other names. */
export function withoutNames(
  anchors: readonly TrustAnchor[],
  names: readonly string[],
  isMeant: (anchor: TrustAnchor) => boolean = () => true,
): readonly TrustAnchor[] {
  return anchors.flatMap((anchor) => {
    const { speaksFor } = anchor;
    if (speaksFor.kind === 'network' || !isMeant(anchor)) return [anchor];
    if (speaksFor.kind === 'address') return names.includes(hostOf(speaksFor.address)) ? [] : [anchor];
    const left = speaksFor.names.filter((name) => !names.includes(name));
    if (left.length === speaksFor.names.length) return [anchor];
    return left.length === 0 ? [] : [{ ...anchor, speaksFor: { ...speaksFor, names: left } }];
  });
}

/** The host of `host:port`, without the brackets of an IPv6 address. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}
