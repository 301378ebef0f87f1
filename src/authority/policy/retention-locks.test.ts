import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs } from '../../base/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';

/** A network with two administrators, who have been there for eight days. */
async function withAdmins(): Promise<SampleHome> {
  const home = await SampleHome.open();
  for (const name of ['ann', 'bob']) await home.local('admin', name);
  home.clock.advance(8 * dayMs);
  return home;
}

describe('the retention lock', () => {
  it('is made longer by one administrator, and shorter by two who say the same within a day', async () => {
    await using home = await withAdmins();
    const { policy } = home.authority;
    await policy.set('retention-lock', '30d', 'admin/ann');
    await refused(
      'second_admin_needed',
      policy.set('retention-lock', '7d', 'admin/ann'),
      'admin/ann has proposed it',
    );
    await refused('second_admin_needed', policy.set('retention-lock', '7d', 'admin/ann'));
    await refused('second_admin_needed', policy.set('retention-lock', '8d', 'admin/bob'));
    assert.equal(policy.current.retentionLockMs, 30 * dayMs);
    const changed = await policy.set('retention-lock', '7d', 'admin/bob');
    assert.deepEqual(changed, [{ key: 'retentionLockMs', before: '30d', after: '7d' }]);
    home.clock.advance(hourMs);
    // Their word was for that once.
    await policy.set('retention-lock', '30d', 'admin/bob');
    await refused('second_admin_needed', policy.set('retention-lock', '7d', 'admin/bob'));
    await home.authority.audit.verify();
  });

  it('is not made shorter by a word of more than a day ago, nor by an administrator of today', async () => {
    await using home = await withAdmins();
    const { policy } = home.authority;
    await policy.set('retention-lock', '30d', 'admin/ann');
    await refused('second_admin_needed', policy.set('retention-lock', 'off', 'admin/ann'));
    await home.local('admin', 'eve');
    await refused(
      'second_admin_needed',
      policy.set('retention-lock', 'off', 'admin/eve'),
      'less than 7 days',
    );
    home.clock.advance(25 * hourMs);
    await refused('second_admin_needed', policy.set('retention-lock', 'off', 'admin/bob'));
    await policy.set('retention-lock', 'off', 'admin/local');
  });

  it('is not made shorter by one who can come as another one since: by a bearer token, or a certificate that is no renewal', async () => {
    await using home = await withAdmins();
    const { policy, bearerTokens } = home.authority;
    await policy.set('retention-lock', '30d', 'admin/ann');
    await refused('second_admin_needed', policy.set('retention-lock', '7d', 'admin/ann'));
    const expiresAt = new Date(home.clock.now() + dayMs);
    const { id } = await bearerTokens.create({
      role: 'admin',
      name: 'bob',
      expiresAt,
      reissue: false,
      by: 'admin/ann',
    });
    await bearerTokens.revoke(id, 'admin/ann');
    await refused('second_admin_needed', policy.set('retention-lock', '7d', 'admin/bob'), 'was given');
    home.clock.advance(8 * dayMs);
    await refused('second_admin_needed', policy.set('retention-lock', '7d', 'admin/ann'));
    await home.local('admin', 'bob');
    await refused('second_admin_needed', policy.set('retention-lock', '7d', 'admin/bob'), 'was given');
    assert.equal(policy.current.retentionLockMs, 30 * dayMs);
  });

  it('does not hide in a whole policy that is put in place', async () => {
    await using home = await withAdmins();
    const { policy } = home.authority;
    const open = { ...policy.current };
    await policy.set('retention-lock', '30d', 'admin/ann');
    await refused('second_admin_needed', policy.replace(open, 'admin/ann'));
    assert.equal(policy.current.retentionLockMs, 30 * dayMs);
  });

  it('is known as it was over time', async () => {
    await using home = await withAdmins();
    const { policy } = home.authority;
    assert.deepEqual(await policy.lockPeriods(), []);
    const fromMs = home.clock.now();
    await policy.set('retention-lock', '30d', 'admin/ann');
    await policy.set('queue', 'on', 'admin/ann');
    home.clock.advance(hourMs);
    await policy.set('retentionLockMs', '3456000000', 'admin/bob');
    const periods = [
      { fromMs, lockMs: 30 * dayMs },
      { fromMs: fromMs + hourMs, lockMs: 40 * dayMs },
    ];
    assert.deepEqual(await policy.lockPeriods(), periods);
    await home.reopen();
    assert.deepEqual(await home.authority.policy.lockPeriods(), periods);
  });
});
