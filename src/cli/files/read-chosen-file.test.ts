import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
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
