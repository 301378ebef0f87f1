import type { Clock, Secret } from '../../base/index.ts';

/** What a delivery works with. */
export interface Delivery {
  readonly secret: Secret<string> | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
}
