import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const canMount = process.getuid?.() === 0 && process.platform === 'linux';

/** Why a test that mounts is skipped, for its `skip`; what a full disk means is tested beside the code too, for everybody. */
export const cannotMount: string | false = canMount ? false : 'only root may mount a small disk';

/** Makes a directory with a file system of its own in memory, of a size as `mount` takes it (`12m`). */
export function mountSmallDisk(directory: string, size: string): Disposable {
  mkdirSync(directory, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]);
  return { [Symbol.dispose]: () => execFileSync('umount', [directory]) };
}
