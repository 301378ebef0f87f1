import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificatePem } from '../../../src/pki/index.ts';
import { runHoldfast, runProgram } from '../../rig/holdfast-process.ts';
import type { Judgement } from './judgement.ts';
import type { Shape } from './shapes.ts';

/** Makes an NSS database at `path` that trusts the roots of all shapes, but for those by Ed25519, which it does not take. */
export async function createNssDatabase(path: string, shapes: readonly Shape[]): Promise<void> {
  await mkdir(path, { recursive: true });
  await runProgram('certutil', ['-N', '-d', `sql:${path}`, '--empty-password']);
  const taken = shapes.filter(({ algorithm }) => algorithm !== 'ed25519');
  const roots = new Map(taken.map(({ root }) => [Buffer.from(root).toString('base64'), root]));
  for (const [index, root] of [...roots.values()].entries()) {
    const file = join(path, 'root.pem');
    await writeFile(file, certificatePem(root));
    const words = ['-A', '-d', `sql:${path}`, '-n', `root ${index}`, '-t', 'CT,,', '-i', file];
    await runProgram('certutil', words);
  }
}

/** NSS by its own `vfychain`, over what {@link writeShapes} wrote; hosts are not compared. */
export async function judgeByNss(directory: string, shapes: readonly Shape[]): Promise<Judgement[]> {
  const database = join(directory, 'nss');
  await createNssDatabase(database, shapes);
  const judgements: Judgement[] = [];
  for (const [index, { use }] of shapes.entries()) {
    const chain = ['leaf', 'issuing'].flatMap((what) => ['-a', join(directory, `${index}-${what}.pem`)]);
    const words = ['-d', `sql:${database}`, '-p', '-p', '-u', use === 'server' ? '1' : '0', ...chain];
    const { code, stdout, stderr } = await runHoldfast(words, { program: 'vfychain' });
    judgements.push(code === 0 ? 'ok' : `refused ${stdout}${stderr}`.replace(/\s+/g, ' '));
  }
  return judgements;
}
