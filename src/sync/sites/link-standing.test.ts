import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { dayMs, hourMs, systemClock } from '../../base/index.ts';
import { linkConcerns } from './link-standing.ts';
import { Links } from './links.ts';
import { trustPartner } from './trust-partner.ts';

test('a link that fails for a day, or that nobody has come by for one, needs attention on each side', async () => {
  using directory = temporaryDirectory();
  const nowMs = systemClock.now();
  const make = (site: string): Promise<Links> =>
    Links.generate(join(directory.path, site), {
      site,
      network: 'n.example',
      networkRoot: 'SHA256:x',
      shares: 'all',
      addresses: ['127.0.0.1:1'],
      port: 1,
      algorithm: 'p256',
      nowMs,
    });
  const [one, other] = [await make('one'), await make('other')];
  const links = await one.change(
    (state) => trustPartner(state, { bundle: other.own, by: 'files', nowMs }).state,
  );
  const states = (found: Links, atMs: number): string[] =>
    linkConcerns(found, atMs).map(({ subject, state }) => `${subject}: ${state}`);
  assert.deepEqual(states(links, nowMs + 23 * hourMs), []);
  assert.deepEqual(states(links, nowMs + 25 * hourMs), ['link to other: silent']);
  const trouble = { code: 'link_refused', message: 'not taken', since: nowMs + hourMs };
  const failing = await links.note('other', (partner) => ({
    ...partner,
    trouble,
    reachedBy: nowMs + 24 * hourMs,
  }));
  assert.deepEqual(states(failing, nowMs + 24 * hourMs), []);
  assert.deepEqual(states(failing, nowMs + 26 * hourMs), ['link to other: failing']);
  const late = nowMs + 800 * dayMs;
  const [first = ''] = states(links, late);
  assert.equal(first, 'link certificates of this site: ending');
  assert.ok(states(links, late + 100 * dayMs).includes('link certificates of the site other: ended'));
});
