import type { ClientBounds } from '../authority/index.ts';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  ForwardingStore,
  formatObjectRef,
  type ObjectBody,
  type ObjectRef,
  type ObjectStore,
  replacedBy,
  type WriteOptions,
} from '../storage/index.ts';
import type { ClientAccount } from './client-ledger.ts';

interface Guarding {
  readonly bounds: () => Promise<ClientBounds>;
  readonly account: ClientAccount;
}

/**
 * A client's repository as it may use it: what was decided of the client is looked up each time that something is to
 * change, and what it does is written into its account. Reading is nobody's business here.
 */
export class GuardedStore extends ForwardingStore {
  readonly #bounds: () => Promise<ClientBounds>;
  readonly #account: ClientAccount;

  constructor(inner: ObjectStore, { bounds, account }: Guarding) {
    super(inner);
    this.#bounds = bounds;
    this.#account = account;
  }

  /** @throws HoldfastError `node_quarantined` */
  override async create(options?: { signal?: AbortSignal }): Promise<void> {
    await this.#free();
    await super.create(options);
  }

  /** @throws HoldfastError `node_quarantined`, `quota_exceeded`; for what replaces another as {@link remove} */
  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const replaced = replacedBy(ref, options);
    if (replaced === undefined) return await this.#write(ref, body, options);
    await this.#removing(replaced, () => this.#write(ref, body, options));
  }

  async #write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const bounds = await this.#free();
    // What is there already takes no room: an upload whose answer was lost is sent again.
    if ((await this.#sizeOf(ref)) !== undefined) return await super.write(ref, body, options);
    using _reserved = this.#account.reserve(ref.type, options.size, bounds);
    await super.write(ref, body, options);
    this.#account.stored(ref.type, options.size);
  }

  /** @throws HoldfastError `node_quarantined`, `append_only` without the right to remove, `trash_exceeded` */
  override async remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    await this.#removing(ref, () => super.remove(ref, options));
  }

  /** Does what takes an object away, where it may be, and writes it into the account. */
  async #removing(ref: ObjectRef, work: () => Promise<void>): Promise<void> {
    try {
      await this.#takeAway(ref, work);
    } catch (error) {
      if (isHoldfastError(error, 'append_only', 'retention_locked', 'node_quarantined'))
        this.#account.refused();
      throw error;
    }
  }

  async #takeAway(ref: ObjectRef, work: () => Promise<void>): Promise<void> {
    const bounds = await this.#free();
    const isLock = ref.type === 'locks';
    if (!isLock && !bounds.prune)
      throw new HoldfastError('append_only', `${formatObjectRef(ref)} cannot be removed: append-only`);
    const size = await this.#sizeOf(ref);
    if (size !== undefined && !isLock) this.#account.checkTrash(size, bounds);
    await work();
    if (size !== undefined) this.#account.removed(ref.type, size);
  }

  /** Undefined for what is not there. */
  async #sizeOf(ref: ObjectRef): Promise<number | undefined> {
    try {
      return await super.stat(ref);
    } catch (error) {
      if (isHoldfastError(error, 'object_not_found')) return undefined;
      throw error;
    }
  }

  async #free(): Promise<ClientBounds> {
    const bounds = await this.#bounds();
    if (bounds.quarantinedAt === undefined) return bounds;
    throw new HoldfastError('node_quarantined', 'the client is in quarantine: nothing of it is changed');
  }
}
