import { parentPort } from 'node:worker_threads';
import { type Bytes, isHoldfastError } from '../base/index.ts';
import { parseCertificateRequest } from '../pki/index.ts';
import type { RequestBatch } from './request-batch.ts';
import { checkProof } from './request-rules.ts';

/** The entry point of the thread that verifies requests: their DER in, whether each proves its key out. */
const port = parentPort;
if (port === null) throw new TypeError('request-verifier-worker runs as a worker thread');
port.on('message', (batch: RequestBatch) => port.postMessage(dersOf(batch).map(proves)));

function dersOf({ bytes, lengths }: RequestBatch): Bytes[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
}

function proves(der: Bytes): boolean {
  try {
    checkProof(parseCertificateRequest(der));
    return true;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return false;
  }
}
