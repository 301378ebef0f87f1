import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNodeRequest, type JoinCode, joinCodeFor } from '../../enrol/index.ts';
import { generateKeyPair } from '../../pki/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';

function patternCode({ authority }: SampleHome, uses: number): Promise<JoinCode> {
  return authority.createToken({ role: 'client', name: 'web-*', uses, addresses: ['localhost:8444'] });
}

describe('a join code for a pattern of names', () => {
  it('makes as many machines as it has uses, each of a name the pattern lets through', async () => {
    await using home = await SampleHome.open();
    const code = await patternCode(home, 2);
    const one = await home.enrol(joinCodeFor(code, 'web-1'));
    assert.equal(one.certificate.identity?.name, 'web-1');
    await refused('request_not_allowed', home.enrol({ ...code, name: 'db-1' }));
    await refused('name_reserved', home.enrol({ ...(await everyName(home)), name: 'data' }));
    assert.equal((await home.enrol(joinCodeFor(code, 'web-2'))).certificate.identity?.name, 'web-2');
    await refused('join_code_used', home.enrol(joinCodeFor(code, 'web-3')));
    const [, mine] = await home.authority.joinCodes.list({ limit: 9 });
    assert.deepEqual([mine?.name, mine?.uses, mine?.maxUses, mine?.state], ['web-*', 2, 2, 'used']);
  });

  it('never gives a name that somebody has, nor one key two names', async () => {
    await using home = await SampleHome.open();
    await home.node('web-1');
    const code = await patternCode(home, 5);
    await refused('name_taken', home.enrol(joinCodeFor(code, 'web-1')));
    const keys = await generateKeyPair('p256');
    const first = await home.enrol(joinCodeFor(code, 'web-2'), keys);
    await refused('request_not_allowed', home.enrol(joinCodeFor(code, 'web-3'), keys));
    assert.deepEqual((await home.enrol(joinCodeFor(code, 'web-2'), keys)).chain, first.chain);
    assert.equal((await home.authority.joinCodes.list({ limit: 9 }))[0]?.uses, 1);
  });

  it('refuses a request of another role', async () => {
    await using home = await SampleHome.open();
    const code = await patternCode(home, 5);
    const { privateKey } = await generateKeyPair('p256');
    const identity = { network: code.network, role: 'admin', name: 'web-1' } as const;
    const { request } = createNodeRequest(identity, privateKey);
    await refused('request_not_allowed', home.enrolWith(code, Buffer.from(request, 'base64')));
  });

  it('counts uses that come at once', async () => {
    await using home = await SampleHome.open();
    const code = await patternCode(home, 5);
    const attempts = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => home.enrol(joinCodeFor(code, `web-${index}`))),
    );
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 5);
  });

  it('is the only kind that has several uses, and has neither host names nor a name to come back to', async () => {
    await using home = await SampleHome.open();
    const addresses = ['localhost:8444'];
    const create = home.authority.createToken.bind(home.authority);
    await refused('input_invalid', create({ role: 'client', name: 'web', uses: 2, addresses }));
    await refused('input_invalid', create({ role: 'client', name: 'web-*', reissue: true, addresses }));
    await refused('input_invalid', create({ role: 'storage', name: 'w-*', names: ['w.example'], addresses }));
    await refused('name_invalid', create({ role: 'client', name: 'web-**', addresses }));
  });
});

describe('join codes', () => {
  it('are listed a page at a time', async () => {
    await using home = await SampleHome.open();
    for (const name of ['alpha', 'beta', 'gamma']) await home.code(name);
    const { joinCodes } = home.authority;
    const first = await joinCodes.list({ limit: 2 });
    const then = await joinCodes.list({ limit: 2, before: first.at(-1)?.id ?? 0 });
    assert.deepEqual(
      [first, then].map((page) => page.map(({ name }) => name)),
      [['gamma', 'beta'], ['alpha']],
    );
  });
});

describe('a join code that is revoked', () => {
  it('gives nothing any more, not even what it gave', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    const keys = await generateKeyPair('p256');
    const { certificate } = await home.enrol(code, keys);
    const [listed] = await home.authority.joinCodes.list({ limit: 9 });
    await home.authority.joinCodes.revoke(listed?.id ?? 0, 'admin/local');
    await refused('join_code_revoked', home.enrol(code, keys));
    await refused('join_code_revoked', home.enrol(code));
    assert.equal(await home.authority.isGood(certificate.serial), true);
    assert.equal(home.authority.hasLiveJoinCode(), false);
    assert.equal((await home.authority.joinCodes.list({ limit: 9 }))[0]?.state, 'revoked');
    await refused('already_revoked', home.authority.joinCodes.revoke(listed?.id ?? 0, 'admin/local'));
    await refused('object_not_found', home.authority.joinCodes.revoke(99, 'admin/local'));
  });
});

function everyName({ authority }: SampleHome): Promise<JoinCode> {
  return authority.createToken({ role: 'client', name: '*', addresses: ['localhost:8444'] });
}
