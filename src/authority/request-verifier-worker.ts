import { parentPort } from 'node:worker_threads';
import { type Bytes, isHoldfastError } from '../base/index.ts';
import { parseCertificateRequest } from '../pki/index.ts';
import { checkProof } from './request-rules.ts';

/** The entry point of the thread that verifies requests: their DER in, whether each proves its key out. */
const port = parentPort;
if (port === null) throw new TypeError('request-verifier-worker runs as a worker thread');
port.on('message', (ders: readonly Bytes[]) => port.postMessage(ders.map(proves)));

function proves(der: Bytes): boolean {
  try {
    checkProof(parseCertificateRequest(der));
    return true;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return false;
  }
}
