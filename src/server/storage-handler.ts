import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, HoldfastError, isHoldfastError, type Log, minuteMs } from '../base/index.ts';
import type { Role } from '../pki/index.ts';
import { AppendOnlyStore, type ObjectStore, type ObjectType } from '../storage/index.ts';
import { formatQuota, type QuotaState, quotaHeader } from '../transport/index.ts';
import type { GrantGate } from './grants/grant-gate.ts';
import { limitIdleTime } from './read-request.ts';
import { httpStatusOf, type NoteRefusal } from './refuse.ts';
import type { ReplicaGate, ReplicaNamespace } from './replicas/replica-gate.ts';
import { answerStorage } from './storage-answer.ts';
import {
  parseStoragePath,
  type StorageExchange,
  type StorageNamespace,
  type StoragePath,
  type StorageTarget,
} from './storage-path.ts';
import { replacesHeader } from './storage-upload.ts';

/** What the peer of a request may do, decided by who it is. */
interface StorageAccess {
  /** The one client whose repositories the peer may enter; of another node, its name. */
  readonly client: string;
  /** What the peer is; a client unless said. */
  readonly role?: Role;
  /** Whether removing is refused, except for locks. */
  readonly appendOnly: boolean;
  /** Begins the seal of an answer, where the line proves nothing. */
  readonly seal?: StorageExchange['seal'];
}

/** One request, told when it is over: the source of logs and metrics. */
export interface StorageEvent {
  /** Undefined when the address was none of the protocol's. */
  readonly namespace: StorageNamespace | undefined;
  readonly method: string;
  /** Undefined for requests about the repository itself. */
  readonly type: ObjectType | 'config' | undefined;
  /** Set for what came in the place of another: it is no new backup. */
  readonly isReplacement?: true;
  /** The status answered; undefined when the connection was lost before the end of the answer. */
  readonly status: number | undefined;
  /** Bytes of the request's body that arrived. */
  readonly receivedBytes: number;
  /** Bytes of the answer's body that were sent. */
  readonly sentBytes: number;
}

/** The copies that a node keeps, and those that others keep of what is stored here. */
interface ReplicaAccess {
  readonly gate: Pick<ReplicaGate, 'enter'>;
  /** A repository for who only reads it: what is damaged here comes from a copy. */
  readonly readable: (namespace: StorageNamespace, store: ObjectStore) => ObjectStore;
}

export interface StorageHandlerOptions {
  /** The store of a namespace; asked for on each request. */
  readonly storeFor: (namespace: StorageNamespace) => ObjectStore;
  readonly log: Log;
  /** Told of every request that fails, before the peer is. */
  readonly noteRefusal?: NoteRefusal;
  /** Lets clients read what is others'; nobody does where it is left out. */
  readonly grants?: Pick<GrantGate, 'enter'>;
  /** Gives copies to those who may have them; there are none where it is left out. */
  readonly replicas?: ReplicaAccess;
  /** What a client is told of what it has stored, and may, with each answer. */
  readonly told?: (client: string) => QuotaState | undefined;
  readonly onEvent?: (event: StorageEvent) => void;
  /** How long a peer may neither send nor take a byte while it is waited for; two minutes unless said. */
  readonly idleMs?: number;
}

/** Serves one request that was let in with these rights. Never rejects: every failure is answered or logged. */
export type StorageHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  access: StorageAccess,
) => Promise<void>;

/**
 * The restic REST protocol, versions 1 and 2, over Node's own request and response, so that bodies stream past any
 * framework: `/<client>/…` and `/<client>/<repository>/…`. Memory does not grow with the size of what passes.
 */
export function createStorageHandler(options: StorageHandlerOptions): StorageHandler {
  const { log, idleMs = 2 * minuteMs } = options;
  const concurrency = new StorageConcurrency();
  return async (request, response, access) => {
    const { seal } = access;
    const exchange: StorageExchange = { request, response, seal, receivedBytes: 0, sentBytes: 0 };
    const path = parseStoragePath(request.url ?? '');
    limitIdleTime(request, response, idleMs);
    try {
      await concurrency.run(access.client, () => serve(options, path, access, exchange));
    } catch (error) {
      options.noteRefusal?.(request.socket, error);
      fail(exchange, error, log);
    }
    // What is left of a body that was refused is read and dropped: a peer that is cut off would not see the answer.
    request.resume();
    options.onEvent?.(eventOf(path, exchange));
  };
}

async function serve(
  options: StorageHandlerOptions,
  path: StoragePath | undefined,
  access: StorageAccess,
  exchange: StorageExchange,
): Promise<void> {
  if (path === undefined) throw new HoldfastError('object_name_invalid', 'no address of the protocol');
  if (path.namespace.origin !== undefined) {
    const store = await enterReplica(
      options,
      { ...path.namespace, origin: path.namespace.origin },
      access,
      exchange,
    );
    return await answerStorage(store, path, exchange);
  }
  if (path.namespace.client !== access.client) {
    await enterOthers(options, path.namespace, access, exchange);
    return await answerStorage(
      new AppendOnlyStore(openFor(options, path.namespace, exchange)),
      path,
      exchange,
    );
  }
  const told = options.told?.(access.client);
  if (told !== undefined) exchange.response.setHeader(quotaHeader, formatQuota(told));
  const store = openFor(options, path.namespace, exchange);
  await answerStorage(access.appendOnly ? new AppendOnlyStore(store) : store, path, exchange);
}

/** A client's repository; where it is only read, what is damaged of it comes from copies. */
function openFor(
  { storeFor, replicas }: StorageHandlerOptions,
  namespace: StorageNamespace,
  { request }: StorageExchange,
): ObjectStore {
  const store = storeFor(namespace);
  return request.method === 'GET' && replicas !== undefined ? replicas.readable(namespace, store) : store;
}

/** What a ticket is for is one's own repository at the node that gave it. */
async function enterReplica(
  { replicas }: StorageHandlerOptions,
  namespace: ReplicaNamespace,
  { client: name, role = 'client', seal }: StorageAccess,
  { request }: StorageExchange,
): Promise<ObjectStore> {
  if (replicas === undefined || seal !== undefined)
    throw new HoldfastError('namespace_forbidden', `${name} asked for a copy of ${namespace.origin}`);
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  return await replicas.gate.enter({ role, name, namespace, isReading });
}

/** What is another client's is read by a grant, and by a certificate or a token: a ticket is for one's own. */
async function enterOthers(
  { grants }: StorageHandlerOptions,
  namespace: StorageNamespace,
  { client: reader, seal }: StorageAccess,
  { request, response }: StorageExchange,
): Promise<void> {
  if (grants === undefined || seal !== undefined)
    throw new HoldfastError('namespace_forbidden', `${reader} asked for ${namespace.client}`);
  await grants.enter({ reader, namespace, request, response });
}

function fail({ request, response }: StorageExchange, error: unknown, log: Log): void {
  if ((request.destroyed && !request.complete) || (response.destroyed && !response.writableFinished)) {
    log.debug('storage request was cut off by the peer', { url: request.url });
    return;
  }
  const answer = storageErrorAnswer(error);
  const fields = { method: request.method, url: request.url, error };
  if (answer.status >= 500) log.error('storage request failed', fields);
  else log.debug('storage request refused', fields);
  sendStorageError(response, answer);
}

function eventOf(path: StoragePath | undefined, exchange: StorageExchange): StorageEvent {
  const { request, response, receivedBytes, sentBytes } = exchange;
  return {
    namespace: path?.namespace,
    method: request.method ?? '',
    type: path === undefined ? undefined : typeOf(path.target),
    status: isAnswered(response) ? response.statusCode : undefined,
    receivedBytes,
    sentBytes,
    ...(replacesHeader in request.headers && { isReplacement: true }),
  };
}

/** Whether all of the answer is sent, or on its way over a connection that is still there. */
function isAnswered(response: ServerResponse): boolean {
  return response.writableFinished || (response.writableEnded && !response.destroyed);
}

function typeOf(target: StorageTarget): ObjectType | 'config' | undefined {
  if (target.kind === 'repository') return undefined;
  return target.kind === 'list' ? target.type : target.ref.type;
}

/** Many times what restic or our own client has under way. */
const maxAtOnce = 256;

/**
 * Counts the requests of each client that are under way. Each costs memory and an open file, and HTTP lets a peer send
 * thousands over one connection without reading an answer.
 */
class StorageConcurrency {
  readonly #running = new Map<string, number>();

  /** Does `work` for `client`, or throws `rate_limited` when too much is under way for it. */
  async run(client: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(client) ?? 0;
    if (running >= maxAtOnce) {
      throw new HoldfastError('rate_limited', `${client} has ${running} requests under way`);
    }
    this.#running.set(client, running + 1);
    try {
      await work();
    } finally {
      this.#done(client);
    }
  }

  #done(client: string): void {
    const left = (this.#running.get(client) ?? 1) - 1;
    if (left > 0) this.#running.set(client, left);
    else this.#running.delete(client);
  }
}

interface Answer {
  readonly status: number;
  readonly code: ErrorCode;
  /** What the peer may know; paths and system errors stay in the log. */
  readonly message: string;
}

const messages: Partial<Record<ErrorCode, string>> = {
  object_not_found: 'there is no such object',
  object_name_invalid: 'there is no such address',
  repository_missing: 'there is no such repository',
  object_exists: 'something else is stored under this name',
  append_only: 'nothing but locks of this client can be removed here',
  retention_locked: 'this snapshot came within the retention lock, and stays',
  quota_exceeded:
    'this client has stored as much as it may: make room by forget and prune, or have its administrator give it more',
  trash_exceeded:
    'as much of this client rests in the trash as it may store at all: it goes by itself in time',
  view_expired:
    'this storage node has heard nothing of its server for too long: it gives what it has, and takes nothing new',
  node_quarantined: 'this client is in quarantine: it may restore, and nothing else',
  namespace_forbidden: 'this is not your repository',
  grant_over: 'the grant of this repository is over',
  grant_waiting: 'the grant of this repository is not sealed yet',
  object_corrupt: 'the body is not what its name and length announce',
  input_invalid: 'the request is not one of the REST protocol',
  operation_unknown: 'there is no such method for this address',
  range_not_satisfiable: 'the range is past the end',
  rate_limited: 'too many requests at once',
  storage_full: 'no space left',
  store_missing: 'the place where repositories are kept is not there: its disk may not be mounted',
};

const unexpected: Answer = {
  status: 500,
  code: 'storage_failed',
  message: 'the server failed; its log says why',
};

/** Of an address that the protocol knows, it is the method that is unknown. */
const methodNotAllowed = 405;

/** The answer that tells a peer of `error`: its status, and a code that our own client understands. */
export function storageErrorAnswer(error: unknown): Answer {
  if (!isHoldfastError(error)) return unexpected;
  const { code } = error;
  const message = messages[code];
  if (message === undefined) return unexpected;
  return { status: code === 'operation_unknown' ? methodNotAllowed : httpStatusOf(error), code, message };
}

/** Sends `answer`, or ends the connection when another answer is under way: the peer must not take a part for all. */
function sendStorageError(response: ServerResponse, { status, code, message }: Answer): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify({ code, message }));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'holdfast-code': code,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
