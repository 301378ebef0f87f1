import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificatePem } from '../../../src/pki/index.ts';
import { runProgram } from '../../rig/holdfast-process.ts';
import type { Shape } from './shapes.ts';

/** What a validator says of a shape: `ok`, or why it is refused. */
export type Judgement = string;

/** Writes the certificates of every shape, and the file `list`: a line each, use, root, issuing, leaf and host. */
export async function writeShapes(directory: string, shapes: readonly Shape[]): Promise<void> {
  const lines = await Promise.all(
    shapes.map(async ({ use, root, issuing, leaf, host = '' }, index) => {
      const path = (what: string): string => join(directory, `${index}-${what}.pem`);
      await writeFile(path('root'), certificatePem(root));
      await writeFile(path('issuing'), certificatePem(issuing));
      await writeFile(path('leaf'), certificatePem(leaf));
      return [use, path('root'), path('issuing'), path('leaf'), host].join('\t');
    }),
  );
  await writeFile(join(directory, 'list'), `${lines.join('\n')}\n`);
}

/** Lets a program judge the list in `directory`: it prints a line for each of its lines. */
export async function judgeList(
  directory: string,
  [program, ...words]: readonly [string, ...string[]],
): Promise<Judgement[]> {
  const { stdout } = await runProgram(program, [...words, join(directory, 'list')]);
  return stdout.trimEnd().split('\n');
}
