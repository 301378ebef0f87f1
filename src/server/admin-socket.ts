import { chmod, rm } from 'node:fs/promises';
import type { RequestListener, Server } from 'node:http';
import { localAdmin } from '../admin/index.ts';
import { HoldfastError, type Log, openSocketPlace } from '../base/index.ts';
import { type LocalPeer, plainHttp } from '../transport/index.ts';
import { refuse } from './refuse.ts';
import type { Route } from './route.ts';
import { findRoute } from './routes.ts';
import type { Application } from './service.ts';

/**
 * Listens, until it is disposed of, on a socket that only its owner can open; whoever comes by it is `admin/local`. A
 * socket that a killed server left is replaced: the lock on the home says that there is no other one.
 */
export async function listenOnSocket(
  path: string,
  network: string,
  application: Application,
  log: Log,
): Promise<AsyncDisposable> {
  const server = plainHttp().createServer(dispatchLocal(network, application, log));
  server.on('error', (error) => log.warn('admin socket cannot accept', { error }));
  await using opening = new AsyncDisposableStack();
  const place = opening.use(await openSocketPlace(path));
  const address = place?.address ?? path;
  await rm(address, { force: true });
  await listen(server, address);
  opening.defer(() => closeHttp(server));
  await chmod(address, 0o600);
  return opening.move();
}

/** Whatever anybody may, and an administrator. */
function dispatchLocal(network: string, application: Application, log: Log): RequestListener {
  const peer: LocalPeer = { by: 'local', identity: localAdmin(network) };
  return (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const found = findRoute(request.method ?? '', path);
    if (found !== undefined && mayCall(peer, found.route)) application({ ...found, request, response, peer });
    else refuse(request, response, new HoldfastError('operation_unknown', 'there is no such address'), log);
  };
}

function mayCall({ identity: { role } }: LocalPeer, { access }: Route): boolean {
  return access === 'anybody' || access.includes(role);
}

async function listen(server: Server, address: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(address, resolve);
    });
  } finally {
    process.umask(mask);
  }
}

function closeHttp(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
