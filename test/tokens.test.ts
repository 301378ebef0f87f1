import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Network } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

interface TokenRow {
  readonly id: number;
  readonly name: string;
  readonly uses: number;
  readonly maxUses: number;
  readonly state: string;
}

async function tokens(network: Network): Promise<TokenRow[]> {
  return JSON.parse((await network.run(['token', 'list', '--json'])).stdout) as TokenRow[];
}

describe('holdfast token', () => {
  it('makes one code for several machines, whose names a pattern lets through', async () => {
    using directory = temporaryDirectory();
    await using network = await Network.start(join(directory.path, 'server'));
    const code = await network.joinCode('web-*', ['--uses', '2']);
    const machine = (name: string) => network.client(name, join(directory.path, name));

    const nameless = await machine('nameless').run(['join', code], 1);
    assert.match(nameless.stderr, /names like web-\*.*\[name_invalid\]\n {2}next: .*--name web-1/s);
    const other = await machine('other').run(['join', code, '--name', 'db-1'], 1);
    assert.match(other.stderr, /\[name_invalid\]/);
    for (const name of ['web-1', 'web-2']) {
      const { stdout } = await machine(name).run(['join', code, '--name', name]);
      assert.match(stdout, new RegExp(`client +enrolled   ${name}`));
    }
    const third = await machine('web-3').run(['join', code, '--name', 'web-3'], 23);
    assert.match(third.stderr, /\[join_code_used\]/);
    const [row] = await tokens(network);
    assert.deepEqual([row?.name, row?.uses, row?.maxUses, row?.state], ['web-*', 2, 2, 'used']);

    const again = await network.joinCode('web-*', ['--uses', '5']);
    const taken = await machine('thief').run(['join', again, '--name', 'web-1'], 23);
    assert.match(taken.stderr, /\[name_taken\]/);
  });

  it('lists codes by number and ends one of them', async () => {
    using directory = temporaryDirectory();
    await using network = await Network.start(join(directory.path, 'server'));
    const code = await network.joinCode('laptop');
    const [made] = await tokens(network);
    assert.deepEqual([made?.name, made?.state], ['laptop', 'live']);
    await network.run(['token', 'revoke', String(made?.id)]);
    assert.match((await network.run(['token', 'list'])).stdout, /laptop .* revoked/);
    const late = await network.client('laptop', join(directory.path, 'laptop')).run(['join', code], 23);
    assert.match(late.stderr, /\[(join_code_revoked|refused_by_peer)\]/);
    assert.match((await network.run(['token', 'revoke', String(made?.id)], 1)).stderr, /\[already_revoked\]/);
    assert.match((await network.run(['token', 'revoke', '99'], 1)).stderr, /\[object_not_found\]/);
    assert.equal((await network.run(['token', 'revoke', 'all'], 2)).stdout, '');
  });

  it('gives a storage node and a server the host names that were said', async () => {
    using directory = temporaryDirectory();
    await using network = await Network.start(join(directory.path, 'server'));
    for (const role of ['storage', 'server']) {
      const name = `nas-${role}`;
      const names = ['--names', 'nas.example,10.0.0.5', '--names', '*.nas.example'];
      const code = await network.joinCode(name, ['--role', role, ...names]);
      await network.client(name, join(directory.path, name)).run(['join', code]);
      const { stdout } = await network.run(['cert', 'list', '--json']);
      const [newest] = JSON.parse(stdout) as { identity: string; names: string[] }[];
      assert.equal(newest?.identity, `spiffe://network.test/${role}/${name}`);
      assert.deepEqual(newest?.names.slice(1), ['dns:nas.example', 'ip:10.0.0.5', 'dns:*.nas.example']);
    }
  });

  it('refuses what makes no sense, and makes no code then', async () => {
    using directory = temporaryDirectory();
    await using network = await Network.start(join(directory.path, 'server'));
    const refusals: readonly [string[], number, RegExp][] = [
      [
        ['laptop', '--uses', '3'],
        2,
        /\[input_invalid\]\n {2}next: holdfast token create 'laptop-\*' --uses 3/,
      ],
      [['web-*', '--reissue'], 2, /\[input_invalid\]/],
      [['web-*', '--role', 'storage', '--names', 'web.example'], 2, /\[input_invalid\]/],
      [['laptop', '--names', 'laptop.example'], 1, /\[name_invalid\]/],
      [['w*b-*'], 1, /\[name_invalid\]/],
      [['data'], 23, /\[name_reserved\]/],
      [['laptop', '--uses', '0'], 2, /expected a number/],
    ];
    for (const [words, expected, said] of refusals) {
      const { stdout, stderr } = await network.run(['token', 'create', ...words], expected);
      assert.match(stderr, said);
      assert.equal(stdout, '');
    }
    assert.deepEqual(await tokens(network), []);
  });
});
