import type { ClientBounds } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import {
  ForwardingStore,
  formatObjectRef,
  type ObjectBody,
  type ObjectRef,
  type ObjectStore,
  type WriteOptions,
} from '../storage/index.ts';

/**
 * A client's repository as it may use it: what was decided of the client is looked up each time that something is to
 * change. Reading is nobody's business here.
 */
export class GuardedStore extends ForwardingStore {
  readonly #bounds: () => Promise<ClientBounds>;

  constructor(inner: ObjectStore, bounds: () => Promise<ClientBounds>) {
    super(inner);
    this.#bounds = bounds;
  }

  /** @throws HoldfastError `node_quarantined` */
  override async create(options?: { signal?: AbortSignal }): Promise<void> {
    await this.#free();
    await super.create(options);
  }

  /** @throws HoldfastError `node_quarantined` */
  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    await this.#free();
    await super.write(ref, body, options);
  }

  /** @throws HoldfastError `node_quarantined`, `append_only` without the right to remove */
  override async remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    const { prune } = await this.#free();
    if (!prune && ref.type !== 'locks')
      throw new HoldfastError('append_only', `${formatObjectRef(ref)} cannot be removed: append-only`);
    await super.remove(ref, options);
  }

  async #free(): Promise<ClientBounds> {
    const bounds = await this.#bounds();
    if (bounds.quarantinedAt === undefined) return bounds;
    throw new HoldfastError('node_quarantined', 'the client is in quarantine: nothing of it is changed');
  }
}
