import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { fetchTrust } from '../enrol/index.ts';
import { RestStore } from '../remote/index.ts';
import { Line, type TlsDialer } from '../transport/index.ts';
import { dialerOf } from './connection.ts';
import { noteConnection } from './last-connection.ts';
import { learnFromServer } from './learn-from-server.ts';
import type { Node } from './node.ts';
import type { RenewalOptions } from './renewal.ts';

/**
 * The address of a server, as it is kept: `https://HOST:PORT`. A host alone is at port 443.
 * @throws HoldfastError `usage` for what is no such address, or more than one
 */
export function serverUrl(text: string): string {
  const said = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.parse(said);
  if (url?.protocol === 'http:')
    throw noServer(text, 'control and repositories travel over TLS alone, which https:// says');
  if (url === null || url.protocol !== 'https:' || url.hostname === '') throw noServer(text, 'it is none');
  if (url.username !== '' || url.password !== '') throw noServer(text, 'it names a user');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw noServer(text, `it goes on after the port: a server's repositories are at paths of their own`);
  return `https://${url.hostname}:${url.port === '' ? 443 : url.port}`;
}

function noServer(text: string, why: string): HoldfastError {
  return new HoldfastError('usage', `${text.slice(0, 300)} is no address of a server: ${why}`, {
    hint: 'say it as https://vault.example:8443, or https://vault.example for port 443',
  });
}

/**
 * Makes `server` the one that is tried before all others, once everything there is as it has to be: that is dialed, its name and
 * role, its network, that it takes this machine's certificate, and that a client may come to its repository. Until then, and
 * where any of it is not so, everything stays as it was.
 *
 * @throws HoldfastError what is wrong there, with where this machine goes on; as `TlsDialer.connect`, `exchange`
 */
export async function moveToServer(node: Node, server: string, options: RenewalOptions): Promise<void> {
  using dialer = dialerOf(node, options);
  try {
    await tryServer(node, { server, dialer }, options);
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'interrupted') throw error;
    const { code, message, hint } = error;
    const stays = `this machine goes on with ${node.state.servers[0]}`;
    throw new HoldfastError(code, `${server} was tried and not taken: ${message}; ${stays}`, {
      hint,
      cause: error,
    });
  }
  await noteConnection(node.directory, { server, dialer }, options);
  await node.updateState(({ servers }) => ({
    chosenServer: server,
    servers: [server, ...servers.filter((each) => each !== server)],
  }));
}

/**
 * Sees whether `server` is one of the node's network and takes what the dialer shows; a client's repository has to be open to it.
 * @throws HoldfastError as `TlsDialer.connect`, `exchange`, `certificate_wrong_network`
 */
export async function tryServer(
  node: Node,
  { server, dialer }: { readonly server: string; readonly dialer: TlsDialer },
  { clock, log, signal }: RenewalOptions,
): Promise<void> {
  const { network, role, name } = node.identity;
  const socket = await dialer.connect(server, { signal });
  socket.destroy();
  await learnFromServer(node, { server, dialer, clock, log, signal });
  const bundle = await fetchTrust({ dialer, server, signal });
  if (bundle.network !== network)
    throw new HoldfastError(
      'certificate_wrong_network',
      `it is a server of ${bundle.network}, and this machine is of ${network}`,
    );
  if (role === 'client') await findRepository(`${server}/${name}/`, dialer, signal);
}

/** Asks for a repository; that there is none yet is no fault. */
export async function findRepository(url: string, dialer: TlsDialer, signal: AbortSignal): Promise<void> {
  const once = new Line({ backOff: () => undefined });
  const store = new RestStore({ url, agent: dialer.agent(), line: once });
  try {
    await store.stat({ type: 'config' }, { signal });
  } catch (error) {
    if (!isHoldfastError(error, 'object_not_found', 'repository_missing')) throw error;
  }
}
