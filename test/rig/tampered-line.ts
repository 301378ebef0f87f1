import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a server answered, as whoever stands on the line may send it on. */
export interface Passing {
  readonly path: string;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Answers in the place of the server; nothing where its answer goes on as it is. */
type Tamper = (passing: Passing, response: ServerResponse) => void | Promise<void>;

/** A line of plain HTTP to a port of this machine, with somebody on it who reads and changes what comes. */
export class TamperedLine implements AsyncDisposable {
  /** Of each request that came, with its range. */
  readonly asked: string[] = [];
  tamper: Tamper | undefined;
  readonly #server: Server;
  readonly #target: number;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((incoming, response) => {
      this.#pass(incoming, response).catch(() => response.destroy());
    });
  }

  static async to(target: number): Promise<TamperedLine> {
    const line = new TamperedLine(target);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #pass({ url: path = '/', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push([path, headers.range].filter(Boolean).join(' '));
    const asking = request({ host: '127.0.0.1', port: this.#target, path, headers }).end();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    const { statusCode: status = 0 } = answer;
    const passing = { path, status, headers: answer.headers, body: await buffer(answer) };
    await this.tamper?.(passing, response);
    if (!response.headersSent && !response.destroyed)
      response.writeHead(status, answer.headers).end(passing.body);
  }
}
