import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readChosenFile } from './read-chosen-file.ts';

describe('a file that a person named', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-read-'));
  });
  after(() => rm(directory, { recursive: true }));

  it('is read whole, up to its longest', async () => {
    const path = join(directory, 'letter');
    const text = 'x'.repeat(100_000);
    await writeFile(path, text);
    assert.equal((await readChosenFile(path, { maxBytes: 100_000 })).toString(), text);
    await assert.rejects(readChosenFile(path, { maxBytes: 99_999, tooLong: 'backup_foreign' }), {
      code: 'backup_foreign',
      message: `${path} is too long: at most 99999 bytes are read`,
    });
  });

  it('is never read into memory without end', async () => {
    const path = join(directory, 'sparse');
    await writeFile(path, '');
    await truncate(path, 5 * 2 ** 30);
    for (const endless of [path, '/dev/zero'])
      await assert.rejects(readChosenFile(endless, { maxBytes: 10 }), { code: 'input_invalid' });
  });

  it('may be a pipe, which is waited for while somebody may write, and not for ever', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const read = readChosenFile(path, { maxBytes: 100 });
    await writeFile(path, 'a password\n');
    assert.equal((await read).toString(), 'a password\n');
    const none = { code: 'path_not_found', message: `${path}: nothing came out of it within 0.05 seconds` };
    await assert.rejects(readChosenFile(path, { maxBytes: 100, patienceMs: 50 }), none);
    await using silent = await open(path, 'r+');
    await assert.rejects(readChosenFile(path, { maxBytes: 100, patienceMs: 50 }), none);
    await silent.write('x'.repeat(200));
    await assert.rejects(readChosenFile(path, { maxBytes: 100 }), { code: 'input_invalid' });
  });

  it('that cannot be read is named, with why in words', async () => {
    const cases = [
      [directory, `password file ${directory}: it is a directory (EISDIR)`],
      [join(directory, 'no'), `password file ${directory}/no: there is no such file (ENOENT)`],
      [join(directory, 'letter/no'), `password file ${directory}/letter/no: there is no such file (ENOTDIR)`],
    ] as const;
    for (const [path, message] of cases)
      await assert.rejects(readChosenFile(path, { maxBytes: 10, what: 'password file', hint: 'do' }), {
        code: 'path_not_found',
        message,
        hint: 'do',
      });
  });
});
