import { stat } from 'node:fs/promises';
import {
  type Connection,
  connectNode,
  connectStorage,
  localRepository,
  type Node,
  type OpenRepositoryOptions,
  OutsideServer,
  openGrant,
  openNode,
  openRepositoryAt,
  type RepositoryLocation,
  readNodeState,
  remoteRepository,
  StorageConnection,
} from '../../agent/index.ts';
import { HoldfastError, isHoldfastError, type Secret, systemErrorCode } from '../../base/index.ts';
import { type EscrowFingerprint, kitEscrowLine } from '../../enrol/index.ts';
import { isNodeName, serverPlace } from '../../policy/index.ts';
import { type ObjectPlace, openObjectPlace, parseObjectPlace } from '../../remote/index.ts';
import type { Polynomial, Repository } from '../../repository/index.ts';
import type { TransferLimits } from '../../storage/index.ts';
import { type ConnectionInfo, isOutOfReach, onceOnly } from '../../transport/index.ts';
import { localPath, placeKind } from '../files/local-path.ts';
import { type Home, withHome } from '../home/home.ts';
import { connectOwn, openOwnNode } from '../home/own-node.ts';
import type { ReadOptions } from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { serveMeanwhile } from '../serving/serve-meanwhile.ts';
import { askPassword } from '../terminal/answer.ts';
import { askNewPassword, readPasswordFile } from '../terminal/given-secrets.ts';
import { QuotaEar } from './quota-ear.ts';

/** The repository a command works on, and how it is reached. */
export interface Target extends AsyncDisposable {
  readonly repository: Repository;
  readonly place: RepositoryLocation;
  /** `over TLS 1.3 X25519MLKEM768`, or the directory. */
  readonly route: string;
  /** This machine as a node, when the repository is at its server. */
  readonly node?: Node;
  /** Where the repository lies, when that is a directory of this machine. */
  readonly directory?: string;
}

/** How {@link openTarget} opens. */
export interface OpenTargetOptions {
  /** Make the repository when there is none. */
  readonly create?: boolean;
  /** Make another one where the one that this machine knows is gone. */
  readonly startOver?: boolean;
  /** How a repository that is made cuts files; in a way of its own unless said. */
  readonly polynomial?: Polynomial;
  /** The option that names it; `--repo` unless said. */
  readonly option?: string;
  /** How fast anything may go there and back. */
  readonly limits?: TransferLimits;
  /** Keep copies of metadata; off for whoever wants to see what the server really has. */
  readonly cached?: boolean;
}

/** Opens the repository that `options` name: this node's own at its server unless `--repo` says another. */
export async function openTarget(
  context: Context,
  options: ReadOptions,
  opening: OpenTargetOptions = {},
): Promise<Target> {
  const { create = false, startOver = false, cached = true, limits = {}, polynomial, option } = opening;
  const { passwordFile, grant } = options;
  const repo = saidPlace(options);
  if (grant !== undefined) return await openGranted(context, grant, { cached, limits });
  const password = passwordFile === undefined ? undefined : await readPasswordFile(context, passwordFile);
  const named = repo === undefined ? undefined : repositoryPlace(context.workingDirectory, repo, option);
  const elsewhere = { create, startOver, polynomial, password, limits };
  if (named?.kind === 'directory') return openDirectory(context, named.path, elsewhere);
  if (named?.kind === 'node')
    return await openAtFirst(context, [named.name], { ...elsewhere, cached, mayMove: false });
  if (named?.kind === 'object') return openPlaced(context, named.place, { ...elsewhere, cached });
  const outside = await openOutside(context, named?.url, { ...elsewhere, cached });
  if (outside !== undefined) return outside;
  if (named !== undefined) return await openAtServer(context, named.url, { ...elsewhere, cached });
  const places = await ownPlaces(context);
  return await openAtFirst(context, places, { ...elsewhere, cached, mayMove: create });
}

/** `node:vault1` for a storage node that an option of its own names, else what `--repo` says. */
export function saidPlace({ repo, to, from }: ReadOptions & { readonly to?: string }): string | undefined {
  const name = to ?? from;
  return name === undefined ? repo : `${nodeScheme}${name}`;
}

/** Whether that is a repository of this machine in its network, which is made where there is none yet. */
export function isOwnPlace(options: Parameters<typeof saidPlace>[0]): boolean {
  const place = saidPlace(options);
  return place === undefined || place.startsWith(nodeScheme);
}

const nodeScheme = 'node:';

/** Where this machine backs up unless something else is said, the first choice first. */
async function ownPlaces(context: Context): Promise<readonly string[]> {
  const { node } = await openOwnNode(context);
  checkHasRepository(node);
  const { storage } = node.clientPolicy;
  return storage.length === 0 ? [serverPlace] : storage;
}

/** How a repository of this machine in its network is opened. */
interface OwnOptions extends ElsewhereOptions {
  readonly cached: boolean;
}

/**
 * Opens the repository of this machine at the first of some places, storage nodes by their names or the server. One that is out of
 * reach is passed over where something new is stored, and nothing has begun: what is read is where it was stored.
 */
async function openAtFirst(
  context: Context,
  names: readonly string[],
  { mayMove, ...options }: OwnOptions & { readonly mayMove: boolean },
): Promise<Target> {
  for (const [at, name] of names.entries()) {
    const hasNext = mayMove && at < names.length - 1;
    try {
      return await openAtNode(context, { name, hasNext }, options);
    } catch (error) {
      if (!hasNext || !isOutOfReach(error)) throw error;
      context.output.warn(`${name} is out of reach, and ${names[at + 1] ?? ''} is tried: ${error.message}`);
    }
  }
  throw new TypeError('no place was named');
}

async function openAtNode(
  context: Context,
  { name, hasNext }: { readonly name: string; readonly hasNext: boolean },
  options: OwnOptions,
): Promise<Target> {
  const { home, node } = await openOwnNode(context);
  checkHasRepository(node);
  const { clock, log, signal, line } = context;
  if (name === serverPlace) {
    if (hasNext) (await connectNode(node, { clock, log, signal, line: onceOnly() }))[Symbol.dispose]();
    return await openAtServer(context, undefined, options);
  }
  const connecting = connectStorage(node, { name, hasNext }, { clock, log, signal, line });
  return await openThrough(context, home, await connecting, options);
}

/** The own repository at the server, or the one at `url` there. */
async function openAtServer(context: Context, url: string | undefined, options: OwnOptions): Promise<Target> {
  const { home, node } = await openOwnNode(context);
  await using opened = new AsyncDisposableStack();
  const serving = await serveMeanwhile(context, home);
  if (serving !== undefined) opened.use(serving);
  const connection = await connectOwn(context, node);
  const target = opened.use(await openThrough(context, home, connection, { ...options, url }));
  const held = opened.move();
  return withEnd(target, held);
}

/** `target`, which ends with everything that was opened for it. */
function withEnd(target: Target, opened: AsyncDisposableStack): Target {
  return {
    ...target,
    get route() {
      return target.route;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Opens what is at the other end of a connection, which ends with it. */
async function openThrough(
  context: Context,
  { cache }: Home,
  connection: Connection | StorageConnection,
  { url, cached, limits, ...options }: OwnOptions & { readonly url?: string | undefined },
): Promise<Target> {
  await using opened = new AsyncDisposableStack();
  opened.use(connection);
  const { node } = connection;
  const isAtServer = !(connection instanceof StorageConnection);
  const quota = opened.use(new QuotaEar(context, node, { isKept: isAtServer && node.isOwn }));
  const place = await connection.place({
    ...(url !== undefined && { url }),
    // What somebody else keeps there is no place for copies of one's own.
    ...(cached && node.isOwn && { cache }),
    onQuota: (told) => quota.hear(told),
    limits,
  });
  const repository = await openAsking(context, place, {
    ...options,
    onEscrowed: (fingerprint) => sayEscrowed(context, node, fingerprint),
  });
  repository.onDamage((message) => context.output.warn(message));
  const held = opened.move();
  return {
    repository,
    place,
    ...(isAtServer && { node }),
    get route() {
      return describeConnection(connection);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What another machine has saved, as far as a grant goes. */
async function openGranted(
  context: Context,
  wanted: string,
  { cached, limits }: Required<Pick<OpenTargetOptions, 'cached' | 'limits'>>,
): Promise<Target> {
  const { signal } = context;
  const { home, node } = await openOwnNode(context);
  checkHasRepository(node);
  await using opened = new AsyncDisposableStack();
  const connection = opened.use(await connectOwn(context, node));
  const cache = cached && node.isOwn ? home.cache : undefined;
  const { place } = await openGrant(connection, { wanted, cache, limits, signal });
  const repository = await openRepositoryAt(place, { create: false, signal });
  repository.onDamage((message) => context.output.warn(message));
  const held = opened.move();
  return {
    repository,
    place,
    get route() {
      return describeConnection(connection);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The kit is with a person by now, who has to write it there. */
function sayEscrowed({ output }: Context, node: Node, fingerprint: EscrowFingerprint): void {
  const { role, name } = node.identity;
  output.say(
    `  sealed      for the recovery kit; write on it: ${kitEscrowLine({ node: `${role}/${name}`, fingerprint })}`,
  );
}

/** `over TLS 1.3 X25519MLKEM768`, of the last connection that was made. */
export function describeConnection(connection: Connection | StorageConnection): string {
  const at = connection instanceof StorageConnection ? `at ${connection.name} ` : '';
  return `${at}${overTls(connection.security())}`;
}

function overTls({ protocol, group }: ConnectionInfo): string {
  return `over ${protocol} ${group}`;
}

/** How a repository that is not at the own server is opened. */
interface ElsewhereOptions {
  readonly create: boolean;
  readonly startOver: boolean;
  readonly polynomial: Polynomial | undefined;
  readonly password: Secret<string> | undefined;
  readonly limits: TransferLimits;
}

type CachedOptions = ElsewhereOptions & { readonly cached: boolean };

async function openDirectory(
  context: Context,
  directory: string,
  options: ElsewhereOptions,
): Promise<Target> {
  await checkFolder(directory);
  return await withHome(context.home, async (home) => {
    const place = await localRepository(directory, home.node, options.limits);
    const repository = await openElsewhere(context, place, options);
    const route = `in ${directory}`;
    return { repository, place, route, directory, [Symbol.asyncDispose]: async () => {} };
  });
}

/** A repository at a service that keeps objects, and knows nothing of networks. */
async function openPlaced(
  context: Context,
  named: ObjectPlace,
  { cached, ...options }: CachedOptions,
): Promise<Target> {
  const { environment, clock, line } = context;
  return await withHome(context.home, async (home) => {
    await using held = new AsyncDisposableStack();
    const { store, route } = held.use(await openObjectPlace(named, { environment, clock, line }));
    const { limits } = options;
    const cache = cached && (await keepsCopies(home)) ? home.cache : undefined;
    const keeping = { label: store.location, directory: home.node, cache, limits };
    const place = await remoteRepository(store, keeping);
    const repository = await openElsewhere(context, place, options);
    const kept = held.move();
    return { repository, place, route, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  });
}

/** The home of another user is no place for copies. */
async function keepsCopies({ node }: Home): Promise<boolean> {
  return (await readNodeState(node)) === undefined || (await openNode(node)).isOwn;
}

/** A repository at a server outside the network; undefined where none is named, or one of the network's. */
async function openOutside(
  context: Context,
  url: string | undefined,
  { cached, ...options }: CachedOptions,
): Promise<Target | undefined> {
  if (url === undefined) return undefined;
  return await withHome(context.home, async (home) => {
    const node = (await readNodeState(home.node)) === undefined ? undefined : await openNode(home.node);
    const server = await OutsideServer.find(url, { directory: home.node, node }, context);
    if (server === undefined) return undefined;
    await using held = new AsyncDisposableStack();
    held.use(server);
    const place = await server.place(
      cached && node?.isOwn !== false ? home.cache : undefined,
      options.limits,
    );
    const repository = await openElsewhere(context, place, options);
    const route = overTls(server.security());
    const kept = held.move();
    return { repository, place, route, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  });
}

/** Opens a repository whose password somebody has to keep, and makes it where that is wanted. */
async function openElsewhere(
  context: Context,
  place: RepositoryLocation,
  options: ElsewhereOptions,
): Promise<Repository> {
  const repository = await openAsking(context, place, { ...options, create: false }).catch(
    async (error: unknown) => {
      if (!options.create || !isHoldfastError(error, 'repository_missing')) throw error;
      const password = options.password ?? (await choosePassword(context, place.label));
      return await openRepositoryAt(place, { ...options, password, signal: context.signal });
    },
  );
  repository.onDamage((message) => context.output.warn(message));
  return repository;
}

/** Only clients have a repository of their own. @throws HoldfastError `certificate_wrong_role` */
function checkHasRepository({ identity: { role, name, network } }: Node): void {
  if (role === 'client') return;
  throw new HoldfastError(
    'certificate_wrong_role',
    `this machine is ${role} ${name} of ${network}, and only a client has a repository there`,
    {
      hint: 'join as a client in another home: holdfast token create NAME at the server, then holdfast join --home DIR',
    },
  );
}

/** One that is not there yet may be made. @throws HoldfastError `path_not_found` for what is there and no folder */
async function checkFolder(directory: string): Promise<void> {
  const found = await stat(directory).catch((cause: unknown) => {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw noFolder(directory, cause);
  });
  if (found?.isDirectory() === false) throw noFolder(directory);
}

function noFolder(directory: string, cause?: unknown): HoldfastError {
  const why = systemErrorCode(cause) === 'EACCES' ? 'may not be looked into by this user' : 'is no folder';
  return new HoldfastError('path_not_found', `${directory} ${why}, expected one with a repository`, {
    hint: 'name the folder of a repository, or one that is to be made with --init',
    cause,
  });
}

/** A repository elsewhere needs a password that somebody knows: the key kept here is lost with this machine. */
async function choosePassword(context: Context, directory: string): Promise<Secret<string>> {
  const password = await askNewPassword(context, `password of the repository at ${directory}`);
  if (password !== undefined && password.reveal() !== '') return password;
  throw new HoldfastError('usage', 'a new repository elsewhere needs a password that outlives this machine', {
    hint: 'add --password-file FILE, and keep that password',
  });
}

/** Asks for the password when no key here opens the repository and somebody sits at a terminal to answer. */
async function openAsking(
  context: Context,
  place: RepositoryLocation,
  options: Omit<OpenRepositoryOptions, 'signal'>,
): Promise<Repository> {
  const { signal } = context;
  try {
    return await openRepositoryAt(place, { ...options, signal });
  } catch (error) {
    const wanted = isHoldfastError(error, 'repository_wrong_key') && options.password === undefined;
    const password = wanted ? await askPassword(context, place.store.location) : undefined;
    if (password === undefined) throw error;
    return openRepositoryAt(place, { ...options, password, signal });
  }
}

/** Where a repository is that `--repo` names. */
export type RepositoryPlace =
  | { readonly kind: 'directory'; readonly path: string }
  /** `https://HOST:PORT/PATH`. */
  | { readonly kind: 'server'; readonly url: string }
  /** The own repository at a storage node, by its name, or at the server. */
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'object'; readonly place: ObjectPlace };

/**
 * Reads `--repo`, or another option of its kind: a folder, a repository at a server by `https://…`, also as restic writes it, `rest:https://…`,
 * the own one at a storage node, `node:NAME`, one at a service that keeps objects, `s3:…`, or on a machine that takes ssh, `sftp:…`.
 * @throws HoldfastError `usage` for every other kind of place
 */
export function repositoryPlace(from: string, text: string, option = '--repo'): RepositoryPlace {
  const url = text.replace(/^rest:(?=https:)/i, '');
  if (/^https:/i.test(url) && URL.canParse(url)) return { kind: 'server', url };
  if (text.startsWith(nodeScheme))
    return { kind: 'node', name: storageNodeName(text.slice(nodeScheme.length)) };
  const place = parseObjectPlace(text);
  if (place !== undefined) return { kind: 'object', place };
  // `host:path` is how ssh, scp and rclone write one.
  if (!text.split('/', 1)[0]?.includes(':')) return { kind: 'directory', path: localPath(from, text) };
  const message = `${option} names ${placeKind(text)}: expected a folder of this machine, https://HOST:PORT/PATH, s3:https://HOST/BUCKET/PREFIX, or sftp:USER@HOST:/PATH`;
  const hint = /^(?:rest:)?http:/i.test(text)
    ? 'repositories travel over TLS alone: write https:// with a port of TLS; holdfast doctor with the address says what is there'
    : 'for a folder of exactly that name put ./ before it';
  throw new HoldfastError('usage', message, { hint });
}

/** @throws HoldfastError `usage` */
function storageNodeName(name: string): string {
  if (isNodeName(name)) return name;
  throw new HoldfastError('usage', `${JSON.stringify(name.slice(0, 80))} is no name of a storage node`, {
    hint: 'holdfast nodes --role storage, at the server, lists them',
  });
}

/**
 * The URL of a repository at a server, as `--repo` names it where nothing else will do.
 * @throws HoldfastError `usage`
 */
export function repositoryUrl(from: string, text: string): string {
  const place = repositoryPlace(from, text);
  if (place.kind === 'server') return place.url;
  throw new HoldfastError(
    'usage',
    `--repo names ${shownPlace(from, text)}: expected https://HOST:PORT/PATH`,
    {
      hint: 'a repository there needs no recovery: its password opens it',
    },
  );
}

/** The place that `--repo` names as it is kept: a folder is absolute. */
export function placeText(from: string, text: string): string {
  const place = repositoryPlace(from, text);
  if (place.kind === 'directory') return place.path;
  if (place.kind === 'node') return text;
  return place.kind === 'server' ? place.url : place.place.text;
}

/** The same as it is shown: without name and password, which a URL may hold. */
export function shownPlace(from: string, text: string): string {
  const place = repositoryPlace(from, text);
  if (place.kind !== 'server') return placeText(from, text);
  const { origin, pathname } = new URL(place.url);
  return `${origin}${pathname}`;
}
