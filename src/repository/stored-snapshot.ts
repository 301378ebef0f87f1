import type { ObjectId } from '../storage/index.ts';
import type { Snapshot } from './format/snapshot.ts';

/** A snapshot and its name. */
export interface StoredSnapshot extends Snapshot {
  readonly id: ObjectId;
  /** When it was stored, where the store knows and that can be so; milliseconds since 1970. */
  readonly arrivedMs?: number;
}
