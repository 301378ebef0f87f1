import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDirectory, systemErrorCode } from '../../base/index.ts';
import type { ReleaseFile, ReleaseKind } from '../../enrol/index.ts';
import type { Node } from '../node.ts';
import { downloadFile } from './download-file.ts';
import { fileForThisMachine, installedAs, installFile } from './installation.ts';
import type { AskOptions, Offered } from './offered-release.ts';

/** A newer version, and how this machine comes to it. */
export interface Update {
  readonly version: string;
  readonly file: ReleaseFile;
  readonly kind: ReleaseKind;
  /** Where the file is, once it is downloaded. */
  readonly path: string;
}

/**
 * Says which file of a newer release is for this machine; undefined where nothing newer is offered.
 * @throws HoldfastError `update_not_installable`
 */
export async function planUpdate(node: Node, { state, manifest }: Offered): Promise<Update | undefined> {
  if (state !== 'newer' || manifest?.version == null) return undefined;
  const { version, files } = manifest;
  const file = fileForThisMachine(files, version, await installedAs());
  return { version, file, kind: file.kind, path: join(placeOf(node, version), file.name) };
}

/** Downloads the file of an update, and removes what is left of earlier ones. Errors: as `downloadFile` */
export async function downloadUpdate(
  node: Node,
  { version, file, path }: Update,
  options: Pick<AskOptions, 'line' | 'signal'> & { readonly onProgress?: (bytes: number) => void },
): Promise<void> {
  await makePrivateDirectory(placeOf(node));
  await forgetUpdates(node, version);
  await makePrivateDirectory(placeOf(node, version));
  await downloadFile({ address: node.state.statusAddress, version, file, path, ...options });
}

/** Installs a downloaded update, and removes its file. Errors: as `installFile` */
export async function installUpdate(node: Node, { kind, path, version }: Update): Promise<void> {
  if (kind === 'tgz') throw new TypeError('npm installs for whoever calls it');
  await installFile(kind, path, version);
  await forgetUpdates(node);
}

/** Removes what was downloaded, but for a version. */
async function forgetUpdates(node: Node, but?: string): Promise<void> {
  const names = await readdir(placeOf(node)).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names.filter((each) => each !== but))
    await rm(join(placeOf(node), name), { recursive: true, force: true });
}

function placeOf({ directory }: Node, ...version: readonly string[]): string {
  return join(directory, 'updates', ...version);
}
