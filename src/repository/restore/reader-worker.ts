import { parentPort, workerData } from 'node:worker_threads';
import { freeBytes, isHoldfastError } from '../../base/index.ts';
import type { MasterKey } from '../format/unit.ts';
import type {
  ContentRun,
  ReaderAnswer,
  ReaderRequest,
  ReaderTask,
  RunPurpose,
  RunResult,
} from './content-run.ts';
import { type PieceSink, RunComparer, RunWriter } from './piece-sink.ts';
import { RunOpener } from './run-opener.ts';

const opener = new RunOpener(workerData as MasterKey);

parentPort?.on('message', (task: ReaderRequest) => {
  if (task === 'end') {
    parentPort?.close();
    return;
  }
  const result = takeRun(task);
  freeBytes(task.run.bytes);
  parentPort?.postMessage({ number: task.number, result } satisfies ReaderAnswer, []);
});

function takeRun({ run, purpose }: ReaderTask): RunResult {
  const { blobs, pieces } = run;
  const sink = sinkFor(run, purpose);
  const damaged: { blob: number; message: string }[] = [];
  let piece = 0;
  for (let blob = 0; blob < blobs.offsets.length; blob++) {
    const plaintext = openOr(run, blob, (message) => damaged.push({ blob, message }));
    for (; pieces.blobs[piece] === blob; piece++) {
      const file = pieces.files[piece] ?? 0;
      if (plaintext === undefined) sink.lose(file);
      else sink.take(file, pieces.offsets[piece] ?? 0, plaintext);
    }
  }
  return { damaged, failed: sink.end() };
}

function openOr(run: ContentRun, blob: number, onDamage: (message: string) => void): Uint8Array | undefined {
  try {
    return opener.open(run.bytes, run.blobs, blob);
  } catch (error) {
    if (!isHoldfastError(error, 'repository_damaged')) throw error;
    onDamage(error.message);
    return undefined;
  }
}

function sinkFor(run: ContentRun, purpose: RunPurpose): PieceSink {
  if (purpose === 'compare') return new RunComparer(run.files);
  return new RunWriter(run.files, { replace: purpose === 'replace' });
}
