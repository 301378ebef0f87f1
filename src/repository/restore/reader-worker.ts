import { parentPort, workerData } from 'node:worker_threads';
import { freeBytes, isHoldfastError } from '../../base/index.ts';
import { UnitCipher } from '../format/unit.ts';
import { createPoly1305 } from '../kernel/poly1305.ts';
import type {
  ContentRun,
  ReaderAnswer,
  ReaderKeys,
  ReaderRequest,
  ReaderTask,
  RunPurpose,
  RunResult,
} from './content-run.ts';
import { type PieceSink, RunComparer, RunWriter } from './piece-sink.ts';
import { RunOpener } from './run-opener.ts';

const keys = workerData as ReaderKeys;
const opener = new RunOpener(keys.open);
const sealer = keys.seal && new UnitCipher(keys.seal, createPoly1305());

parentPort?.on('message', (task: ReaderRequest) => {
  if (task === 'end') {
    parentPort?.close();
    return;
  }
  const result = takeRun(task);
  if (result.sealed === undefined) freeBytes(task.run.bytes);
  const moved = result.sealed === undefined ? [] : [result.sealed.buffer as ArrayBuffer];
  parentPort?.postMessage({ number: task.number, result } satisfies ReaderAnswer, moved);
});

function takeRun({ run, purpose }: ReaderTask): RunResult {
  const { blobs, pieces } = run;
  const sink = sinkFor(run, purpose);
  const damaged: { blob: number; message: string }[] = [];
  let piece = 0;
  for (let blob = 0; blob < blobs.offsets.length; blob++) {
    const plaintext = openOr(run, blob, (message) => damaged.push({ blob, message }));
    if (plaintext !== undefined && purpose === 'seal') sealAgain(run, blob);
    for (; pieces.blobs[piece] === blob; piece++) {
      const file = pieces.files[piece] ?? 0;
      if (plaintext === undefined) sink.lose(file);
      else sink.take(file, pieces.offsets[piece] ?? 0, plaintext);
    }
  }
  return { damaged, failed: sink.end(), ...(purpose === 'seal' && { sealed: run.bytes }) };
}

/** Puts the blob that was opened last where it was, under the other key: a unit has the same length under each. */
function sealAgain({ bytes, blobs }: ContentRun, blob: number): void {
  if (sealer === undefined) throw new TypeError('there is no key to seal with');
  const unit = sealer.seal(opener.stored);
  bytes.set(unit, blobs.offsets[blob]);
  freeBytes(unit);
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
  if (purpose === 'compare' || purpose === 'seal') return new RunComparer(run.files);
  return new RunWriter(run.files, { replace: purpose === 'replace' });
}
