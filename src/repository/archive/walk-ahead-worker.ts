import { parentPort, workerData } from 'node:worker_threads';
import { asBuffer, type Bytes, isHoldfastError, isSystemError } from '../../base/index.ts';
import {
  type FileStat,
  IgnoreRules,
  readXattrs,
  type WalkEvent,
  type WalkPlace,
  walk,
  type Xattr,
} from '../../files/index.ts';
import { encodeNode, encodeNodeHead } from '../format/tree-node.ts';
import type { WalkReply, WalkRequest } from './messages.ts';
import { nodeOfStat } from './node-of-stat.ts';
import { BatchWriter, type WalkBatch, type WalkStep } from './walk-batch.ts';

/** The worker that walks the file system. It asks the system for all that a node says, and writes the beginning of its JSON. */
const port = parentPort;
if (!port) throw new TypeError('the walk ahead runs in a worker');

/** So many batches are sent ahead: 4 MiB. */
const maxAhead = 128;

const { paths, limit, taken: takenBuffer, ...options } = workerData as WalkRequest;
const taken = new Int32Array(takenBuffer);
const batch = new BatchWriter(send);
let sent = 0;

try {
  for (const event of walk(paths, new IgnoreRules(options), limit)) takeEvent(event);
  batch.flush(true);
} catch (error) {
  if (!isHoldfastError(error)) throw error;
  const { code, message, hint } = error;
  reply({ kind: 'failed', code, message, hint });
}

function send(full: WalkBatch): void {
  for (let seen = Atomics.load(taken, 0); sent - seen >= maxAhead; seen = Atomics.load(taken, 0))
    Atomics.wait(taken, 0, seen);
  sent++;
  reply({ kind: 'batch', batch: full }, [full.bytes.buffer, full.marks.buffer]);
}

function reply(message: WalkReply, transferList: ArrayBuffer[] = []): void {
  port?.postMessage(message, transferList);
}

function takeEvent(event: WalkEvent): void {
  switch (event.kind) {
    case 'enter':
    case 'kept':
      add(event.kind, event, encodeNodeHead(nodeOfStat(event, 'dir', event.stat, xattrsOf(event.path))));
      break;
    case 'leave':
      batch.add({ kind: 'leave', isRoot: event.isRoot, path: '', text: '', size: 0 });
      break;
    case 'entry':
      describe(event, event.stat);
      break;
    case 'unreadable':
      addUnreadable(event.path, event.error);
      break;
    case 'forbidden':
    case 'excluded':
      add(event.kind, event);
      break;
  }
}

/** Nothing is said of what is not kept; what cannot be looked at is reported. */
function describe({ path, name }: WalkPlace, stat: FileStat): void {
  const { kind, size } = stat;
  if (kind === 'irregular') return;
  try {
    const node = nodeOfStat({ path, name }, kind, stat, xattrsOf(path));
    const step = { isRoot: false, path: '' };
    if (kind === 'file') batch.add({ ...step, kind: 'file', text: encodeNodeHead(node), size });
    else batch.add({ ...step, kind: 'other', text: encodeNode(node), size: 0 });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    addUnreadable(path, error);
  }
}

/** None when they cannot be read, which is reported: the rest is worth saving. */
function xattrsOf(path: Bytes): Xattr[] {
  try {
    return readXattrs(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // What has vanished shows when it is opened.
    if (error.code !== 'ENOENT') addUnreadable(path, error);
    return [];
  }
}

function addUnreadable(path: Bytes, { code, message }: NodeJS.ErrnoException): void {
  add('unreadable', { path, isRoot: false }, `${code} ${message}`);
}

function add(
  kind: WalkStep['kind'],
  { path, isRoot }: { readonly path: Bytes; readonly isRoot: boolean },
  text = '',
): void {
  batch.add({ kind, isRoot, path: asBuffer(path).toString('latin1'), text, size: 0 });
}
