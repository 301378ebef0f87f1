import { parentPort, workerData } from 'node:worker_threads';
import { IgnoreRules, walk } from '../../files/index.ts';
import type { EstimateRequest } from './size-estimate-request.ts';

const { paths, ...rules } = workerData as EstimateRequest;
let bytes = 0;
for (const event of walk(paths, new IgnoreRules(rules))) {
  if (event.kind === 'entry' && event.stat.kind === 'file') bytes += event.stat.size;
}
parentPort?.postMessage(bytes, []);
