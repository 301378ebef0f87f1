import type { KeyObject } from 'node:crypto';
import { type Bytes, isHoldfastError } from '../../base/index.ts';
import { parseCertificateRequest, signLinted } from '../../pki/index.ts';
import { checkProof } from './request-proof.ts';
import { answerBatches, isProven, notProven } from './signing-thread.ts';

/** The entry point of the thread that verifies requests and signs certificates: pairs of both in, a result for each out. */
answerBatches((pieces, key) =>
  Array.from({ length: pieces.length / 2 }, (_, index) => {
    const [request, tbs] = pieces.slice(2 * index) as [Bytes, Bytes];
    return unlessRefused(() => resultOf(request, tbs, key)) ?? notProven;
  }),
);

function resultOf(request: Bytes, tbs: Bytes, key: KeyObject | undefined): Bytes {
  checkProof(parseCertificateRequest(request));
  return key === undefined || tbs.length === 0
    ? isProven
    : (unlessRefused(() => signLinted(tbs, key)) ?? isProven);
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
