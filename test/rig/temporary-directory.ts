import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that is gone, with everything in it, when its scope ends: `using directory = temporaryDirectory()`. */
export interface TemporaryDirectory extends Disposable {
  readonly path: string;
}

/** Makes an empty directory of its own below `parent`, the system's temporary one unless said. */
export function temporaryDirectory(parent = tmpdir()): TemporaryDirectory {
  const path = realpathSync(mkdtempSync(join(parent, 'holdfast-test-')));
  return {
    path,
    [Symbol.dispose]: () => {
      // Nobody but root can empty a folder that its mode makes read-only.
      execFileSync('chmod', ['-R', 'u+rwX', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
