import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hourMs, Secret } from '../../base/index.ts';
import type { Database } from '../../db/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';
import { hashRecord } from './log-record.ts';

/** Changes the database behind the authority's back, as somebody with the file would. */
async function tamper(home: SampleHome, change: (database: Database) => Promise<unknown>): Promise<void> {
  await home.tamper(async (database) => {
    const ofTable = home.place.kind === 'postgres' ? ' ON log' : '';
    await database.run(`DROP TRIGGER log_is_not_updated${ofTable}`);
    await database.run(`DROP TRIGGER log_is_not_deleted${ofTable}`);
    await change(database);
  });
}

async function homeWithHistory(): Promise<SampleHome> {
  const home = await SampleHome.open();
  await home.node('alpha');
  await home.node('beta');
  return home;
}

describe('the log', () => {
  it('numbers its records without gaps and chains each to the one before', async () => {
    await using home = await homeWithHistory();
    const records = await home.authority.log.list();
    assert.deepEqual(
      records.map(({ sequence, kind }) => [sequence, kind]),
      [
        [1, 'authority created'],
        [2, 'token created'],
        [3, 'issued'],
        [4, 'token created'],
        [5, 'issued'],
      ],
    );
    assert.ok(records.every(({ epoch }) => epoch === 1));
    for (const [i, record] of records.slice(1).entries()) {
      assert.equal(record.previous, hashRecord(JSON.stringify(records[i])));
    }
    const [, , issued] = records;
    assert.equal(issued?.kind === 'issued' && issued.details.identity, 'client/alpha');
    assert.deepEqual(await home.authority.log.verify(), await home.authority.log.head());
    assert.deepEqual((await home.authority.log.list({ after: 4 })).length, 1);
  });

  it('cannot be changed through SQL', async () => {
    await using home = await homeWithHistory();
    await home.tamper(async (database) => {
      await assert.rejects(database.run("UPDATE log SET record = ''"), /only grows/);
      await assert.rejects(database.run('DELETE FROM log'), /only grows/);
    });
  });

  const tamperings: readonly {
    what: string;
    at: number;
    change: (database: Database) => Promise<unknown>;
  }[] = [
    {
      what: 'an altered record',
      at: 4,
      change: (database) =>
        database.run("UPDATE log SET record = replace(record, 'alpha', 'gamma') WHERE sequence = 3"),
    },
    {
      what: 'a removed record',
      at: 3,
      change: (database) => database.run('DELETE FROM log WHERE sequence = 3'),
    },
    {
      what: 'a removed record whose gap was closed',
      at: 3,
      change: async (database) => {
        await database.run('DELETE FROM log WHERE sequence = 3');
        await database.run('UPDATE log SET sequence = sequence - 1 WHERE sequence > 3');
      },
    },
    {
      what: 'an inserted record',
      at: 6,
      change: (database) => database.run('INSERT INTO log SELECT 6, record FROM log WHERE sequence = 3'),
    },
    {
      what: 'exchanged records',
      at: 3,
      change: async (database) => {
        await database.run('UPDATE log SET sequence = 99 WHERE sequence = 3');
        await database.run('UPDATE log SET sequence = 3 WHERE sequence = 4');
        await database.run('UPDATE log SET sequence = 4 WHERE sequence = 99');
      },
    },
    {
      what: 'something else in its place',
      at: 2,
      change: (database) => database.run("UPDATE log SET record = '{}' WHERE sequence = 2"),
    },
  ];
  for (const { what, at, change } of tamperings) {
    it(`is found damaged by ${what}`, async () => {
      await using home = await homeWithHistory();
      await tamper(home, change);
      await refused('authority_damaged', home.authority.log.verify(), `record ${at}`);
    });
  }

  it('is found cut off, or replaced as a whole, by a checkpoint that somebody kept', async () => {
    await using home = await homeWithHistory();
    const kept = JSON.parse(home.authority.checkpoint().checkpoint) as {
      sequence: number;
      head: string;
    };
    assert.deepEqual([kept.sequence, kept.head], [5, (await home.authority.log.head()).hash]);
    await home.authority.log.verify(kept);
    await refused(
      'authority_damaged',
      home.authority.log.verify({ ...kept, head: '0'.repeat(64) }),
      'record 5',
    );
    await tamper(home, (database) => database.run('DELETE FROM log WHERE sequence > 3'));
    await home.authority.log.verify();
    await refused('authority_damaged', home.authority.log.verify(kept), 'record 4');
  });

  it('counts the refusals of strangers in one record an hour', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    const guess = { ...code, secret: new Secret(new Uint8Array(16)) };
    const kinds = async (): Promise<string[]> => (await home.authority.log.list()).map(({ kind }) => kind);
    for (let i = 0; i < 3; i++) await refused('join_code_unknown', home.enrol(guess));
    assert.deepEqual(await kinds(), ['authority created', 'token created']);
    home.clock.advance(hourMs);
    await refused('join_code_unknown', home.enrol(guess));
    const [last] = (await home.authority.log.list()).slice(-1);
    assert.deepEqual(
      [last?.kind, last?.by, last?.kind === 'refused' && last.details.counts],
      ['refused', 'unknown', { join_code_unknown: 4 }],
    );
    await refused('join_code_unknown', home.enrol(guess));
    await home.reopen();
    assert.deepEqual((await kinds()).filter((kind) => kind === 'refused').length, 2);
  });
});
