import { HoldfastError } from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
import { formatObjectRef, type ObjectRef } from './object-store.ts';

/**
 * A store from which nothing can be taken away: removing is `append_only`, except for locks, which every run of
 * restic makes and removes. Overwriting is refused by every store.
 */
export class AppendOnlyStore extends ForwardingStore {
  override async remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    if (ref.type !== 'locks') {
      throw new HoldfastError('append_only', `${formatObjectRef(ref)} cannot be removed: append-only`);
    }
    await super.remove(ref, options);
  }
}
