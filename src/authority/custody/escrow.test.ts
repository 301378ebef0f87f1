import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SampleHome } from '../authority.fixture.ts';
import { refused } from '../refused.fixture.ts';

describe('an escrowed password', () => {
  const identity = { network: 'backup.example', role: 'client', name: 'alpha' } as const;

  it('is kept for each repository of its identity, and never replaced', async () => {
    await using home = await homeWithTwo();
    const { escrow } = home.authority;
    await escrow.put(identity, 'one', Uint8Array.of(1));
    await escrow.put(identity, 'one', Uint8Array.of(2));
    await escrow.put({ ...identity, name: 'beta' }, 'one', Uint8Array.of(3));
    assert.deepEqual(await escrow.get(identity, 'one'), [Uint8Array.of(2), Uint8Array.of(1)]);
    assert.deepEqual(await escrow.get(identity, 'two'), []);
    assert.deepEqual(
      (await escrow.list()).map(({ identity, repository }) => `${identity} ${repository}`),
      ['client/alpha one', 'client/alpha one', 'client/beta one'],
    );
    assert.equal((await escrow.list(identity)).length, 2);
    assert.equal((await home.authority.log.list()).at(-1)?.kind, 'escrowed');
  });

  it('is refused when it is too large, empty, or of nobody on record', async () => {
    await using home = await homeWithTwo();
    const { escrow } = home.authority;
    await refused('input_invalid', escrow.put(identity, 'one', new Uint8Array(64 * 1024 + 1)));
    await refused('input_invalid', escrow.put(identity, 'one', new Uint8Array(0)));
    await refused('input_invalid', escrow.put(identity, '', Uint8Array.of(1)));
    await refused(
      'certificate_not_allowed',
      escrow.put({ ...identity, name: 'nobody' }, 'one', Uint8Array.of(1)),
    );
    assert.deepEqual(await escrow.list(), []);
  });
});

async function homeWithTwo(): Promise<SampleHome> {
  const home = await SampleHome.open();
  await home.node('alpha');
  await home.node('beta');
  return home;
}
