import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the range from which systems give ports to outgoing connections, so that none of those takes one meanwhile. */
const lowest = 20_000;
const highest = 32_000;
/** A block is a guard and the ports after it. */
const blockPorts = 4;
const blocks = (highest - lowest) / blockPorts;

/** Of other processes others are tried first: their process ids differ. */
let next = (process.pid * 97) % blocks;

/**
 * The first of `count` neighbouring ports, three at most, for programs that take N, N+1, N+2. They are this process's
 * until it ends, whether somebody listens on them or not: it listens on the port before them, and who cannot do that
 * looks elsewhere. Nobody else listens on them at this moment.
 */
export async function freePorts(count = 3): Promise<number> {
  for (let tried = 0; tried < blocks; tried++) {
    const guard = lowest + blockPorts * next;
    next = (next + 1) % blocks;
    if (await reserve(guard, count)) return guard + 1;
  }
  throw new Error(`no ${count} ports are free from ${lowest} to ${highest}`);
}

async function reserve(guard: number, count: number): Promise<boolean> {
  const holder = await listen(guard);
  if (holder === undefined) return false;
  const ports = Array.from({ length: count }, (_, index) => guard + 1 + index);
  if ((await Promise.all(ports.map(isFree))).every(Boolean)) {
    holder.unref();
    return true;
  }
  holder.close();
  return false;
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  server.close();
  await once(server, 'close');
  return true;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
