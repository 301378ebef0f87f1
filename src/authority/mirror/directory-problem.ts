import { HoldfastError, isSystemError } from '../../base/index.ts';

/** What the system says about a directory elsewhere, in words. What is no refusal of the system comes back as it is. */
export function directoryProblem(error: unknown, directory: string): unknown {
  if (!isSystemError(error)) return error;
  const [problem, hint] = meanings[error.code ?? ''] ?? [`cannot be used (${error.code})`];
  const code = error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'storage_full' : 'storage_failed';
  return new HoldfastError(code, `${directory} ${problem}`, { cause: error, ...(hint && { hint }) });
}

const full = ['has no space left', 'make room there'] as const;
const forbidden = ['may not be read and written by this process', 'change its owner or mode'] as const;
const dead = ['is on a disk that does not answer', 'look at the disk, or mount it again'] as const;

const meanings: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: [
    'is on a disk that is read-only',
    'mount it for writing; a damaged disk becomes read-only by itself',
  ],
  ENOENT: ['is not there', 'mount its disk; no directory is made'],
  ENOTDIR: ['is no directory', 'name one'],
  EIO: dead,
  ESTALE: dead,
  ENODEV: dead,
  ENXIO: dead,
  EHOSTDOWN: dead,
  ETIMEDOUT: dead,
};
