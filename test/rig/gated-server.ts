import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Agent, request } from 'node:https';
import { type Clock, isHoldfastError, type Log, silentLog, systemClock } from '../../src/base/index.ts';
import type { Role, SerialNumber } from '../../src/pki/index.ts';
import { defaultListeners, type ListenerPolicy } from '../../src/policy/index.ts';
import {
  type Credentials,
  Hot,
  isToldToPeer,
  type Listener,
  type ListenOptions,
  listen,
  PeerGate,
  serveHttp,
} from '../../src/transport/index.ts';
import { singleRootBundle, type TrustBundle } from '../../src/trust/index.ts';
import type { SampleAuthority } from './sample-certificates.ts';

export interface GatedServerOptions {
  readonly authority: SampleAuthority;
  /** What the server proves itself with; its own certificate of the authority unless given. */
  readonly credentials?: Credentials;
  readonly policy?: Partial<ListenerPolicy>;
  readonly roles?: readonly Role[];
  readonly isGood?: (serial: SerialNumber) => boolean;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly strangers?: ListenOptions['strangers'];
}

/**
 * A real server on loopback: the listener, the peer gate on every request, and an answer that says who asked. It
 * refuses with 403 and, when the peer may be told, the code.
 */
export class GatedServer implements AsyncDisposable {
  readonly listener: Listener;
  readonly gate: PeerGate;
  readonly credentials: Hot<Credentials>;
  readonly bundle: Hot<TrustBundle>;
  /** Every byte that came in on a request, so that a test can say that there was none: method and path. */
  readonly requests: string[];
  /** What the gate threw, one for each request that it refused. */
  readonly refusals: unknown[];
  readonly #http: Server;

  private constructor(parts: Omit<GatedServer, 'url' | 'port' | symbol>, http: Server) {
    this.listener = parts.listener;
    this.gate = parts.gate;
    this.credentials = parts.credentials;
    this.bundle = parts.bundle;
    this.requests = parts.requests;
    this.refusals = parts.refusals;
    this.#http = http;
  }

  static async start(options: GatedServerOptions): Promise<GatedServer> {
    const { authority, clock = systemClock, log = silentLog, roles = ['client'] } = options;
    const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
    const credentials = new Hot<Credentials>(options.credentials ?? (await authority.issue('server', 'srv')));
    const gate = new PeerGate({
      bundle,
      issuings: () => [authority.issuing.der],
      isGood: options.isGood ?? (() => true),
      clock,
      log,
    });
    const requests: string[] = [];
    const refusals: unknown[] = [];
    const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
      try {
        const { identity } = await gate.check(incoming.socket, { roles });
        response.end(`${identity.role} ${identity.name}`);
      } catch (error) {
        refusals.push(error);
        response.statusCode = 403;
        response.end(isHoldfastError(error) && isToldToPeer(error) ? error.code : '');
      }
    };
    const http = createServer((incoming, response) => {
      requests.push(`${incoming.method} ${incoming.url}`);
      void answer(incoming, response);
    });
    const policy = { ...(defaultListeners(0)[0] as ListenerPolicy), ...options.policy };
    const listener = await listen({
      policy: { ...policy, address: { host: '127.0.0.1', port: 0 } },
      credentials,
      onConnection: serveHttp(http),
      log,
      greet: (socket) => gate.greet(socket, (refusal) => refusals.push(refusal)),
      ...(options.strangers !== undefined && { strangers: options.strangers }),
    });
    return new GatedServer({ listener, gate, credentials, bundle, requests, refusals }, http);
  }

  get port(): number {
    return this.listener.address.port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.close();
    await this.listener.close();
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One GET by this agent. */
export function get(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
