import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { launcher, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface LogRecord {
  readonly sequence: number;
  readonly previous: string;
  readonly kind: string;
  readonly by: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the log of an authority', () => {
  let place: TemporaryDirectory;
  let home: string;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = async (words: readonly string[], where = home): Promise<string> =>
    (await runProgram(launcher, [...words, '--home', where])).stdout;

  before(async () => {
    place = temporaryDirectory();
    home = at('home');
    await run(['init', '--network', 'network.test', '--names', 'localhost']);
    for (const name of ['ann', 'bob', '=cmd']) {
      const words = ['token', 'create', name, '--home', home];
      assert.equal((await runHoldfast(words)).code === 0, !name.startsWith('='));
    }
    await run(['ca', 'export', at('ca.pem')]);
    await run(['policy', 'set', 'queue', 'on']);
  });
  after(() => place[Symbol.dispose]());

  it('is listed, the newest first, by kind, by whom and by when', async () => {
    const all = JSON.parse(await run(['audit', 'list', '--json'])) as LogRecord[];
    assert.deepEqual(
      all.map(({ sequence, kind }) => [sequence, kind]),
      [
        [4, 'policy changed'],
        [3, 'token created'],
        [2, 'token created'],
        [1, 'authority created'],
      ],
    );
    const numbersOf = async (...words: string[]): Promise<number[]> =>
      (JSON.parse(await run(['audit', 'list', '--json', ...words])) as LogRecord[]).map((r) => r.sequence);
    assert.deepEqual(await numbersOf('--kind', 'token created'), [3, 2]);
    assert.deepEqual(await numbersOf('--by', 'admin/local', '--limit', '1'), [4]);
    assert.deepEqual(await numbersOf('--by', 'client/ann'), []);
    assert.deepEqual(await numbersOf('--since', '1d', '--kind', 'authority created'), [1]);
    assert.deepEqual(await numbersOf('--until', '2020-01-01'), []);
    const wrong = await runHoldfast(['audit', 'list', '--since', 'yesterday', '--json', '--home', home]);
    assert.equal(errorIn(wrong).code, 'usage');
    assert.match(await run(['audit', 'list']), /token created +admin\/local +token=2 identity=client\/bob/);
  });

  it('is exported as the lines that its hashes are of, or as a table, whole', async () => {
    await run(['audit', 'export', at('log.jsonl')]);
    const lines = readFileSync(at('log.jsonl'), 'utf8').trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as LogRecord);
    for (const [i, { previous }] of records.entries())
      assert.equal(previous, i === 0 ? '0'.repeat(64) : sha256(lines[i - 1] ?? ''));
    await run(['audit', 'export', '--format', 'csv', at('log.csv')]);
    const rows = readFileSync(at('log.csv'), 'utf8').split('\r\n');
    assert.equal(rows[0], 'sequence,epoch,at,kind,by,details,previous');
    assert.match(rows[3] ?? '', /^3,1,\S+,token created,admin\/local,"\{""token"":2,/);
    assert.equal(rows.length, records.length + 2);
    const elsewhere = ['audit', 'export', at('missing', 'log.csv'), '--home', home];
    assert.equal((await runHoldfast(elsewhere)).code, 1);
    assert.equal(existsSync(at('missing')), false);
  });

  it('is whole, and passes through the checkpoint that was kept', async () => {
    const answer = JSON.parse(await run(['audit', 'verify', '--json'])) as {
      records: number;
      checkpoints: { from: string; sequence: number }[];
    };
    assert.equal(answer.records, 4);
    assert.deepEqual(
      answer.checkpoints.map(({ from, sequence }) => [from, sequence]),
      [['here', 4]],
    );
    const kept = join(home, 'authority/checkpoint.json');
    assert.match(await run(['audit', 'verify', '--checkpoint', kept]), /given +record 4/);
    const foreign = ['audit', 'verify', '--checkpoint', at('ca.pem'), '--json', '--home', home];
    assert.equal(errorIn(await runHoldfast(foreign)).code, 'checkpoint_invalid');
  });

  const changes: readonly { what: string; record: number; change: (database: DatabaseSync) => void }[] = [
    {
      what: 'an altered record',
      record: 3,
      change: (database) =>
        database.exec("UPDATE log SET record = replace(record, 'ann', 'eve') WHERE sequence = 2"),
    },
    {
      what: 'a removed record',
      record: 2,
      change: (database) => database.exec('DELETE FROM log WHERE sequence = 2'),
    },
    {
      what: 'an inserted record',
      record: 5,
      change: (database) => database.exec('INSERT INTO log SELECT 5, record FROM log WHERE sequence = 2'),
    },
    {
      what: 'exchanged records',
      record: 2,
      change: (database) =>
        database.exec(
          `UPDATE log SET sequence = 9 WHERE sequence = 2; UPDATE log SET sequence = 2 WHERE sequence = 3;
            UPDATE log SET sequence = 3 WHERE sequence = 9;`,
        ),
    },
    {
      what: 'a tail that was cut off',
      record: 3,
      change: (database) => database.exec('DELETE FROM log WHERE sequence > 2'),
    },
    { what: 'a history that was written anew, with its hashes', record: 4, change: forge },
  ];
  for (const [index, { what, record, change }] of changes.entries()) {
    it(`is found damaged by ${what}, again and again`, async () => {
      const copy = at(`copy-${index}`);
      execFileSync('cp', ['-a', home, copy]);
      const database = new DatabaseSync(join(copy, 'authority/authority.db'));
      database.exec('DROP TRIGGER log_is_not_updated; DROP TRIGGER log_is_not_deleted');
      change(database);
      database.close();
      for (let times = 0; times < 2; times++) {
        const result = await runHoldfast(['audit', 'verify', '--json', '--home', copy]);
        assert.equal(result.code, 1);
        const { code, message } = errorIn(result);
        assert.equal(code, 'authority_damaged');
        assert.match(message, new RegExp(`record ${record}:`));
      }
      if (change !== forge) return;
      const kept = readFileSync(join(copy, 'authority/checkpoint.json'), 'utf8');
      assert.equal(kept, readFileSync(join(home, 'authority/checkpoint.json'), 'utf8'));
    });
  }
});

/** Who has the database can calculate every hash again, and lacks the key that signed the checkpoint. */
function forge(database: DatabaseSync): void {
  const rows = database.prepare('SELECT sequence, record FROM log ORDER BY sequence').all();
  let previous = '0'.repeat(64);
  for (const { sequence, record } of rows as { sequence: number; record: string }[]) {
    const text = JSON.stringify({
      ...(JSON.parse(record.replace('"ann"', '"eve"').replace('client/ann', 'client/eve')) as object),
      previous,
    });
    database.prepare('UPDATE log SET record = ? WHERE sequence = ?').run(text, sequence);
    previous = sha256(text);
  }
}
