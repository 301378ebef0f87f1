/** Large enough that system calls do not count, small enough for many uploads at a time. */
const bufferBytes = 128 * 1024;

/** Uploads with a buffer of their own; 16 MiB in all. */
const maxBuffers = 128;

/**
 * The memory in which uploads are gathered. It is bounded and used again and again: a fresh buffer for each piece
 * would wait for the garbage collector, many times over what is in use. When it is all taken, `take` gives nothing
 * and nobody waits: slow peers cannot keep the others from their memory.
 */
export class StorageBufferPool {
  readonly #free: Buffer[] = [];
  #taken = 0;

  take(): Buffer | undefined {
    if (this.#taken === maxBuffers) return undefined;
    this.#taken++;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  give(buffer: Buffer): void {
    this.#taken--;
    this.#free.push(buffer);
  }
}
