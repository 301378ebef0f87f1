import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Secret } from '../src/base/index.ts';
import { encodeJoinCode, type JoinCode, parseJoinCode } from '../src/enrol/index.ts';
import { Network } from './rig/network.ts';
import { assertRefused, type Refusal } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a join code or name that is refused', () => {
  let place: TemporaryDirectory;
  let network: Network;
  const at = (name: string): string => join(place.path, name);
  const refused = (code: string, refusal: Omit<Refusal, 'untouched'>): Promise<void> =>
    assertRefused(['join', code, '--home', at('new')], { ...refusal, untouched: at('new') });
  const refusedName = (name: string, refusal: Omit<Refusal, 'untouched'>): Promise<void> =>
    assertRefused(['token', 'create', name, '--home', network.home], { ...refusal, untouched: network.home });
  const changed = async (change: Partial<JoinCode>): Promise<string> =>
    encodeJoinCode({ ...parseJoinCode(await network.joinCode('laptop')), ...change });

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    await network.join('first', at('first'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is one with a typing error, or cut short', async () => {
    const code = await network.joinCode('laptop');
    const typo = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`;
    for (const text of [typo, code.slice(0, -8), 'hf1-', 'laptop'])
      await refused(text, { code: 'join_code_malformed', exit: 1, hint: /copy/ });
  });

  it('is one that this authority never gave out', async () => {
    const code = await changed({ secret: new Secret(new Uint8Array(16)) });
    await refused(code, { code: 'join_code_unknown', exit: 23, hint: /token create/ });
  });

  it('is one that was used', async () => {
    const code = await network.joinCode('second');
    await network.client('second', at('second')).run(['join', code]);
    await refused(code, { code: 'join_code_used', exit: 23, hint: /token create/ });
  });

  it('is one whose time is over', async () => {
    const code = await network.joinCode('late', ['--expires', '1s']);
    await setTimeout(1500);
    await refused(code, { code: 'join_code_expired', exit: 23, hint: /token create/ });
  });

  it('is one of another authority than the server that answers', async () => {
    const fingerprint = `SHA256:${'00:'.repeat(31)}00` as JoinCode['fingerprint'];
    const code = await changed({ fingerprint });
    await refused(code, { code: 'join_code_wrong_authority', exit: 21, message: /00:00/ });
  });

  it('is one whose server cannot be reached', async () => {
    const code = await changed({ addresses: ['127.0.0.1:1'] });
    await refused(code, { code: 'connection_refused', exit: 20, message: /127\.0\.0\.1:1/ });
  });

  it('is a second one on a machine that has joined already', async () => {
    const words = ['join', await network.joinCode('another'), '--home', at('first/holdfast')];
    await assertRefused(words, { code: 'node_already_joined', exit: 1, untouched: at('first') });
  });

  it('is a name that was issued before, until the code says that it is a reissue', async () => {
    await refusedName('first', { code: 'name_taken', exit: 23, hint: /--reissue/ });
    await network.joinCode('first', ['--reissue']);
  });

  it('is a name that restic needs for itself', async () => {
    for (const name of ['data', 'config'])
      await refusedName(name, { code: 'name_reserved', exit: 23, message: new RegExp(name) });
  });

  it('is a name that would not be one folder and one path', async () => {
    for (const name of ['../up', 'ä']) await refusedName(name, { code: 'name_invalid', exit: 1 });
  });
});
