import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import {
  type Bytes,
  concatBytes,
  equalBytes,
  HoldfastError,
  type Secret,
  secondMs,
} from '../../base/index.ts';
import { answerIn, plainHttp } from '../http-client.ts';
import { peerCertificates } from '../peer.ts';
import { transportError } from '../transport-error.ts';
import { type HandshakeOptions, type Shaken, shakeHands } from './shake-hands.ts';

const pieceBytes = 32 * 1024;

/** One piece after the other, so that an answer which comes before the end is seen before the line is cut. */
function sendPieces(client: ClientRequest, body: Bytes): void {
  if (client.destroyed || answerIn(client) !== undefined) return;
  if (body.length <= pieceBytes) return void client.end(body);
  client.write(body.subarray(0, pieceBytes), (error) => {
    if (!error) setImmediate(sendPieces, client, body.subarray(pieceBytes));
  });
}

/** What is asked of the server. */
export interface ProbeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
}

/** What it answers, a part of the body at most. */
export interface ProbeResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** From the request to the head of the answer. */
  readonly ms: number;
}

/** How long an answer is waited for. */
export const answerMs = 3 * secondMs;
const maxTextBytes = 64 * 1024;

/**
 * Requests to the server that was examined: each over a connection of its own, on which the same certificate has to be
 * shown as the one that was judged, so that nobody else learns what is asked.
 */
export class Conversation {
  /** Whether the server has answered a request. */
  hasAnswered = false;
  readonly #options: HandshakeOptions;
  readonly #leaf: Bytes;
  readonly #authorization: Secret<string> | undefined;

  /** `leaf` is the certificate that has to be shown; `authorization` goes with each request, where the server has proved who it is. */
  constructor(
    options: HandshakeOptions,
    { leaf, authorization }: { readonly leaf: Bytes; readonly authorization?: Secret<string> | undefined },
  ) {
    this.#options = options;
    this.#leaf = leaf;
    this.#authorization = authorization;
  }

  /** @throws HoldfastError why there is no answer */
  async ask(asked: ProbeRequest): Promise<ProbeResponse> {
    const { host, port } = this.#options;
    const shaken = await shakeHands(this.#options);
    if (shaken.kind === 'failed')
      throw (
        shaken.error ??
        new HoldfastError('tls_handshake_timed_out', `${host}:${port}: no handshake this time`)
      );
    try {
      this.#checkSame(shaken);
      const response = await this.#exchange(shaken, asked);
      this.hasAnswered = true;
      return response;
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw transportError(error, `${host}:${port}`);
    } finally {
      shaken.socket.destroy();
      shaken.wire.destroy();
    }
  }

  #checkSame({ socket }: Shaken): void {
    const [leaf] = peerCertificates(socket) ?? [];
    if (leaf !== undefined && equalBytes(leaf, this.#leaf)) return;
    const { host } = this.#options;
    throw new HoldfastError(
      'certificate_unknown_authority',
      `${host} shows another certificate at each connection`,
    );
  }

  #exchange({ socket }: Shaken, { method, path, headers, body }: ProbeRequest): Promise<ProbeResponse> {
    const { host, port, signal } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<ProbeResponse>();
    const startMs = performance.now();
    const client = plainHttp().request({
      createConnection: () => socket,
      host,
      port,
      method,
      path,
      headers: {
        connection: 'close',
        ...(this.#authorization && { authorization: this.#authorization.reveal() }),
        ...(body !== undefined && { 'content-length': body.length }),
        ...headers,
      },
      signal,
    });
    client.setTimeout(answerMs, () =>
      client.destroy(
        new HoldfastError('connection_stalled', `${host}:${port} takes a request and does not answer`),
      ),
    );
    // Who answers before the end of a request, and cuts the line with it, has answered.
    const cut = (error: Error): void => {
      if (answerIn(client) === undefined) reject(error);
    };
    socket.once('error', cut);
    client.on('error', cut).once('response', (message) => {
      const ms = performance.now() - startMs;
      const pieces: Bytes[] = [];
      let size = 0;
      const end = (): void =>
        resolve({
          status: message.statusCode ?? 0,
          headers: message.headers,
          text: Buffer.from(concatBytes(...pieces)).toString(),
          ms,
        });
      message
        .on('data', (piece: Buffer) => {
          size += piece.length;
          if (size <= maxTextBytes) pieces.push(piece);
          else message.destroy();
        })
        .once('error', end)
        .once('close', end);
    });
    sendPieces(client, body ?? Buffer.alloc(0));
    return promise;
  }
}
