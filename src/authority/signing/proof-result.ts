import type { Bytes } from '../../base/index.ts';

/** What the thread answers instead of a signature, which is always longer. */
export const [notProven, isProven]: readonly [Bytes, Bytes] = [Uint8Array.of(0), Uint8Array.of(1)];
