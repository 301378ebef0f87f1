import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LogFields, silentLog } from '../../base/index.ts';
import { notInFile, SampleHome } from '../authority.fixture.ts';
import { openRecords } from '../records/index.ts';
import { Follower } from './follower.ts';
import { hashRecord } from './log-record.ts';

const by = 'admin/local';

/** Collects what it is told, and can be waited for. */
class Told {
  readonly names: string[] = [];
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  readonly visit = ({ details }: { readonly details: { readonly identity: string } }): void => {
    this.names.push(details.identity);
    if (this.#waiting !== undefined && this.names.length >= this.#waiting.count) this.#waiting.resolve();
  };

  async reach(count: number): Promise<string[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.names.length >= count) resolve();
    this.#waiting = { count, resolve };
    await promise;
    return this.names;
  }
}

describe('whoever follows the log', () => {
  let home: SampleHome;
  before(async () => {
    home = await SampleHome.open();
    await home.node('alpha');
  });
  after(() => home[Symbol.asyncDispose]());

  const join = (name: string): Promise<unknown> => home.node(name);

  const early = 'is told each record of its kinds once and in order, those of now and those from before';
  it(early, { skip: notInFile }, async () => {
    await using records = await openRecords(home.path, { database: home.place });
    const told = new Told();
    await using _ = new Follower(records, { kinds: ['issued'], from: 0, visit: told.visit, log: silentLog });
    assert.deepEqual(await told.reach(1), ['client/alpha']);
    // Another connection has it: that of the authority.
    await join('beta');
    await join('gamma');
    assert.deepEqual(await told.reach(3), ['client/alpha', 'client/beta', 'client/gamma']);
  });

  it('goes on from where it had come', async () => {
    const { sequence: from } = await home.authority.log.head();
    const told = new Told();
    await using _ = home.authority.follow({ kinds: ['token created'], visit: told.visit, log: silentLog });
    await join('delta');
    assert.deepEqual(await told.reach(1), ['client/delta']);
    assert.ok((await home.authority.log.list({ after: from })).length > 1);
  });

  it('is told again what it failed at, and keeps nobody else from going on', async () => {
    const told = new Told();
    const late = new Told();
    const warnings: (LogFields | undefined)[] = [];
    let failures = 0;
    const log = { ...silentLog, warn: (_: string, fields?: LogFields) => void warnings.push(fields) };
    const fails = home.authority.follow({
      kinds: ['issued'],
      visit(record) {
        failures += 1;
        if (failures < 3) throw new Error('not yet');
        late.visit(record);
      },
      log,
    });
    await using _ = fails;
    await using __ = home.authority.follow({ kinds: ['issued'], visit: told.visit, log: silentLog });
    await join('epsilon');
    await join('zeta');
    assert.deepEqual(await told.reach(2), ['client/epsilon', 'client/zeta']);
    assert.deepEqual(await late.reach(2), ['client/epsilon', 'client/zeta']);
    assert.equal(warnings.length, 1);
  });

  it('is told what another process has recorded in the same database', async () => {
    const told = new Told();
    await using _ = home.authority.follow({ kinds: ['token revoked'], visit: told.visit, log: silentLog });
    await using intruder = await home.intrude();
    const { sequence, hash } = await home.authority.log.head();
    const details = { token: 1, identity: 'client/elsewhere' };
    const at = new Date(home.clock.now()).toISOString();
    const record = {
      epoch: 1,
      sequence: sequence + 1,
      previous: hash,
      at,
      kind: 'token revoked',
      by,
      details,
    };
    const text = JSON.stringify(record);
    await intruder.run(`INSERT INTO log (sequence, record) VALUES (${sequence + 1}, '${text}')`);
    assert.deepEqual(await told.reach(1), ['client/elsewhere']);
    assert.equal((await home.authority.log.head()).hash, hashRecord(text));
  });
});
