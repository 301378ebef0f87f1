import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '../test/rig/free-ports.ts';

/** How a line is: what it carries in a second, each way, and how long a question and its answer are on their way. */
export const lineDescription = '100 Mbit/s each way and 30 ms from question to answer';

const bitsPerSecond = 100e6;
const oneWayMs = 15;
/** What is on its way in one direction at most: twice what the line holds. */
const mostUnderWay = 768 * 1024;

/** A long line to a port of this machine: whoever connects to its port comes out there, later and no faster than it carries. */
export class LineProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, to: number) {
    this.port = port;
    const [up, down] = [new Direction(), new Direction()];
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        socket.on('error', () => [near, far].forEach((end) => end.destroy()));
      }
      // A connection that is made asks and answers once, too.
      setTimeout(() => up.carry(near, far), 2 * oneWayMs);
      down.carry(far, near);
    });
  }

  /** A line to `to` at a free port. */
  static async open(to: number): Promise<LineProxy> {
    const proxy = new LineProxy(await freePorts(1), to);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.port, '127.0.0.1', resolve));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One direction of the line, which all connections share. */
class Direction {
  /** When the line has carried what was given to it, in milliseconds. */
  #freeAt = 0;

  carry(from: Socket, to: Socket): void {
    let underWay = 0;
    const later = (bytes: number, work: () => void): void => {
      const now = performance.now();
      this.#freeAt = Math.max(now, this.#freeAt) + (bytes * 8000) / bitsPerSecond;
      setTimeout(work, this.#freeAt + oneWayMs - now);
    };
    from.on('data', (chunk: Buffer) => {
      underWay += chunk.length;
      if (underWay > mostUnderWay) from.pause();
      later(chunk.length, () => {
        if (!to.destroyed) to.write(chunk);
        underWay -= chunk.length;
        if (underWay <= mostUnderWay) from.resume();
      });
    });
    from.once('end', () => later(0, () => to.end()));
    from.once('close', () => later(0, () => to.destroySoon()));
  }
}
