import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxSentSets } from '../../enrol/index.ts';
import { SampleHome, sampleSentSet } from '../authority.fixture.ts';

const by = 'admin/ann';
const { name: _, ...sample } = sampleSentSet;
const { set } = sample;
const order = { ...sample, by };

test('a set goes to those it is for, keeps its id when it is sent anew, and ends when it is withdrawn', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  await home.node('beta');
  const { sentSets, audit } = home.authority;
  await assert.rejects(sentSets.send({ ...order, name: 'x', nodes: ['nobody'] }), {
    code: 'object_not_found',
  });
  await assert.rejects(sentSets.send({ ...order, name: 'x', replace: true }), { code: 'set_unknown' });
  const odd = { ...set, every: '0 0 30 2 *' };
  await assert.rejects(sentSets.send({ ...order, name: 'x', set: odd }), { code: 'schedule_never' });
  const { id } = await sentSets.send({ ...order, name: 'own', nodes: ['alpha'] });
  await sentSets.send({ ...order, name: 'all' });
  await assert.rejects(sentSets.send({ ...order, name: 'all' }), { code: 'set_exists' });
  const namesOf = async (node: string) => (await sentSets.ofNode(node)).map(({ name }) => name);
  assert.deepEqual([await namesOf('alpha'), await namesOf('beta')], [['all', 'own'], ['all']]);
  const again = await sentSets.send({ ...order, name: 'own', nodes: ['beta'], replace: true });
  assert.equal(again.id, id);
  assert.deepEqual([await namesOf('alpha'), await namesOf('beta')], [['all'], ['all', 'own']]);
  await sentSets.withdraw('all', by);
  await assert.rejects(sentSets.withdraw('all', by), { code: 'set_unknown' });
  assert.deepEqual([await namesOf('alpha'), await namesOf('beta')], [[], ['own']]);
  await audit.verify();
});

test('nobody is sent more sets than a client takes, by whichever way', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  const { sentSets } = home.authority;
  const nodes = ['alpha'];
  for (let at = 1; at < maxSentSets; at += 1) await sentSets.send({ ...order, name: `own-${at}`, nodes });
  await sentSets.send({ ...order, name: 'all' });
  const more = { ...order, name: 'more' };
  await assert.rejects(sentSets.send({ ...more, nodes }), { code: 'set_invalid' });
  await assert.rejects(sentSets.send(more), { code: 'set_invalid' });
  assert.equal((await sentSets.ofNode('alpha')).length, maxSentSets);
  const large = { ...set, exclude: Array.from({ length: 20 }, () => 'x'.repeat(1000)) };
  await assert.rejects(sentSets.send({ ...order, name: 'all', set: large, replace: true }), {
    code: 'input_invalid',
  });
});
