import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const checkout = join(import.meta.dirname, '../..');

/**
 * Lays out in a new `directory` what the package holds, as `npm run build` left it, with what npm would put beside it and
 * without the source. Returns its launcher.
 */
export function layOutPackage(directory: string): string {
  mkdirSync(directory);
  for (const part of ['bin', 'dist', 'docs', 'package.json'])
    cpSync(join(checkout, part), join(directory, part), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(directory, 'node_modules'));
  return join(directory, 'bin/holdfast');
}
