import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Target } from './verified-connection.ts';

/** What an agent asks whoever made it. */
export interface Connector {
  connect(target: Target): Promise<TLSSocket>;
  /** Whether a connection that has become idle may carry another request. */
  isStillGood(socket: TLSSocket): boolean;
}

/**
 * An agent for `https.request` whose connections are verified before a request gets one, and kept for the next. The
 * host of the URL is what is dialed and verified; TLS options of the request count for nothing.
 */
export class VerifyingAgent extends Agent {
  readonly #connector: Connector;

  constructor(connector: Connector, options: AgentOptions = {}) {
    super({ keepAlive: true, ...options });
    this.#connector = connector;
  }

  override createConnection(
    { host, port }: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const target = { host: host ?? 'localhost', port: Number(port ?? 443) };
    this.#connector.connect(target).then(
      (socket) => callback?.(null, socket),
      // On failure the callback gets no stream, whatever its type says.
      (error: unknown) => (callback as ((error: unknown) => void) | undefined)?.(error),
    );
  }

  /** Whether to keep it; the types say `void`, Node wants a boolean. */
  override keepSocketAlive(socket: Duplex): boolean {
    const kept: unknown = super.keepSocketAlive(socket);
    return kept !== false && this.#connector.isStillGood(socket as TLSSocket);
  }
}
