import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { asBuffer, type Bytes } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import { permissionsOf, type TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import { type ArchivingOptions, type FolderEntry, folderEntries } from './folder-entries.ts';
import { readContentInOrder } from './read-content.ts';

/**
 * A folder of a snapshot as a zip archive, in pieces as they come: files, folders and symlinks; what else there is is left out, and told.
 * Every name of a file has its content. Errors as {@link tarFolder}.
 */
export async function* zipFolder(
  repository: Repository,
  tree: BlobId,
  folder: Bytes,
  options: ArchivingOptions,
): AsyncGenerator<Bytes, void, undefined> {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error) => output.destroy(error as Error));
  const entries = folderEntries(repository, tree, folder, options);
  const adding = addAll(zip, entries, { repository, ...options }).catch((error: unknown) =>
    output.destroy(error as Error),
  );
  try {
    yield* output as AsyncIterable<Bytes>;
  } finally {
    output.destroy();
    await adding;
  }
}

/** One after the other, each as soon as it can be written. */
async function addAll(
  zip: ZipFile,
  entries: AsyncIterable<FolderEntry>,
  { repository, signal, onSkipped }: ArchivingOptions & { readonly repository: Repository },
): Promise<void> {
  for await (const { path, node, content, linkedTo } of entries) {
    const name = pathText(path).toWellFormed();
    const about = { mtime: new Date(Number(node.mtimeNs / 1_000_000n)), mode: modeOf(node) };
    // No zip may have a name with it: to half of the programs it is a slash.
    if (name.includes('\\')) onSkipped(`/${name}`, node.type);
    else if (node.type === 'dir') zip.addEmptyDirectory(name, about);
    else if (node.type === 'symlink')
      zip.addBuffer(asBuffer(node.linkTarget ?? Buffer.alloc(0)), name, about);
    else if (node.type === 'file') {
      const all =
        linkedTo === undefined ? content : readContentInOrder(repository, node.content ?? [], signal);
      const stream = Readable.from(all, { objectMode: false });
      zip.addReadStream(stream, name, about);
      await finished(stream, { signal });
    } else onSkipped(`/${name}`, node.type);
  }
  zip.end();
}

/** As Unix has it, with the type. */
function modeOf({ type, mode }: TreeNode): number {
  const types: Partial<Record<TreeNode['type'], number>> = { dir: 0o04_0000, symlink: 0o12_0000 };
  return (types[type] ?? 0o10_0000) | permissionsOf(mode);
}
