import type { Server as HttpServer, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { HoldfastError, type Log, minuteMs, secondMs, systemErrorCode } from '../base/index.ts';
import { type ListenerPolicy, weakerThanDefault } from '../policy/index.ts';
import { acceptTls, type TlsAcceptor } from './accept-tls.ts';
import { checkTlsChoice } from './check-tls-choice.ts';
import {
  HandshakeBudget,
  type HandshakeLimits,
  limitHandshakes,
  type StrangerLimits,
  Strangers,
} from './handshake-budget.ts';
import { beginsTls, MistakenProtocol } from './mistaken-protocol.ts';
import { type Credentials, Hot, noBindings, ServerContexts, type TlsBindings } from './secure-context.ts';

/** What becomes of the connections of a listener, by its policy. */
export interface ListenerWork {
  readonly policy: ListenerPolicy;
  /**
   * Gets every connection that is ready: a `TLSSocket` after its handshake, or the plain socket of a plain listener.
   * For HTTP see `serveHttp`. Who the peer is has to be asked of the gate on every request all the same.
   */
  readonly onConnection: ConnectionHandler;
  /** What the certificate of a new connection is worth; without it everybody stays a stranger who may be told why. */
  readonly greet?: TlsAcceptor['greet'];
}

export interface ListenOptions extends ListenerWork {
  /** What a TLS listener proves itself with; one that is replaced counts from the next connection on. */
  readonly credentials?: Hot<Credentials>;
  /** What it shows instead to whoever names certain hosts, or to everybody; replaced like credentials. */
  readonly bindings?: Hot<TlsBindings>;
  readonly log: Log;
  /** Ends the listener when it is aborted. */
  readonly signal?: AbortSignal;
  /** 10 seconds to prove something and two minutes to stay, 256 from one place and 1024 in all, unless said. */
  readonly strangers?: StrangerLimits;
}

/** What takes connections that are ready. */
export interface ConnectionHandler {
  (socket: Socket): void;
  /** Ends those that nothing is under way on. */
  readonly endIdle?: () => void;
}

/** A listener that is open. */
export interface Listener extends AsyncDisposable {
  /** As it is in effect. */
  readonly policy: ListenerPolicy;
  /**
   * Makes ready for new connections another policy for the same address, and gives what puts it in effect: at once, without a
   * moment in which the port is closed. What came before goes on to its end, answered as it came; what is idle ends.
   * @throws HoldfastError `settings_invalid` when OpenSSL cannot keep it; nothing has changed then
   */
  prepare(next: ListenerWork): () => void;
  /** Where it listens; the port is the real one also when the policy said 0. */
  readonly address: { readonly host: string; readonly port: number };
  /** Stops listening, ends every connection, and resolves when all are gone. */
  close(): Promise<void>;
  /** Stops listening at once, and resolves when every connection has ended: those that nothing is under way on soon do. */
  retire(): Promise<void>;
}

const strangerLimits: StrangerLimits = {
  proofMs: 10 * secondMs,
  stayMs: 2 * minuteMs,
  maxFromPlace: 256,
  maxCount: 1024,
};
/** Eleven of twelve are for those who have proved an identity of ours: ten thousand, and some. */
const maxConnections = 12 * 1024;
const retireEveryMs = secondMs;
const handshakeLimits: HandshakeLimits = { maxFromPlace: 200, maxInAll: 400 };

/**
 * Opens a listener. What its policy gives up against the default is logged. No error of a connection ends the program.
 *
 * @throws HoldfastError `port_in_use`; `settings_invalid` when the address is not ours or needs more rights
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { policy, log, signal } = options;
  signal?.throwIfAborted();
  const sockets = new Set<Socket>();
  let current = generationOf(options);
  const server = createServer({ noDelay: true }, (socket) => {
    const { accept, open } = current;
    sockets.add(socket);
    open.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      open.delete(socket);
    });
    accept(socket);
  });
  server.maxConnections = maxConnections;
  await open(server, policy);
  server.on('error', (error) =>
    log.warn('listener cannot accept', { listener: policy.name, error: error.message }),
  );
  const close = (): Promise<void> => closeServer(server, sockets);
  signal?.addEventListener('abort', () => void close(), { once: true });
  const { address: host, port } = server.address() as AddressInfo;
  const retire = (): Promise<void> => retireServer(server, current.work.onConnection);
  return {
    get policy() {
      return current.work.policy;
    },
    prepare(work) {
      const next = generationOf({ ...options, ...work });
      return () => {
        const before = current;
        current = next;
        retireGeneration(before);
      };
    },
    address: { host, port },
    close,
    retire,
    [Symbol.asyncDispose]: close,
  };
}

/** What takes connections by one policy, and those of them that are open. */
interface Generation {
  readonly work: ListenerWork;
  readonly accept: (socket: Socket) => void;
  readonly open: Set<Socket>;
}

function generationOf(options: ListenOptions): Generation {
  checkTlsChoice(options.policy);
  const accept = acceptor(options);
  for (const finding of weakerThanDefault(options.policy)) options.log.warn(finding);
  return { work: options, accept, open: new Set() };
}

function acceptor({
  policy,
  credentials,
  bindings = new Hot(noBindings),
  onConnection,
  greet = () => 'told',
  log,
  strangers: limits = strangerLimits,
}: ListenOptions): (socket: Socket) => void {
  const mistaken = new MistakenProtocol(policy.name, log);
  const onError = (error: Error, from: string | undefined): void => {
    const code = systemErrorCode(error);
    if (code === 'ERR_SSL_HTTP_REQUEST') mistaken.note(httpAtTls, from, performance.now());
    log.debug('connection failed', { listener: policy.name, from, error: code ?? error.message });
  };
  const strangers = new Strangers(limits);
  if (policy.kind === 'plain') {
    return (socket) => {
      socket.on('error', (error) => onError(error, socket.remoteAddress));
      strangers.add(socket);
      strangers.letStay(socket);
      socket.once('data', (first: Uint8Array) => {
        if (!beginsTls(first)) return;
        mistaken.note(tlsAtPlain, socket.remoteAddress, performance.now());
        socket.end(plainAnswer);
      });
      onConnection(socket);
    };
  }
  if (credentials === undefined) throw new TypeError(`listener ${policy.name}: TLS needs credentials`);
  const contexts = new ServerContexts(policy, credentials, bindings);
  const budget = new HandshakeBudget(handshakeLimits);
  limitHandshakes((error) =>
    log.warn('the cost of handshakes cannot be bounded on this system', { error: String(error) }),
  );
  // Certificate and key that do not belong together are found at once, and not by the first connection.
  void contexts.standard.current;
  const onUnusable = (error: unknown): void =>
    log.error('credentials cannot be used', { listener: policy.name, error: String(error) });
  const acceptor = { policy, contexts, strangers, budget, greet, onConnection, onUnusable, onError };
  return (socket) => acceptTls(socket, acceptor);
}

const httpAtTls = 'somebody speaks plain HTTP to a port of TLS: https:// belongs in his address';
/** By which a client knows that what answers speaks no TLS. */
const plainAnswer = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
const tlsAtPlain =
  'somebody speaks TLS to a plain port: http:// belongs in his address, or the port of another listener';

function open(server: Server, { name, address }: ListenerPolicy): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, name, address)));
    server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }) }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenError(error: Error, name: string, { host, port }: ListenerPolicy['address']): unknown {
  const where = `listener ${name}: ${host === undefined ? 'port' : host} ${port}`;
  const code = systemErrorCode(error);
  if (code === 'EADDRINUSE') {
    return new HoldfastError('port_in_use', `${where} is in use by another program`, {
      hint: `choose other ports with --port, or see who has it: ss -ltnp 'sport = :${port}'`,
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new HoldfastError('settings_invalid', `${where}: this user may not listen there`, {
      hint: 'choose a port above 1023 with --port',
      cause: error,
    });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new HoldfastError('settings_invalid', `${where} is not an address of this machine`, {
      cause: error,
    });
  }
  return error;
}

/** What is under way ends when it ends; what then is idle is not waited for. */
function retireServer(server: Server, { endIdle }: ConnectionHandler): Promise<void> {
  return new Promise((resolve) => {
    endIdle?.();
    const timer = setInterval(() => endIdle?.(), retireEveryMs).unref();
    server.close(() => {
      clearInterval(timer);
      resolve();
    });
  });
}

function retireGeneration({ work: { onConnection }, open }: Generation): void {
  onConnection.endIdle?.();
  const timer = setInterval(() => {
    if (open.size === 0) clearInterval(timer);
    else onConnection.endIdle?.();
  }, retireEveryMs).unref();
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // The one error it can give says that it is closed already.
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

/**
 * Hands connections to an HTTP server that does not listen itself; the result is the `onConnection` of a listener.
 *
 * Node starts to enforce `headersTimeout` and `requestTimeout` only when its server listens. It is told so here, since
 * without them a peer that sends its request slowly holds a connection for ever. Once idle connections were ended, each that
 * is not takes the answer that it waits for and ends with it.
 */
export function serveHttp(server: HttpServer): ConnectionHandler {
  server.emit('listening');
  let isEnding = false;
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (isEnding) response.setHeader('connection', 'close');
  });
  const handle = (socket: Socket): void => {
    server.emit('connection', socket);
  };
  const endIdle = (): void => {
    isEnding = true;
    server.closeIdleConnections();
  };
  return Object.assign(handle, { endIdle });
}
