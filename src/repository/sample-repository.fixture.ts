import { type Bytes, concatBytes, Secret } from '../base/index.ts';
import { MemoryStore, type ObjectId } from '../storage/index.ts';
import { type BlobId, type BlobType, idOf, type PackContents, type PackedBlob } from './format/blob.ts';
import { compress } from './format/compression.ts';
import { encodePackHeader } from './format/pack-header.ts';
import type { Snapshot } from './format/snapshot.ts';
import { encodeTree } from './format/tree.ts';
import { encodeNode, type TreeNode, toGoMode } from './format/tree-node.ts';
import { initRepository } from './init-repository.ts';
import type { Repository } from './repository.ts';

/** What tests give scrypt to do. */
export const cheapCost = { N: 1024, r: 8, p: 1 } as const;

export const samplePassword = new Secret('correct horse');

/** A blob's plaintext. */
export interface SampleBlob {
  readonly type: BlobType;
  readonly plaintext: Bytes;
  readonly id: BlobId;
}

/** A new repository in memory, for tests. */
export async function createSample(): Promise<{ repository: Repository; store: MemoryStore }> {
  const store = new MemoryStore();
  const repository = await initRepository(store, { password: samplePassword, cost: cheapCost });
  return { repository, store };
}

export function dataBlob(text: string): SampleBlob {
  const plaintext = Buffer.from(text);
  return { type: 'data', plaintext, id: idOf(plaintext) };
}

export function treeBlob(...nodes: readonly TreeNode[]): SampleBlob {
  const plaintext = encodeTree(nodes.map(encodeNode));
  return { type: 'tree', plaintext, id: idOf(plaintext) };
}

export function fileNode(name: string, ...content: readonly SampleBlob[]): TreeNode {
  const size = content.reduce((sum, blob) => sum + blob.plaintext.length, 0);
  return {
    ...plainNode(name),
    type: 'file',
    mode: 0o644,
    size,
    links: 1,
    content: content.map((blob) => blob.id),
  };
}

export function folderNode(name: string, tree: SampleBlob): TreeNode {
  return { ...plainNode(name), type: 'dir', mode: toGoMode('dir', 0o755), subtree: tree.id };
}

/** Stores one pack with these blobs in this order; compressed are the trees, and every second file content. */
export async function writePack(
  repository: Repository,
  ...blobs: readonly SampleBlob[]
): Promise<PackContents> {
  const units: Bytes[] = [];
  const packed: PackedBlob[] = [];
  let offset = 0;
  for (const [number, { id, type, plaintext }] of blobs.entries()) {
    const compressed = type === 'tree' || number % 2 === 0;
    const unit = repository.cipher.seal(compressed ? compress(plaintext) : plaintext);
    const place = { id, type, offset, length: unit.length };
    packed.push(compressed ? { ...place, plainLength: plaintext.length } : place);
    units.push(unit);
    offset += unit.length;
  }
  const header = repository.cipher.seal(encodePackHeader(packed));
  const end = Buffer.alloc(4);
  end.writeUInt32LE(header.length);
  const bytes = concatBytes(...units, header, end);
  return { id: await storePack(repository, bytes), blobs: packed };
}

/** Stores a snapshot of a tree. */
export async function writeSnapshot(
  repository: Repository,
  tree: SampleBlob,
  part: Partial<Omit<Snapshot, 'tree'>> = {},
): Promise<ObjectId> {
  return repository.saveSnapshot({
    timeNs: 1_700_000_000_000_000_000n,
    tree: tree.id,
    paths: ['/'],
    ...part,
  });
}

async function storePack(repository: Repository, bytes: Bytes): Promise<ObjectId> {
  const name = idOf(bytes);
  await repository.store.write({ type: 'data', name }, [bytes], { size: bytes.length });
  return name;
}

function plainNode(name: string): Omit<TreeNode, 'type' | 'mode'> {
  const times = { mtimeNs: 1n, atimeNs: 1n, ctimeNs: 1n };
  const numbers = { uid: 0, gid: 0, inode: 1n, deviceId: 0n, device: 0n, size: 0, links: 0 };
  return { name: Buffer.from(name), ...times, ...numbers };
}
