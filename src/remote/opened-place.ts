import type { Clock } from '../base/index.ts';
import type { ObjectStore } from '../storage/index.ts';
import type { Line } from '../transport/index.ts';

/** A store, and the connections that it keeps until it is disposed of. */
export interface OpenedPlace extends Disposable {
  readonly store: ObjectStore;
  /** How it is reached, for people: `over S3 at HOST`. */
  readonly route: string;
}

/** With what a place is opened. */
export interface OpeningOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly line?: Line;
}
