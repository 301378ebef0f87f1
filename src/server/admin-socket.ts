import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { localAdmin } from '../admin/index.ts';
import { isSocketPlace, type Log, makePrivateDirectory } from '../base/index.ts';
import type { Application } from './application.ts';

/**
 * Listens on a socket that only its owner can open; whoever comes by it is `admin/local`. A socket that a killed
 * server left is replaced: the lock on the home says that there is no other one.
 */
export async function listenOnSocket(
  path: string,
  network: string,
  application: Application,
  log: Log,
): Promise<Server> {
  const caller = localAdmin(network);
  const server = createServer((request, response) => application.handle(request, response, caller));
  await makePrivateDirectory(dirname(path));
  await isSocketPlace(path);
  await rm(path, { force: true });
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  await chmod(path, 0o600);
  server.on('error', (error) => log.warn('admin socket cannot accept', { error }));
  return server;
}
