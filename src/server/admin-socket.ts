import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { localAdmin } from '../admin/index.ts';
import { type Log, openSocketPlace } from '../base/index.ts';
import type { Application } from './application.ts';

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
  const caller = localAdmin(network);
  const server = createServer((request, response) => application.handle(request, response, caller));
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
