import { parentPort, workerData } from 'node:worker_threads';
import type { Bytes } from '../../base/index.ts';
import { type IgnoreOptions, IgnoreRules, walk } from '../../files/index.ts';

/** What is to be measured. */
export interface EstimateRequest extends IgnoreOptions {
  readonly paths: readonly Bytes[];
}

const { paths, ...rules } = workerData as EstimateRequest;
let bytes = 0;
for (const event of walk(paths, new IgnoreRules(rules))) {
  if (event.kind === 'entry' && event.stat.kind === 'file') bytes += event.stat.size;
}
parentPort?.postMessage(bytes, []);
