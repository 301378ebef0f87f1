import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const checkout = join(import.meta.dirname, '../..');

/**
 * Lays out in a new `directory` what the package holds, as `npm run build` left it, with what npm would put beside it and
 * without the source. Returns its launcher.
 */
export function layOutPackage(directory: string): string {
  mkdirSync(directory);
  // The launcher asks where it is itself, so it is copied.
  cpSync(join(checkout, 'bin'), join(directory, 'bin'), { recursive: true });
  for (const part of ['dist', 'package.json', 'node_modules'])
    symlinkSync(join(checkout, part), join(directory, part));
  return join(directory, 'bin/holdfast');
}
