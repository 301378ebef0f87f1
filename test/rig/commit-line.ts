import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a commit: it comes to the server and its answer does not come back, or it does not come there at all. */
export type LostCommit = 'after' | 'before';

/** A line to a PostgreSQL server that can be cut in the middle of a commit. */
export class CommitLine implements AsyncDisposable {
  readonly #target: number;
  readonly #server: Server;
  readonly #ends = new Set<Socket>();
  #lost: LostCommit | undefined;
  #keepsFarEnds = false;
  #onLost: () => Promise<void> = async () => {};

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => this.#join(near));
  }

  static async to(target: number): Promise<CommitLine> {
    const line = new CommitLine(target);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts the line at the next commit; `meanwhile` goes on before the other side sees that it is cut. */
  loseNext(lost: LostCommit, meanwhile: () => Promise<void> = async () => {}): void {
    this.#lost = lost;
    this.#onLost = meanwhile;
  }

  /** From now on the server is not told when the other side is gone, as when a cable is pulled. */
  keepFarEnds(): void {
    this.#keepsFarEnds = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) end.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1');
    for (const end of [near, far]) {
      this.#ends.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => this.#ends.delete(end));
    }
    near.on('close', () => this.#keepsFarEnds || far.destroy());
    far.on('close', () => near.destroy());
    far.on('data', (bytes: Buffer) => near.write(bytes));
    near.on('data', (bytes: Buffer) => {
      if (this.#lost === undefined || !bytes.includes('COMMIT')) far.write(bytes);
      else void this.#cut(near, far, bytes);
    });
  }

  async #cut(near: Socket, far: Socket, bytes: Buffer): Promise<void> {
    const lost = this.#lost;
    this.#lost = undefined;
    far.removeAllListeners('data');
    if (lost === 'after') {
      far.write(bytes);
      // Answers to what was asked before may come first.
      let answer = '';
      while (!answer.includes('COMMIT')) answer += String((await once(far, 'data'))[0]);
    }
    await this.#onLost();
    near.destroy();
  }
}
