import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { asBuffer } from '../../base/index.ts';
import { CutFinder } from '../kernel/rabin.ts';
import { BatchSender, FileScanner } from './file-scanner.ts';
import type { ScannerData, ScanRequest } from './messages.ts';
import { ReadRing } from './read-ring.ts';

/** The worker that reads files: one, because reading and cutting is the smaller part of the work. */
const port = parentPort;
if (!port) throw new TypeError('the scanner runs in a worker');
const { arena, polynomial, sealers } = workerData as ScannerData;
const ring = new ReadRing(arena);
const sender = new BatchSender(arena, ring, sealers);
const scanner = new FileScanner(arena, ring, sender, new CutFinder(arena.memory, polynomial));

port.on('message', (request: ScanRequest) => {
  scanAll(request);
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    scanAll(next.message as ScanRequest);
  }
  // Nothing more to do now: others shall not wait for a batch to fill.
  sender.send(ring.head);
});

function scanAll({ first, paths, sizes }: ScanRequest): void {
  const list = asBuffer(paths);
  let at = 0;
  sizes.forEach((size, n) => {
    const end = list.indexOf(0, at);
    scanner.scan(first + n, list.subarray(at, end), size);
    at = end + 1;
  });
}
