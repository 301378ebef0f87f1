import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import type { NetworkClient } from './network.ts';

/** How a line is cut: connections are reset and none is made, or whatever is sent goes nowhere. */
export type Cut = 'reset' | 'silent';

/** Has a client reach its server by a line alone. */
export function useLine({ home }: NetworkClient, port: number): void {
  const file = join(home, 'node/node.json');
  const state = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...state, servers: [`https://127.0.0.1:${port}`] }));
}

/** A line of TCP to a port of this machine, which can be cut for a while. */
export class CutLine implements AsyncDisposable {
  readonly port: number;
  readonly #target: number;
  readonly #delayMs: number;
  readonly #server: Server;
  readonly #ends = new Set<Socket>();
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #onCut: (() => void) | undefined;

  private constructor(port: number, target: number, delayMs: number) {
    this.port = port;
    this.#target = target;
    this.#delayMs = delayMs;
    this.#server = createServer((near) => this.#join(near));
  }

  /** A line to `target`, from a port of its own; whatever is sent arrives so much later. */
  static async to(target: number, { delayMs = 0 }: { readonly delayMs?: number } = {}): Promise<CutLine> {
    const line = new CutLine(await freePorts(1), target, delayMs);
    await line.#listen();
    return line;
  }

  /** Whether what is sent arrives. */
  get isWhole(): boolean {
    return this.#cutAfterBytes >= 0;
  }

  /** Cuts the line for `ms` once `bytes` more have come over it, both ways together; resolves when it is whole again. */
  async cutOnce(how: Cut, { bytes, ms }: { readonly bytes: number; readonly ms: number }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#cutAfterBytes = bytes;
    this.#onCut = resolve;
    await promise;
    await this.cut(how, ms);
  }

  /** Cuts the line now, for `ms`. */
  async cut(how: Cut, ms: number): Promise<void> {
    this.#cutAfterBytes = Number.NEGATIVE_INFINITY;
    if (how === 'reset') await this.#close();
    await sleep(ms);
    // What was on its way is lost: whoever waits for it would wait for ever.
    this.#reset();
    this.#cutAfterBytes = Number.POSITIVE_INFINITY;
    if (how === 'reset') await this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1');
    this.#pass(near, far);
    this.#pass(far, near);
  }

  #pass(from: Socket, to: Socket): void {
    this.#ends.add(from);
    from.on('error', () => {});
    from.once('close', () => {
      this.#ends.delete(from);
      this.#later(() => to.destroy());
    });
    from.on('data', (data) => {
      this.#cutAfterBytes -= data.length;
      if (this.#cutAfterBytes >= 0) this.#later(() => to.write(data));
      else this.#onCut?.();
    });
  }

  #later(work: () => void): void {
    if (this.#delayMs === 0) work();
    else setTimeout(work, this.#delayMs);
  }

  #reset(): void {
    for (const end of this.#ends) end.resetAndDestroy();
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async #close(): Promise<void> {
    this.#server.close();
    this.#reset();
    await once(this.#server, 'close');
  }
}
