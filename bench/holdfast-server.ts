import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Network, NetworkClient } from '../test/rig/network.ts';
import type { BuiltPackage } from './built-package.ts';
import type { Contender, Place } from './contender.ts';
import { directorySize } from './directory-size.ts';
import type { BenchCommand } from './measure.ts';
import { resticCommand } from './restic-words.ts';

/** Holdfast and restic, both against the server of `network`, each repository in the namespace of a new client. */
export function holdfastServerContenders(built: BuiltPackage, network: Network): Contender[] {
  let clients = 0;
  const join = (directory: string) => joinClient(network, `client-${++clients}`, directory);
  return [
    {
      name: 'restic → Holdfast',
      isHoldfast: false,
      open: async (directory) => {
        const client = await join(directory);
        const { options } = await client.exportForRestic();
        return placeOf(client, (words) => resticCommand(directory, options, words));
      },
    },
    {
      name: 'Holdfast',
      isHoldfast: true,
      open: async (directory) => placeOf(await join(directory), (words) => built.command(directory, words)),
    },
  ];
}

/** Joins a client and lets it make its repository, which no row measures. */
async function joinClient(network: Network, name: string, directory: string): Promise<NetworkClient> {
  const client = await network.join(name, directory);
  const nothing = join(directory, 'nothing');
  mkdirSync(nothing);
  await client.run(['backup', nothing]);
  return client;
}

function placeOf(client: NetworkClient, command: (words: readonly string[]) => BenchCommand): Place {
  const stored = client.network.storedAt(client.name);
  return {
    backup: (paths) => command(['backup', ...paths]),
    restore: (target) => command(['restore', 'latest', '--target', target]),
    storedBytes: () => directorySize(stored),
    servers: [client.network.server.pid],
    [Symbol.asyncDispose]: async () => {
      rmSync(client.directory, { recursive: true, force: true });
      rmSync(stored, { recursive: true, force: true });
    },
  };
}
