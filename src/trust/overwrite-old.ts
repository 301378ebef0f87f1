import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Does `replace`, which puts another file in the place of `path`, and then writes random bytes over what was there,
 * unless it has another name still: that is somebody's copy.
 */
export async function overwritingOld(path: string, replace: () => Promise<void>): Promise<void> {
  const old = await open(path, 'r+');
  try {
    await replace();
    await overwrite(old);
  } finally {
    await old.close();
  }
}

async function overwrite(old: FileHandle): Promise<void> {
  const { nlink, size } = await old.stat();
  if (nlink > 0) return;
  await old.write(randomBytes(size), 0, size, 0);
  await old.sync();
}
