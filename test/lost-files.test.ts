import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ErrorCode } from '../src/base/index.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a home that has lost a file', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    client = await network.join('laptop', at('laptop'));
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'content');
    await client.run(['backup', at('data')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  const lost: readonly [file: string, gone: ErrorCode, empty: ErrorCode][] = [
    ['node/node.json', 'settings_invalid', 'settings_invalid'],
    ['node/keystore', 'keystore_missing', 'keystore_damaged'],
    ['node/stash', 'keystore_damaged', 'keystore_damaged'],
    ['node/trust.json', 'trust_bundle_missing', 'trust_bundle_damaged'],
    ['node/root-crls.pem', 'trust_bundle_damaged', 'trust_bundle_damaged'],
  ];
  for (const [file, gone, empty] of lost) {
    it(`says so where ${file} is gone or empty, and takes it for no beginning`, async () => {
      const path = join(client.home, file);
      const whole = readFileSync(path);
      const exits = { settings_invalid: 2 } as Partial<Record<ErrorCode, number>>;
      const cases: [ErrorCode, () => void][] = [
        [gone, () => rmSync(path)],
        [empty, () => writeFileSync(path, '')],
      ];
      for (const [code, lose] of cases) {
        lose();
        const words = ['snapshots', '--home', client.home];
        await assertRefused(words, { code, exit: exits[code] ?? 1, untouched: join(client.home, 'node') });
        writeFileSync(path, whole, { mode: 0o600 });
      }
    });
  }

  it('is whole again by a reissue code, and the key of its repository is still there', async () => {
    for (const file of ['node.json', 'root-crls.pem', 'trust.json']) {
      rmSync(join(client.home, 'node', file));
      await client.run(['join', await network.joinCode('laptop', ['--reissue'])]);
      await client.run(['snapshots']);
    }
  });

  it('is no server that looks for its store elsewhere, when its settings are gone', async () => {
    const settings = join(network.home, 'holdfast.toml');
    const text = readFileSync(settings);
    rmSync(settings);
    const message = /holdfast.toml is gone, and the authority is still there/;
    for (const words of [['serve'], ['up', at('data')], ['backup', at('data')]]) {
      const refusal = {
        code: 'settings_invalid',
        exit: 2,
        message,
        untouched: at('server/holdfast/node'),
      } as const;
      await assertRefused([...words, '--home', network.home], refusal);
    }
    writeFileSync(settings, text);
    assert.match((await network.run(['status'])).stdout, /network.test/);
  });
});
