import { appendFileSync } from 'node:fs';
import { systemErrorCode } from '../../src/base/index.ts';

/** Takes what is left of a disk, to the last page, for a file. */
export function fillDisk(path: string): void {
  for (const size of [65_536, 4096]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size, 1));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOSPC') throw error;
    }
  }
}
