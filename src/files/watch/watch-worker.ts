import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { mountInfoFile, mountPoints } from './mount-points.ts';
import { waitForHandles } from './ready-handles.ts';
import type { WatchCommand } from './watch-messages.ts';
import { WatchedTree } from './watched-tree.ts';

/** The thread that watches: it waits in the kernel, and does nothing at all while nothing happens. */
const port = parentPort;
if (!port) throw new TypeError('watching is done in a worker');

/** Written by whoever has a command. */
const { wake } = workerData as { readonly wake: number };
/** Events that come soon after the first are taken with it: one wakening for many. */
const gatherMs = 50;

const mountHandle = openSync(mountInfoFile, 'r');
let mounts = readMounts();
const trees = new Map<string, WatchedTree>();
let isOver = false;

while (!isOver) {
  const known = [...trees.values()];
  const handles = known.flatMap((tree) => tree.handles);
  const waits = known.map(({ waitMs }) => waitMs).filter((ms) => ms !== undefined);
  const ready = waitForHandles(
    [wake, mountHandle, ...handles],
    waits.length === 0 ? -1 : Math.ceil(Math.min(...waits)),
  );
  if (ready.has(0)) takeCommands();
  if (ready.has(1)) takeMounts();
  if (ready.size > 0 && !ready.has(0)) waitForHandles([wake], gatherMs);
  for (const tree of trees.values()) {
    tree.take();
    const report = tree.report();
    if (report !== undefined) port.postMessage(report);
  }
}
for (const tree of trees.values()) tree.close();
closeSync(mountHandle);
port.close();

function takeCommands(): void {
  readSync(wake, Buffer.alloc(8));
  for (let found = nextCommand(); found !== undefined; found = nextCommand()) {
    if (found.kind === 'end') isOver = true;
    else {
      trees.get(found.id)?.close();
      trees.delete(found.id);
      if (found.kind === 'watch') trees.set(found.id, openTree(found.id, found.options));
    }
  }
}

function nextCommand(): WatchCommand | undefined {
  if (!port) return undefined;
  const command: WatchCommand | undefined = receiveMessageOnPort(port)?.message;
  return command;
}

function openTree(...what: ConstructorParameters<typeof WatchedTree>): WatchedTree {
  const tree = new WatchedTree(...what);
  tree.open();
  return tree;
}

/** What was mounted or unmounted meanwhile covers, or uncovers, what was there. */
function takeMounts(): void {
  const now = readMounts();
  const moved = new Set(
    [...mounts.symmetricDifference(now)].map((mount) => mount.slice(mount.indexOf(' ') + 1)),
  );
  mounts = now;
  for (const path of moved) for (const tree of trees.values()) tree.remount(path);
}

function readMounts(): ReadonlySet<string> {
  return mountPoints(readFileSync(mountInfoFile, 'latin1'));
}
