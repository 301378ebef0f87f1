import { join } from 'node:path';
import { layOutPackage } from '../scripts/bundle/lay-out-package.ts';
import type { BenchCommand } from './measure.ts';

/** The package as it is published, without the checkout's source. */
export class BuiltPackage {
  /** Its program. */
  readonly launcher: string;

  /** Lays the built package out in `directory`; `npm run build` comes before. */
  constructor(directory: string) {
    this.launcher = layOutPackage(directory);
  }

  /** A holdfast command with its home in `directory`. */
  command(directory: string, words: readonly string[]): BenchCommand {
    const env = { HOME: directory, INIT_CWD: undefined, HOLDFAST_HOME: undefined };
    const home = ['--home', join(directory, 'holdfast')];
    return { program: this.launcher, words: [...words, ...home], env, directory };
  }
}
