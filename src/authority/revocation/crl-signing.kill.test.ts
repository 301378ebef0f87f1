import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../base/index.ts';
import { parseCrl } from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';
import { killWhenPrinted } from '../kill-when-printed.fixture.ts';

const program = fileURLToPath(new URL('./crl-signing.kill.fixture.ts', import.meta.url));

it('never gives two lists the same number, killed at any moment of signing one', async () => {
  await using home = await SampleHome.open({ clock: systemClock });
  const numbers: number[] = [];
  await home.reopen(async () => {
    for (let round = 0; round < 5; round++) {
      const lines = await killWhenPrinted(program, home.opening, 5);
      numbers.push(...lines.map((line) => Number.parseInt(line, 10)));
    }
    home.clock.advance(Date.now() - home.clock.now());
  });
  assert.ok(numbers.length >= 25);
  const { authority } = home;
  // Otherwise the list that was published last may still be the newest.
  const { serial } = (await home.local('client', 'beta')).certificate;
  await authority.revocation.revoke({ kind: 'certificate', serial }, { reason: 'superseded', by: 'test' });
  const { der, number } = await authority.revocation.currentCrl();
  numbers.push(number);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((a, b) => a - b),
  );
  assert.equal(parseCrl(der).number, BigInt(number));
  const revoked = await authority.certificates.list({ limit: 100_000 });
  const expected = revoked.filter(({ state }) => state === 'revoked').map(({ serial }) => serial);
  assert.deepEqual(new Set(parseCrl(der).revoked.keys()), new Set(expected));
});
