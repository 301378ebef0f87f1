import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ErrorCode, systemClock } from '../src/base/index.ts';
import { parseSftpPlace } from '../src/remote/sftp/sftp-place.ts';
import { SftpStore } from '../src/remote/sftp/sftp-store.ts';
import { objectStoreContract, rejectsWith } from '../src/storage/object-store.contract.ts';
import { SshServer } from './rig/ssh-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('at an sshd', () => {
  let server: SshServer;
  let place: TemporaryDirectory;
  let environment: NodeJS.ProcessEnv;
  let folders = 0;

  before(async () => {
    place = temporaryDirectory();
    server = await SshServer.start();
    environment = await server.environment();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  const open = (how = environment): SftpStore => {
    const text = server.repository(join(place.path, `repository-${++folders}`));
    const parsed = parseSftpPlace(text);
    if (parsed === undefined) throw new Error(text);
    return new SftpStore(parsed, { environment: how, clock: systemClock });
  };

  objectStoreContract('SftpStore', async (t) => {
    const store = open();
    t.after(() => store[Symbol.dispose]());
    return store;
  });

  it('names what is wrong with user, host key and machine', async () => {
    const wrong: readonly [ErrorCode, NodeJS.ProcessEnv][] = [
      ['ssh_refused', await server.environment({ key: 'stranger' })],
      ['ssh_host_unknown', await server.environment({ knows: 'nobody' })],
      ['ssh_host_changed', await server.environment({ knows: 'stranger' })],
      ['ssh_missing', { PATH: place.path }],
    ];
    for (const [code, how] of wrong) {
      using store = open(how);
      await rejectsWith(store.stat({ type: 'config' }), code);
    }
  });
});
