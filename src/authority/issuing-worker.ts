import { parentPort } from 'node:worker_threads';
import { type Bytes, isHoldfastError } from '../base/index.ts';
import { parseCertificateRequest, signLinted } from '../pki/index.ts';
import type { IssuingBatch, IssuingResult } from './issuing-batch.ts';
import { checkProof } from './request-rules.ts';

/** The entry point of the thread that verifies requests and signs certificates: batches in, a result for each request out. */
const port = parentPort;
if (port === null) throw new TypeError('issuing-worker runs as a worker thread');
port.on('message', (batch: IssuingBatch) => port.postMessage(resultsOf(batch)));

function resultsOf({ bytes, lengths, key }: IssuingBatch): IssuingResult[] {
  const pieces = piecesOf(bytes, lengths);
  return Array.from({ length: pieces.length / 2 }, (_, index) => {
    const [request, tbs] = pieces.slice(2 * index) as [Bytes, Bytes];
    if (!proves(request)) return false;
    return key === undefined || tbs.length === 0 ? true : (unlessRefused(() => signLinted(tbs, key)) ?? true);
  });
}

function piecesOf(bytes: Bytes, lengths: readonly number[]): Bytes[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
}

function proves(der: Bytes): boolean {
  return (
    unlessRefused(() => {
      checkProof(parseCertificateRequest(der));
      return true;
    }) ?? false
  );
}

/** What is refused is found out again where its error can be told. */
function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return undefined;
  }
}
