import { ForwardingStore } from './forwarding-store.ts';
import type { ObjectBody, ObjectRef } from './object-store.ts';

/** A store that takes what is written and keeps none of it, and removes nothing: what would be done is done beside it. */
export class DryRunStore extends ForwardingStore {
  override async create(): Promise<void> {}

  override async write(_ref: ObjectRef, body: ObjectBody): Promise<void> {
    for await (const _piece of body);
  }

  override async remove(): Promise<void> {}
}
