import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCommand } from './measure.ts';

const checkout = join(import.meta.dirname, '..');

/** The package as it is published, without the checkout's source. */
export class BuiltPackage {
  /** Its program. */
  readonly launcher: string;

  /** Lays the built package out in `directory`; `npm run build` comes before. */
  constructor(directory: string) {
    mkdirSync(directory);
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(checkout, part), join(directory, part), { recursive: true });
    symlinkSync(join(checkout, 'node_modules'), join(directory, 'node_modules'));
    this.launcher = join(directory, 'bin/holdfast');
  }

  /** A holdfast command with its home in `directory`. */
  command(directory: string, words: readonly string[]): BenchCommand {
    const env = { HOME: directory, INIT_CWD: undefined, HOLDFAST_HOME: undefined };
    const home = ['--home', join(directory, 'holdfast')];
    return { program: this.launcher, words: [...words, ...home], env, directory };
  }
}
