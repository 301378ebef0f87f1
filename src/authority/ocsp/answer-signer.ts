import { type Bytes, workerEntry } from '../../base/index.ts';
import type { OcspSigner } from '../../pki/index.ts';
import { SigningThread, unpack } from '../signing/index.ts';

/** A text whose signature is waited for. */
interface Waiting {
  readonly text: Bytes;
  readonly by: OcspSigner;
  readonly resolve: (signature: Bytes) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread begins with so many while the next are still being read. */
const maxBatch = 4;

/**
 * Signs answers, which is the longest step on the way to one. A text that comes alone is signed at once; several that come
 * together go to a thread together: waking it costs nearly as much as one signature.
 */
export class AnswerSigner {
  readonly #thread = new SigningThread(workerEntry(import.meta.url, './answer-signer-worker'));
  /** Those of this turn of the event loop that have not gone there yet, all for one signer. */
  #arrived: Waiting[] = [];

  /** The signature of a text. Errors: as {@link Signer} throws. */
  sign(text: Bytes, by: OcspSigner): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      if (this.#arrived[0] !== undefined && this.#arrived[0].by !== by) this.#send();
      this.#arrived.push({ text, by, resolve, reject });
      if (this.#arrived.length === maxBatch) this.#send();
      else if (this.#arrived.length === 1) setImmediate(() => this.#send());
    });
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #send(): void {
    const batch = this.#arrived;
    this.#arrived = [];
    const [first] = batch;
    if (first === undefined) return;
    if (batch.length === 1 && this.#thread.isIdle) return signHere(first);
    const texts = batch.map(({ text }) => text);
    this.#thread.ask(first.by.privateKey, texts).then(
      (signatures) => unpack(signatures).forEach((signature, index) => batch[index]?.resolve(signature)),
      // Without the thread it takes longer, and that is all.
      () => batch.forEach(signHere),
    );
  }
}

function signHere({ text, by, resolve, reject }: Waiting): void {
  try {
    resolve(by.signer.sign(text));
  } catch (error) {
    reject(error);
  }
}
