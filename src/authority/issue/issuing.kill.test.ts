import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../base/index.ts';
import { parseSerialNumber } from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';
import { killWhenPrinted } from '../kill-when-printed.fixture.ts';

const program = fileURLToPath(new URL('./issuing.kill.fixture.ts', import.meta.url));

it('leaves no certificate in the world that the records do not know, killed at any moment', async () => {
  await using home = await SampleHome.open({ clock: systemClock });
  const seen: string[] = [];
  await home.reopen(async () => {
    for (let round = 0; round < 3; round++) seen.push(...(await killWhenPrinted(program, home.opening, 20)));
    home.clock.advance(Date.now() - home.clock.now());
  });
  assert.ok(seen.length >= 60);
  for (const text of seen) {
    const serial = parseSerialNumber(text);
    assert.ok(serial !== undefined && (await home.authority.isGood(serial)), `${text} is not on record`);
  }
  const { sequence } = await home.authority.log.verify();
  const onRecord = await home.authority.certificates.list({ limit: 1_000_000 });
  assert.equal(sequence, 1 + onRecord.length);
});
