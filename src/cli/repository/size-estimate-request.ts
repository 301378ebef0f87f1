import type { Bytes } from '../../base/index.ts';
import type { IgnoreOptions } from '../../files/index.ts';

/** What is to be measured. */
export interface EstimateRequest extends IgnoreOptions {
  readonly paths: readonly Bytes[];
}
