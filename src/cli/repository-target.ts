import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Connection,
  connectNode,
  localPlace,
  type Node,
  openNode,
  openRepositoryAt,
} from '../agent/index.ts';
import { HoldfastError, Secret, systemErrorCode } from '../base/index.ts';
import type { Repository } from '../repository/index.ts';
import type { Context } from './context.ts';
import { openHome } from './home.ts';
import type { RepositoryOptions } from './repository-options.ts';
import { serveMeanwhile } from './serve-meanwhile.ts';
import { withHome } from './with-home.ts';

/** The repository a command works on, and how it is reached. */
export interface Target extends AsyncDisposable {
  readonly repository: Repository;
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
  /** Keep copies of metadata; off for whoever wants to see what the server really has. */
  readonly cached?: boolean;
}

/** Opens the repository that `options` name: this node's own at its server unless `--repo` says another. */
export async function openTarget(
  context: Context,
  options: RepositoryOptions,
  { create = false, cached = true }: OpenTargetOptions = {},
): Promise<Target> {
  const password = await readPassword(context, options.passwordFile);
  const { repo } = options;
  if (repo !== undefined && !isUrl(repo)) {
    return openDirectory(context, resolve(context.workingDirectory, repo), { create, password });
  }
  const home = await openHome(context.home);
  await using opened = new AsyncDisposableStack();
  const serving = await serveMeanwhile(context, home);
  if (serving !== undefined) opened.use(serving);
  const connection = opened.use(await connectNode(await openNode(home.node), context));
  const place = await connection.place({
    url: repo?.replace(/^rest:/, ''),
    cache: cached ? home.cache : undefined,
  });
  const repository = await openRepositoryAt(place, { create, password, signal: context.signal });
  const held = opened.move();
  return {
    repository,
    node: connection.node,
    get route() {
      return describeConnection(connection);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** `over TLS 1.3 X25519MLKEM768`, of the last connection that was made. */
export function describeConnection(connection: Connection): string {
  const { protocol, group } = connection.security();
  return `over ${protocol} ${group}`;
}

async function openDirectory(
  context: Context,
  directory: string,
  options: { create: boolean; password: Secret<string> | undefined },
): Promise<Target> {
  if (options.create && options.password === undefined) {
    throw new HoldfastError(
      'usage',
      'a new repository elsewhere needs a password that outlives this machine',
      {
        hint: 'add --password-file FILE, and keep that password',
      },
    );
  }
  const repository = await withHome(context.home, async (home) => {
    const place = await localPlace(directory, home.node);
    return openRepositoryAt(place, { ...options, signal: context.signal });
  });
  return { repository, route: `in ${directory}`, directory, [Symbol.asyncDispose]: async () => {} };
}

function isUrl(location: string): boolean {
  return /^(rest:)?https:\/\//.test(location);
}

async function readPassword(context: Context, file: string | undefined): Promise<Secret<string> | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(context.workingDirectory, file);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new HoldfastError(
      'path_not_found',
      `password file ${path}: ${systemErrorCode(error) ?? 'unreadable'}`,
      {
        cause: error,
      },
    );
  });
  return new Secret(text.replace(/\r?\n$/, ''));
}
