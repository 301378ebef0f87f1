import { parentPort } from 'node:worker_threads';
import { type Signer, signerOf } from '../../pki/index.ts';
import { pack, type SigningBatch, unpack } from './signing-batch.ts';

/** The entry point of the thread that signs answers: batches of texts in, their signatures out in the same order. */
const port = parentPort;
if (port === null) throw new TypeError('signing-worker runs as a worker thread');
const signers: Signer[] = [];
port.on('message', ({ newKey, key, texts }: SigningBatch) => {
  if (newKey !== undefined) signers[key] = signerOf(newKey);
  const signer = signers[key];
  if (signer === undefined) throw new TypeError(`key ${key} was never sent`);
  const signatures = pack(unpack(texts).map((text) => signer.sign(text)));
  port.postMessage(signatures, [signatures.bytes.buffer]);
});
