import { HoldfastError } from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
import type { JudgeRemoval, LocalTrash } from './local-trash.ts';
import {
  type ArrivingWrite,
  type ObjectBody,
  type ObjectRef,
  type ObjectStore,
  replacedBy,
  type WriteOptions,
} from './object-store.ts';

/**
 * A store from which nothing goes at once: what is removed rests in the trash, if `judge` lets it be removed at all. Locks,
 * which every run of restic makes and removes, go for good; the config, without which there is no repository, stays.
 * To whoever reads, what rests is not there.
 */
export class TrashStore extends ForwardingStore {
  readonly #trash: LocalTrash;
  readonly #judge: JudgeRemoval;

  constructor(
    inner: ObjectStore,
    { trash, judge }: { readonly trash: LocalTrash; readonly judge: JudgeRemoval },
  ) {
    super(inner);
    this.#trash = trash;
    this.#judge = judge;
  }

  /** @throws HoldfastError what the judge throws of what is replaced */
  override async write(
    ref: ObjectRef,
    body: ObjectBody,
    { replaces, ...options }: WriteOptions,
  ): Promise<void> {
    const replaced = replacedBy(ref, { replaces });
    if (replaced === undefined) return await super.write(ref, body, options);
    const found = await this.#trash.judge(replaced, this.#judge);
    const arriving: ArrivingWrite = { ...options, arrivedMs: found?.arrivedMs };
    await super.write(ref, body, arriving);
    await this.#trash.put(replaced, this.#judge);
  }

  /** @throws HoldfastError `append_only` for the config, and what the judge throws */
  override async remove(ref: ObjectRef, options: { signal?: AbortSignal } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (ref.type === 'config') throw new HoldfastError('append_only', 'config cannot be removed');
    if (ref.type === 'locks') await super.remove(ref, options);
    else await this.#trash.put(ref, this.#judge);
  }
}
