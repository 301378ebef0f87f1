import { type Bytes, equalBytes, workerEntry } from '../../base/index.ts';
import type { CertificateRequest } from '../../pki/index.ts';
import type { Issuer } from '../issuers/index.ts';
import { checkProof, type ProofRule } from './request-proof.ts';
import { isProven, notProven, SigningThread, unpack } from './signing-thread.ts';

/** So many go to the thread at once. */
const maxBatch = 12;

/** A certificate that is to be signed (TBSCertificate, DER), and by what. */
export interface Unsigned {
  readonly tbs: Bytes;
  readonly issuer: Pick<Issuer, 'issuingKey'>;
}

/** A request whose proof is looked at in the other thread. */
interface Waiting {
  readonly request: CertificateRequest;
  /** What it is to get, where that is known already. */
  readonly draft: Unsigned | undefined;
  readonly rule: ProofRule | undefined;
  readonly resolve: (signature: Bytes | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What takes longest on the way to a certificate: checks that requests prove their keys, and signs what they are to get. A
 * request that comes alone is checked at once; several that come together go to a thread, some at a time, so that it
 * begins while others are still being read. What is left over goes there when it is done with the rest: waking it costs
 * nearly as much as one check.
 */
export class CertificateSigner {
  readonly #thread = new SigningThread(workerEntry(import.meta.url, './certificate-signer-worker'));
  /** Those that have not gone there yet. */
  #arrived: Waiting[] = [];

  /**
   * Resolves for a request that proves its key; with the signature of its draft when that is made already, else it is left
   * to whoever issues. What only `rule` takes is looked at here, since the thread knows of none. Errors: as {@link checkProof} throws.
   */
  check(request: CertificateRequest, draft?: Unsigned, rule?: ProofRule): Promise<Bytes | undefined> {
    return new Promise((resolve, reject) => {
      this.#arrived.push({ request, draft, rule, resolve, reject });
      if (this.#arrived.length === maxBatch) this.#send();
      else if (this.#arrived.length === 1) setImmediate(() => this.#sendRest());
    });
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #sendRest(): void {
    if (this.#arrived.length > 0 && this.#thread.isIdle) this.#send();
  }

  #send(): void {
    const batch = this.#arrived;
    this.#arrived = [];
    if (batch.length === 1) return batch.forEach(checkHere);
    const key = batch.findLast(({ draft }) => draft !== undefined)?.draft?.issuer.issuingKey;
    // A draft of an issuing certificate that was replaced meanwhile is of no use.
    const tbsOf = ({ draft }: Waiting) => (draft?.issuer.issuingKey === key ? draft?.tbs : undefined);
    const pieces = batch.flatMap((waiting) => [waiting.request.der, tbsOf(waiting) ?? new Uint8Array()]);
    void this.#thread
      .ask(key, pieces)
      .then(
        (results) => unpack(results).forEach((result, index) => settle(batch[index], result)),
        // Without the thread it takes longer, and that is all.
        () => batch.forEach(checkHere),
      )
      .then(() => this.#sendRest());
  }
}

function settle(waiting: Waiting | undefined, result: Bytes): void {
  if (waiting === undefined) return;
  if (equalBytes(result, notProven)) checkHere(waiting);
  else waiting.resolve(equalBytes(result, isProven) ? undefined : result);
}

function checkHere({ request, rule, resolve, reject }: Waiting): void {
  try {
    checkProof(request, rule);
    resolve(undefined);
  } catch (error) {
    reject(error);
  }
}
