import { type FSWatcher, watch } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  type Clock,
  equalBytes,
  HoldfastError,
  isHoldfastError,
  type Log,
  minuteMs,
  secondMs,
} from '../../base/index.ts';
import { linksListener } from '../../policy/index.ts';
import {
  checkVersion,
  LinkDesk,
  type LinkPeer,
  Links,
  linkHello,
  linkPath,
  linkPeerOf,
  PairingDesk,
} from '../../sync/index.ts';
import {
  type Credentials,
  type Greeting,
  Hot,
  listen,
  peerCertificates,
  serveHttp,
} from '../../transport/index.ts';
import { EnrolLimit } from '../enrol-limit.ts';
import { listenerHttp } from '../open-listeners.ts';
import { jsonBody, limitBodyTime, limitIdleTime, peerAddress, readBody } from '../read-request.ts';
import { errorBody, httpStatusOf, loggedUrl } from '../refuse.ts';
import { jsonReply, type Reply, sendReply } from '../reply.ts';
import { keepTrying } from './keep-trying.ts';

/** A request on a link, of a site that was let in. */
export interface LinkCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands behind the prefix of the mount, without the query. */
  readonly path: string;
  readonly peer: LinkPeer;
  /** As they are at this moment. */
  readonly links: Links;
}

/** What answers below `/-/link/PREFIX`; what it throws is answered as an error of the catalogue. */
export interface LinkMount {
  /** `sync/`, for everything below `/-/link/sync/`. */
  readonly prefix: string;
  readonly handle: (call: LinkCall) => Promise<void>;
}

export interface LinkServiceOptions {
  /** Where the links of this home are. */
  readonly directory: string;
  /** What else is served to sites; nothing unless said. */
  readonly mounts?: readonly LinkMount[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The listener for links, which is there while this machine is a site. */
export interface LinkService extends AsyncDisposable {
  /** Looks now whether this machine has become a site, and opens the listener then. */
  look(): Promise<void>;
}

/** So often it is looked whether this machine has become a site, or its keys are others. */
const lookEveryMs = secondMs;
const maxMessageBytes = 2 * 1024 * 1024;
/** Of who has proved nothing yet. */
const maxPairBytes = 16 * 1024;
const idleMs = minuteMs;

/**
 * Serves links, on a listener of their own that knows no other peers: whoever has no certificate of a site that is trusted here can
 * ask which versions are spoken, pair by a code that is open, and nothing else.
 */
export async function startLinkService(options: LinkServiceOptions): Promise<LinkService> {
  const { directory, log } = options;
  let open: OpenLinks | undefined;
  let watcher: FSWatcher | undefined;
  let looking: Promise<void> = Promise.resolve();
  const lookNow = async (): Promise<void> => {
    if (open !== undefined) return await open.renew();
    const links = await Links.find(directory);
    if (links === undefined) return;
    open = await openLinks(links, options);
    // Keys that were made anew are shown at once, and not at the next look.
    watcher = watch(directory, () => void look()).on('error', () => {});
  };
  const look = (): Promise<void> => {
    looking = looking.then(lookNow).catch((error: unknown) => {
      // Told once, and again when it is something else: it is looked every second.
      const message = error instanceof Error ? error.message : String(error);
      if (message !== told) log.error('links are not served', { error });
      told = message;
    });
    return looking;
  };
  let told = '';
  await look();
  const stopTrying = keepTrying(options);
  const timer = setInterval(() => void look(), lookEveryMs).unref();
  return {
    look,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      watcher?.close();
      await stopTrying();
      await looking;
      await open?.[Symbol.asyncDispose]();
    },
  };
}

interface OpenLinks extends AsyncDisposable {
  /** Shows the keys that this site has by now. */
  renew(): Promise<void>;
}

async function openLinks(first: Links, options: LinkServiceOptions): Promise<OpenLinks> {
  const { log, clock } = options;
  let links = first;
  const fresh = async (): Promise<Links> => {
    links = await links.fresh();
    return links;
  };
  const credentials = new Hot<Credentials>(links.credentials('server'));
  let shown = links.own.text;
  const { port, host } = links.state.own;
  const policy = linksListener({ port, ...(host !== undefined && { host }) });
  const answer = linkAnswers(fresh, options);
  const http = serveHttp(listenerHttp(policy, answer));
  const sockets = new Set<Socket>();
  const renew = async (): Promise<void> => {
    const now = await fresh();
    if (now.own.text === shown) return;
    credentials.replace(now.credentials('server'));
    shown = now.own.text;
    // Nobody goes on over a connection that keys stand behind which are discarded.
    for (const socket of sockets) socket.destroy();
  };
  const greet = async (socket: Socket): Promise<Greeting> => {
    await renew();
    if (!hasShown(socket, credentials.current)) socket.destroy();
    if (!socket.destroyed) sockets.add(socket.once('close', () => sockets.delete(socket)));
    try {
      linkPeerOf(links, peerCertificates(socket) ?? [], new Date(clock.now()));
      return 'known';
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return 'told';
    }
  };
  const listener = await listen({ policy, onConnection: http, greet, credentials, log });
  log.info('links are served', { port: listener.address.port });
  return {
    renew,
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** Whether it was these keys that the handshake of a connection was made with. */
function hasShown(socket: Socket, { chain: [leaf] }: Credentials): boolean {
  const own = socket instanceof TLSSocket ? socket.getX509Certificate() : undefined;
  return own !== undefined && leaf !== undefined && equalBytes(own.raw, leaf);
}

/** What a link answers, by whom it may be asked. */
function linkAnswers(
  fresh: () => Promise<Links>,
  { clock, log, mounts = [] }: LinkServiceOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const desk = new LinkDesk(clock);
  const pairing = new PairingDesk(clock);
  const limit = new EnrolLimit(clock);
  const peerOf = (links: Links, { socket }: IncomingMessage): LinkPeer =>
    linkPeerOf(links, peerCertificates(socket) ?? [], new Date(clock.now()));

  const forAnybody = async (
    path: string,
    { links, request, response }: Pick<LinkCall, 'links' | 'request' | 'response'>,
  ): Promise<Reply | undefined> => {
    if (path === 'hello' && request.method === 'GET') return jsonReply(linkHello());
    if (!path.startsWith('pair/') || request.method !== 'POST') return undefined;
    const from = peerAddress(request);
    limit.check(from);
    try {
      return jsonReply(await pair(path.slice('pair/'.length), { links, request, response }));
    } catch (error) {
      limit.refused(from);
      throw error;
    }
  };

  /** Each beginning costs a few multiplications on the curve: one for each connection, and who does not go on is counted. */
  const pair = async (
    step: string,
    { links, request, response }: Pick<LinkCall, 'links' | 'request' | 'response'>,
  ): Promise<unknown> => {
    const { socket } = request;
    if (step === 'exchange') {
      pairing.checkConfirmed(socket);
      return await pairing.exchange(links, socket, await readJson(request, response));
    }
    const message = await readJson(request, response, maxPairBytes);
    if (step === 'confirm') return await pairing.confirm(links, socket, message);
    if (step !== 'start') throw unknown();
    const from = peerAddress(request);
    socket.once('close', () => {
      if (!pairing.isConfirmed(socket)) limit.refused(from);
    });
    return pairing.start(links, socket, message);
  };

  const forSites = async (path: string, call: Omit<LinkCall, 'path'>): Promise<Reply | undefined> => {
    const { request, response, links, peer } = call;
    const mount = mounts.find(({ prefix }) => path.startsWith(prefix));
    if (mount !== undefined) {
      await mount.handle({ ...call, path: path.slice(mount.prefix.length) });
      return undefined;
    }
    if (request.method !== 'POST') throw unknown();
    const message = await readJson(request, response);
    if (path === 'check') return jsonReply(await desk.check(links, peer, message));
    const ended = new AbortController();
    response.once('close', () => ended.abort());
    if (path === 'test-back') return jsonReply(await desk.testBack(links, peer, ended.signal));
    throw unknown();
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [whole = '/'] = (request.url ?? '/').split('?', 1);
    try {
      if (!whole.startsWith(linkPath)) throw unknown();
      const path = whole.slice(linkPath.length);
      const links = await fresh();
      const open = await forAnybody(path, { links, request, response });
      if (open !== undefined) return await sendReply(response, open);
      const peer = peerOf(links, request);
      checkVersion(request.headers['holdfast-link']);
      const reply = await forSites(path, { request, response, links, peer });
      if (reply !== undefined) await sendReply(response, reply);
    } catch (error) {
      if (!isHoldfastError(error)) log.error('a request on a link failed', { url: loggedUrl(whole), error });
      else
        log.info('a request on a link was refused', {
          url: loggedUrl(whole),
          from: peerAddress(request),
          error,
        });
      if (response.headersSent) return void response.destroy();
      await sendReply(response, jsonReply(errorBody(error, 'peers'), { status: httpStatusOf(error) }));
    }
  };

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log.error('an answer on a link could not be sent', { error });
      response.destroy();
    });
  };
}

async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes = maxMessageBytes,
): Promise<unknown> {
  limitBodyTime(request, response);
  limitIdleTime(request, response, idleMs);
  return await readBody(request, jsonBody(undefined, maxBytes));
}

function unknown(): HoldfastError {
  return new HoldfastError('operation_unknown', 'there is no such address on a link');
}
