import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findGoProgram, resticFromSource } from '../scripts/go-programs.ts';
import { runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Figures {
  readonly bytes: number;
  readonly files: number;
  readonly blobs: number;
}

const modes = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'];

describe('holdfast stats', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const there = () => ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
  const stats = async (...words: string[]): Promise<Figures & { readonly uncompressedBytes?: number }> => {
    const { stdout } = await runHoldfast(['stats', '--json', ...words, ...there()]);
    return { files: 0, blobs: 0, ...(JSON.parse(stdout) as Partial<Figures> & Pick<Figures, 'bytes'>) };
  };
  const resticStats = async (program: string, ...words: string[]) => {
    const { stdout } = await runProgram(
      program,
      ['-r', at('repo'), '--no-cache', 'stats', '--json', ...words],
      {
        env: { RESTIC_PASSWORD: 'a password' },
      },
    );
    const line = stdout.trim().split('\n').at(-1) ?? '';
    return JSON.parse(line) as Readonly<Record<string, number | undefined>>;
  };

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('password'), 'a password\n');
    mkdirSync(at('data/deep/er'), { recursive: true });
    writeFileSync(at('data/large'), randomBytes(5_000_000));
    writeFileSync(at('data/empty'), '');
    writeFileSync(at('data/deep/text'), 'the same\n'.repeat(100_000));
    cpSync(at('data/deep/text'), at('data/deep/er/text'));
    linkSync(at('data/large'), at('data/deep/linked'));
    symlinkSync('large', at('data/link'));
    const save = async (host: string) =>
      await runHoldfast(['backup', at('data'), '--init', '--host', host, '--tag', host, ...there()]);
    await save('one');
    writeFileSync(at('data/deep/text'), 'changed\n'.repeat(100_000));
    writeFileSync(at('data/new'), randomBytes(2000));
    await save('two');
    await save('two');
  });
  after(() => place[Symbol.dispose]());

  it('counts what restic counts, in each of its modes', async () => {
    const newest = findGoProgram(resticFromSource);
    for (const mode of modes)
      for (const chosen of mode === 'restore-size' ? [[], ['--host', 'one']] : [[]]) {
        const { bytes, files, blobs, uncompressedBytes } = await stats('--mode', mode, ...chosen);
        for (const program of ['restic', ...(newest === undefined ? [] : [newest])]) {
          const said = await resticStats(program, '--mode', mode, ...chosen);
          const what = `${program} ${mode} ${chosen.join(' ')}`;
          assert.deepEqual(
            [bytes, files, blobs],
            [said['total_size'], said['total_file_count'] ?? 0, said['total_blob_count'] ?? 0],
            what,
          );
          const plain = said['total_uncompressed_size'];
          if (plain !== undefined) assert.equal(uncompressedBytes, plain, what);
        }
      }
  });

  it('counts what is named, and names what cannot be read', async () => {
    const all = await stats();
    const latest = await stats('latest');
    assert.equal((await stats('--tag', 'two')).bytes, 2 * latest.bytes);
    assert.ok(all.bytes > (await stats('--path', at('data'), '--host', 'one')).bytes);
    const { stdout } = await runHoldfast(['stats', '--mode', 'raw-data', ...there()]);
    assert.match(stdout, /raw-data +3 snapshots +\d+ blobs .*\n +plain +.*times as much/);
  });
});
