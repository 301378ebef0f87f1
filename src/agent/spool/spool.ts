import { statfs } from 'node:fs/promises';
import { type Clock, HoldfastError, parseSize } from '../../base/index.ts';
import { openSpool, type Repository } from '../../repository/index.ts';
import { LocalStore, SpoolStore } from '../../storage/index.ts';
import { cacheOf, repositoryLabel } from '../connection.ts';
import type { Node } from '../node.ts';
import { keysAt } from '../repository-keys.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { spoolBytes, spoolDirectory } from './spool-state.ts';

/** What waits of a set until a server answers. */
export interface Spool {
  /** Its own files alone. */
  readonly waiting: Repository;
  /** The repository at the server as far as it is known here, with what waits; what is written waits. */
  readonly whole: Repository;
}

interface SpoolOptions {
  readonly set: Pick<BackupSet, 'id'>;
  /** Where copies of the metadata of repositories are. */
  readonly cache: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** So much of a disk stays free. */
const freePart = 1 / 20;

/**
 * Opens what waits of a set, under the key of this machine's own repository; made where there is none. Undefined while this machine knows
 * nothing of that repository, and where nothing is to be kept.
 */
export async function openSetSpool(
  node: Node,
  { set, cache, clock, signal }: SpoolOptions,
): Promise<Spool | undefined> {
  const label = repositoryLabel(node);
  const [key] = keysAt(node.keystore, label);
  const maxBytes = maxSpoolBytes(node);
  if (key?.config === undefined || !node.isOwn || maxBytes === 0) return undefined;
  const directory = spoolDirectory(node.directory, set);
  const { masterKey, config: configText } = key;
  const waiting = await openSpool(new LocalStore(directory), { masterKey, configText, clock, signal });
  const leftBytes = maxBytes - (await spoolBytes(node.directory));
  const room = { maxBytes: leftBytes, freeBytes: () => freeBytes(directory) };
  const whole = waiting.through((store) => new SpoolStore(store, { cache: cacheOf(cache, label), ...room }));
  return { waiting, whole };
}

/** @throws HoldfastError `settings_invalid` for what is no size that can be counted */
function maxSpoolBytes({ clientPolicy: { spool } }: Node): number {
  const bytes = parseSize(spool);
  if (bytes !== undefined) return bytes;
  throw new HoldfastError(
    'settings_invalid',
    `client policy: spool is ${spool}, which is more than there is`,
  );
}

async function freeBytes(directory: string): Promise<number> {
  const { bsize, blocks, bavail } = await statfs(directory);
  return bsize * (bavail - blocks * freePart);
}
