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

/** What comes out of the line, and when, in milliseconds. */
interface Arrival {
  readonly atMs: number;
  readonly work: () => void;
}

/** One direction of the line, which all connections share; what goes in first comes out first. */
class Direction {
  /** When the line has carried what was given to it. */
  #freeAtMs = 0;
  readonly #arrivals: Arrival[] = [];

  carry(from: Socket, to: Socket): void {
    let underWay = 0;
    from.on('data', (chunk: Buffer) => {
      underWay += chunk.length;
      if (underWay > mostUnderWay) from.pause();
      this.#send(chunk.length, () => {
        if (!to.destroyed) to.write(chunk);
        underWay -= chunk.length;
        if (underWay <= mostUnderWay) from.resume();
      });
    });
    from.once('end', () => this.#send(0, () => to.end()));
    from.once('close', () => this.#send(0, () => to.destroySoon()));
  }

  #send(bytes: number, work: () => void): void {
    this.#freeAtMs = Math.max(performance.now(), this.#freeAtMs) + (bytes * 8000) / bitsPerSecond;
    if (this.#arrivals.push({ atMs: this.#freeAtMs + oneWayMs, work }) === 1) this.#wait();
  }

  #wait(): void {
    const [next] = this.#arrivals;
    if (next !== undefined) setTimeout(() => this.#deliver(), Math.max(1, next.atMs - performance.now()));
  }

  #deliver(): void {
    const now = performance.now();
    while (this.#arrivals[0] !== undefined && this.#arrivals[0].atMs <= now) this.#arrivals.shift()?.work();
    this.#wait();
  }
}
