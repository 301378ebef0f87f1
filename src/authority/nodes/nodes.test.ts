import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { dayMs, hourMs } from '../../base/index.ts';
import { SampleHome } from '../authority.fixture.ts';
import type { Sighting } from './nodes.ts';

describe('who is seen, on record', () => {
  let home: SampleHome;
  const seen = (more: Partial<Sighting>): Sighting => ({
    role: 'client',
    name: 'alpha',
    kind: 'tls',
    service: 'storage',
    seenAt: new Date(home.clock.now()),
    address: '192.0.2.1',
    listener: 'main',
    connection: { protocol: 'TLS 1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519MLKEM768' },
    by: 'certificate',
    certificate: { serial: '41a2', notAfter: new Date(home.clock.now() + 30 * dayMs) },
    software: 'holdfast/0.1.0',
    weaker: [],
    snapshotAt: undefined,
    ...more,
  });
  const stranger = (name: string, more: Partial<Sighting> = {}): Sighting =>
    seen({ name, address: name, role: undefined, by: undefined, certificate: undefined, ...more });
  const alpha = async () => (await home.authority.nodes.list({ name: 'alpha', limit: 10 }))[0];

  before(async () => {
    home = await SampleHome.open();
    await using intruder = await home.intrude();
    const many = Array.from(
      { length: 10_000 },
      (_, at) => `('client', 'n${String(at).padStart(5, '0')}', 1)`,
    );
    await intruder.run(
      `INSERT INTO identities (role, name, created_at) VALUES ('client', 'alpha', 1), ${many.join(', ')}`,
    );
  });
  after(() => home[Symbol.asyncDispose]());

  it('is what was seen last of each kind and service, and the newest snapshot of all', async () => {
    const { nodes } = home.authority;
    const first = seen({ snapshotAt: new Date(home.clock.now()) });
    await nodes.note([
      first,
      seen({ kind: 'plain', connection: undefined, by: 'ticket', certificate: undefined }),
    ]);
    home.clock.advance(hourMs);
    const later = seen({ address: '192.0.2.2', weaker: ['verifyServer'] });
    await nodes.note([later]);
    const node = await alpha();
    assert.deepEqual(node?.seen[0], { ...later, snapshotAt: first.snapshotAt });
    assert.deepEqual(
      node?.seen.map(({ kind }) => kind),
      ['tls', 'plain'],
    );
    assert.deepEqual(node?.lastBackup, first.snapshotAt);
    // Another server that saw it earlier takes nothing back.
    await nodes.note([first]);
    assert.equal((await alpha())?.seen[0]?.address, '192.0.2.2');
    assert.deepEqual(
      (await nodes.weaker(10)).map(({ name, weaker }) => [name, weaker]),
      [['alpha', ['verifyServer']]],
    );
  });

  it('is listed page by page, each node once, among ten thousand', async () => {
    const names: string[] = [];
    let last: { role: string; name: string } | undefined;
    for (;;) {
      const page = await home.authority.nodes.list({ after: last, limit: 1000 });
      names.push(...page.map(({ role, name }) => `${role}/${name}`));
      last = page.at(-1);
      if (page.length < 1000) break;
    }
    assert.equal(names.length, new Set(names).size);
    assert.equal(names.filter((name) => name.startsWith('client/')).length, 10_001);
    assert.deepEqual(names, names.toSorted());
  });

  it('is forgotten of strangers after 30 days, and of more than ten thousand of them; of a node never', async () => {
    const { nodes } = home.authority;
    const count = async (): Promise<number> => {
      await using reader = home.readBeside();
      const row = await reader.get<{ n: number }>("SELECT count(*) AS n FROM sightings WHERE role = ''");
      return Number(row?.n);
    };
    await nodes.note([stranger('198.51.100.1')]);
    home.clock.advance(31 * dayMs);
    await nodes.note([stranger('198.51.100.2')]);
    assert.equal(await count(), 1);
    assert.equal((await alpha())?.seen.length, 2);
    const many = Array.from({ length: 10_050 }, (_, at) =>
      stranger(`10.0.${at >> 8}.${at & 255}`, { seenAt: new Date(home.clock.now() + at) }),
    );
    await nodes.note(many);
    assert.equal(await count(), 10_000);
  });

  it('counts on a plain port for 30 days, where a repository was asked for', async () => {
    const { nodes } = home.authority;
    home.clock.advance(hourMs);
    const plain = { kind: 'plain', connection: undefined } as const;
    await nodes.note([
      seen({ ...plain, by: 'ticket', certificate: undefined }),
      stranger('203.0.113.7', plain),
      stranger('203.0.113.8', { ...plain, service: 'status' }),
    ]);
    const names = async () => (await nodes.onPlain(100)).map(({ name }) => name);
    assert.deepEqual(await names(), ['alpha', '203.0.113.7']);
    home.clock.advance(31 * dayMs);
    assert.deepEqual(await names(), []);
  });
});
