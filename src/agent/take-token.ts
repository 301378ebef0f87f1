import { HoldfastError, isHoldfastError, type Secret } from '../base/index.ts';
import { parseClientPolicy } from '../policy/index.ts';
import type { Keystore } from '../trust/index.ts';
import { dialerOf } from './connection.ts';
import { keepToken } from './held-token.ts';
import { tryServer } from './move-to-server.ts';
import type { Node } from './node.ts';
import { type OutsideCaller, OutsideServer, type OutsideWay } from './outside-server.ts';
import type { RenewalOptions } from './renewal.ts';

/**
 * Takes a token to show to the servers of the network from now on, once one of them, the first that is known unless said, takes it for this very machine: until then
 * everything stays as it was. @throws HoldfastError `bearer_*`, and as `moveToServer`
 */
export async function takeToken(
  node: Node,
  token: Secret<string>,
  options: RenewalOptions & { readonly server?: string | undefined },
): Promise<string> {
  const policy = parseClientPolicy({ ...node.clientPolicy, presentCertificate: false });
  const server = options.server ?? node.state.servers[0] ?? '';
  using dialer = dialerOf(node, options, { policy, token });
  await unchanged(server, () => tryServer(node, { server, dialer }, options));
  await keepToken(node.keystore, token);
  return server;
}

/** The same for a server outside the network, at a URL of a repository there or of its root. */
export async function takeOutsideToken(
  url: string,
  token: Secret<string>,
  {
    caller,
    keystore,
    way,
  }: { readonly caller: OutsideCaller; readonly keystore: Keystore; readonly way: OutsideWay },
): Promise<string> {
  const { origin } = new URL(url);
  await unchanged(origin, async () => {
    using server = await OutsideServer.find(url, caller, way, token);
    if (server === undefined)
      throw new HoldfastError('usage', `${origin} is a server of this machine's network`, {
        hint: 'holdfast client set-token, without an address',
      });
    await server.ask(way.signal);
  });
  await keepToken(keystore, token, origin);
  return origin;
}

async function unchanged(server: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'interrupted' || error.code === 'usage') throw error;
    const { code, message, hint } = error;
    throw new HoldfastError(code, `${server} does not take the token: ${message}; nothing was changed`, {
      hint,
      cause: error,
    });
  }
}
