import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Network, NetworkClient } from '../test/rig/network.ts';
import type { BuiltPackage } from './built-package.ts';
import type { Contender, Place } from './contender.ts';
import { directorySize } from './directory-size.ts';
import type { LineProxy } from './line-proxy.ts';
import type { BenchCommand } from './measure.ts';
import { type Restic, resticCommand, restics } from './restic-words.ts';

/**
 * Holdfast and all restics, each against the server of `network`, each repository in the namespace of a new client; over
 * `line` where one is given.
 */
export function holdfastServerContenders(
  built: BuiltPackage,
  network: Network,
  line: LineProxy | undefined,
): Contender[] {
  let clients = 0;
  const join = (directory: string) => joinClient(network, `client-${++clients}`, directory, line);
  const withRestic = (restic: Restic): Contender => ({
    name: `${restic.name} → Holdfast`,
    isHoldfast: false,
    open: async (directory) => {
      const client = await join(directory);
      const { options } = await client.exportForRestic();
      const near = options.map((word) =>
        word.replace(`:${network.port}/`, `:${line?.port ?? network.port}/`),
      );
      return placeOf(client, (words) => resticCommand(restic, directory, [...near, ...words]));
    },
  });
  const ours: Contender = {
    name: 'Holdfast',
    isHoldfast: true,
    open: async (directory) => placeOf(await join(directory), (words) => built.command(directory, words)),
  };
  return [...restics().map(withRestic), ours];
}

/** Joins a client and lets it make its repository, which no row measures. */
async function joinClient(
  network: Network,
  name: string,
  directory: string,
  line: LineProxy | undefined,
): Promise<NetworkClient> {
  const client = await network.join(name, directory);
  if (line !== undefined) await client.run(['client', 'set-server', `https://127.0.0.1:${line.port}`]);
  const nothing = join(directory, 'nothing');
  mkdirSync(nothing);
  await client.run(['backup', nothing]);
  return client;
}

function placeOf(client: NetworkClient, command: (words: readonly string[]) => BenchCommand): Place {
  const stored = client.network.storedAt(client.name);
  return {
    command,
    storedBytes: () => directorySize(stored),
    servers: [client.network.server.pid],
    [Symbol.asyncDispose]: async () => {
      rmSync(client.directory, { recursive: true, force: true });
      rmSync(stored, { recursive: true, force: true });
    },
  };
}
