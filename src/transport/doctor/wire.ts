import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bytes, concatBytes } from '../../base/index.ts';

/** How a wire treats what goes over it. */
export interface WireOptions {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  /** Sends half of the first thing that is sent, and the rest after so many milliseconds. */
  readonly splitMs?: number;
}

/** What is kept of what came: more than any first flight of a handshake. */
const maxKept = 128 * 1024;

/**
 * A TCP connection whose bytes pass through here, as they came: TLS works on top of it, and what is no TLS can be looked at.
 */
export class Wire extends Duplex {
  readonly #socket: Socket;
  readonly #splitMs: number | undefined;
  #kept: Bytes[] = [];
  #keptBytes = 0;
  #isFirst = true;

  constructor({ splitMs, ...target }: WireOptions) {
    super();
    this.#splitMs = splitMs;
    this.#socket = connect({ ...target, noDelay: true })
      .on('data', (data: Buffer) => this.#take(data))
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.push(null));
    this.on('error', () => {});
  }

  /** What has come so far. */
  get received(): Bytes {
    return concatBytes(...this.#kept);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(data: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (!isFirst || this.#splitMs === undefined) return void this.#socket.write(data, done);
    const half = Math.ceil(data.length / 2);
    this.#socket.write(data.subarray(0, half));
    sleep(this.#splitMs).then(
      () => this.#socket.write(data.subarray(half), done),
      (error: Error) => done(error),
    );
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #take(data: Buffer): void {
    if (this.#keptBytes < maxKept) this.#kept.push(data);
    this.#keptBytes += data.length;
    if (!this.push(data)) this.#socket.pause();
  }
}
