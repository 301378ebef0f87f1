import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a request that is handed in at a server', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let root: string;
  const at = (...names: string[]): string => join(place.path, ...names);
  const server = (): string[] => ['--server', `https://127.0.0.1:${network.port + 1}`];
  const known = (): string[] => [...server(), '--fingerprint', root];
  const waiting = async (): Promise<{ id: number; identity: string; state: string }[]> =>
    JSON.parse((await network.run(['request', 'list', '--json'])).stdout) as never;
  const idOf = async (name: string): Promise<string> => {
    const found = (await waiting()).find(
      (each) => each.identity.endsWith(`/${name}`) && each.state === 'pending',
    );
    return String(found?.id ?? assert.fail(`no request of ${name} waits`));
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    const { stdout } = await network.run(['ca', 'export', at('root.pem'), '--json']);
    assert.ok(stdout !== undefined && existsSync(at('root.pem')));
    const shown = await runProgram('openssl', [
      'x509',
      '-in',
      at('root.pem'),
      '-noout',
      '-fingerprint',
      '-sha256',
    ]);
    root = /=(.*)/.exec(shown.stdout)?.[1] ?? '';
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is not taken while the queue is off, and leaves nothing behind', async () => {
    const web = network.client('web', at('web'));
    const words = [
      'request',
      'create',
      '--cn',
      'web.example',
      '--submit',
      ...server(),
      '--root',
      at('root.pem'),
    ];
    assert.match((await web.run(words, 23)).stderr, /\[queue_closed\]/);
    assert.ok(!existsSync(web.home));
    await network.run(['policy', 'set', 'queue', 'on']);
  });

  it('is never sent to a server that nobody vouches for', async () => {
    const web = network.client('web', at('web'));
    const words = ['request', 'create', '--cn', 'web.example', '--submit'];
    assert.match((await web.run(words, 2)).stderr, /which server\? \[usage\]/);
    assert.match((await web.run([...words, ...server()], 2)).stderr, /whom to believe.*\[usage\]/);
    const wrong = ['--fingerprint', `SHA256:${'00:'.repeat(31)}00`];
    assert.match(
      (await web.run([...words, ...server(), ...wrong], 21)).stderr,
      /\[join_code_wrong_authority\]/,
    );
    assert.ok(!existsSync(web.home));
    assert.deepEqual(await waiting(), []);
    const list = await network.run(['request', 'list']);
    assert.equal(list.stdout, '');
    assert.match(list.stderr, /no request waits for a decision/);
  });

  it('is not sent to a port that speaks no TLS, which is said', async () => {
    const web = network.client('web', at('web'));
    const plain = ['--server', `https://127.0.0.1:${network.port + 2}`];
    for (const known of [
      ['--root', at('root.pem')],
      ['--fingerprint', root],
    ]) {
      const words = ['request', 'create', '--cn', 'web.example', '--submit', ...plain, ...known];
      assert.match((await web.run(words, 20)).stderr, /answers, but does not speak TLS.*\[tls_not_spoken\]/);
    }
  });

  it('waits, is approved, and its certificate is paired with the key that waited', async () => {
    const web = network.client('web', at('web'));
    const words = ['--names', 'web.example,192.0.2.9', '--o', 'Example Ltd', '--out', at('web.csr')];
    await web.run(['request', 'create', '--friendly-name', 'Web', ...words]);
    const handed = await web.run(['request', 'submit', at('web.csr'), '--profile', 'server', ...known()]);
    assert.match(handed.stdout, /handed in +server\/web\.example at 127\.0\.0\.1:\d+ +pending/);
    assert.match((await web.run(['request', 'collect'], 1)).stderr, /\[request_pending\]/);
    await network.run(['request', 'approve', await idOf('web.example')]);
    const { stdout } = await web.run(['request', 'collect', 'Web', '--out', at('web.pem')]);
    assert.match(stdout, /completed +.*CN=web\.example/);
    const paths = ['-CAfile', at('root.pem'), '-untrusted', at('web.pem'), at('web.pem')];
    await runProgram('openssl', ['verify', '-purpose', 'sslserver', ...paths]);
    assert.match((await web.run(['request', 'collect'], 2)).stderr, /no request was handed in from here/);
  });

  it('makes this machine a client when it was cut off before its key had taken the name of one', async () => {
    const cut = network.client('cut', at('cut'));
    await cut.run(['request', 'create', '--cn', 'cut', '--profile', 'client', '--submit', ...known()]);
    await network.run(['request', 'approve', await idOf('cut')]);
    const keystore = join(cut.home, 'node/keystore');
    copyFileSync(keystore, at('keystore'));
    await cut.run(['request', 'collect']);
    copyFileSync(at('keystore'), keystore);
    assert.match((await cut.run(['request', 'collect'])).stdout, /joined +CN=cut/);
    await cut.run(['backup', at('root.pem')]);
  });

  it('shows what would be left out before it is approved without, and with other names', async () => {
    const made = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      at('router.key'),
    ];
    const names = 'subjectAltName=DNS:router.example,DNS:old.example,email:noc@router.example';
    const subject = ['-subj', '/O=Example/CN=router.example', '-addext', names];
    await runProgram('openssl', ['req', '-new', ...made, ...subject, '-out', at('router.csr')]);
    const router = network.client('router', at('router'));
    const submitted = await router.run(['request', 'submit', at('router.csr'), ...known()]);
    assert.match(submitted.stdout, /left out +email:noc@router\.example/);
    const id = await idOf('router.example');
    assert.match((await network.run(['request', 'list'])).stdout, /pending, 1 left out/);
    const shown = (await network.run(['request', 'show', id])).stdout;
    assert.match(shown, /left out +email:noc@router\.example/);
    const other = await network.run(['request', 'approve', id, '--drop', 'none.example'], 2);
    assert.match(other.stderr, /does not ask for none\.example \[input_invalid\]/);
    const words = ['--names', 'router.example,old.example,new.example', '--drop', 'old.example,O'];
    const approved = (await network.run(['request', 'approve', id, ...words])).stdout;
    assert.match(approved, /issued +\S*server\/router\.example +CN=router\.example$/m);
    assert.match(approved, /names +.*dns:router\.example, dns:new\.example$/m);
    const { stdout } = await network.run(['audit', 'list', '--json']);
    const records = JSON.parse(stdout) as { kind: string; details: Record<string, unknown> }[];
    const identity = 'server/router.example';
    const last = records.find(({ kind, details }) => kind === 'approved' && details['identity'] === identity);
    assert.deepEqual(last?.details['added'], ['dns:new.example']);
  });

  it('says why it was denied', async () => {
    const web = network.client('web', at('web'));
    await web.run(['request', 'create', '--cn', 'no.example', '--submit', ...known()]);
    await network.run(['request', 'deny', await idOf('no.example'), '--reason', 'not in this house']);
    const { stderr } = await web.run(['request', 'collect', 'no.example'], 23);
    assert.match(stderr, /denied: not in this house \[request_denied\]/);
  });

  it('is of the name that is said, by who hands it in and by who approves it', async () => {
    const named = network.client('named', at('named'));
    const words = ['--cn', 'box.example', '--out', at('box.csr')];
    await named.run(['request', 'create', ...words]);
    await named.run(['request', 'submit', 'box.example', '--name', 'box-1', ...known()]);
    const { stdout } = await network.run(['request', 'approve', await idOf('box-1'), '--name', 'box-2']);
    assert.match(stdout, /server\/box-2/);
    const root = ['--root', at('root.pem')];
    assert.match((await named.run(['request', 'collect', 'box.example', ...root])).stdout, /completed/);
  });

  it('is of the name that is said beside a join code for several', async () => {
    const code = await network.joinCode('rack-*', ['--uses', '2']);
    const handIn = async (name: string): Promise<string> => {
      const rack = network.client(name, at(name));
      const words = ['--cn', name, '--profile', 'client', '--submit', ...server(), '--name', name];
      const { stdout, stderr } = await rack.run(['request', 'create', ...words, '--code', code]);
      assert.match(stderr, /warning: a join code in the command line can be read by others/);
      return stdout;
    };
    assert.match(await handIn('rack-7'), /joined +CN=rack-7/);
    const rack = network.client('other', at('other'));
    const words = [
      'request',
      'create',
      '--cn',
      'other',
      '--submit',
      ...server(),
      '--code',
      '-',
      '--name',
      'other',
    ];
    const refused = await runProgram(network.program, [...words, '--home', rack.home], {
      input: code,
      expected: 1,
    });
    assert.match(refused.stderr, /stands for rack-\*, and not for other \[name_invalid\]/);
  });

  it('is listed where it was made with what became of it, and can be handed in again', async () => {
    const shop = network.client('shop', at('shop'));
    for (const name of ['denied', 'approved', 'waiting'])
      await shop.run(['request', 'create', '--cn', `${name}.shop`, '--submit', ...known()]);
    await shop.run(['request', 'create', '--cn', 'kept.shop', '--out', at('kept.csr')]);
    await network.run(['request', 'deny', await idOf('denied.shop'), '--reason', 'not in this house']);
    await network.run(['request', 'approve', await idOf('approved.shop')]);
    const { stdout, stderr } = await shop.run(['request', 'pending']);
    assert.match(stdout, /^approved\.shop .* approved$/m);
    assert.match(stdout, /^denied\.shop .* denied$/m);
    assert.match(stdout, /^kept\.shop .* not handed in$/m);
    assert.match(stdout, /^waiting\.shop .* pending$/m);
    assert.match(stderr, /approved\.shop was approved; .*: holdfast request collect approved\.shop$/m);
    assert.match(
      stderr,
      /denied\.shop was denied: not in this house; .*holdfast request submit denied\.shop/,
    );
    await shop.run(['request', 'submit', 'denied.shop']);
    const again = JSON.parse((await shop.run(['request', 'pending', '--json'])).stdout) as {
      state: string;
    }[];
    assert.deepEqual(
      again.map(({ state }) => state),
      ['approved', 'pending', 'not handed in', 'pending'],
    );
  });

  it('makes a machine the client it was approved to be, which then backs up', async () => {
    const laptop = network.client('laptop', at('laptop'));
    const words = ['--cn', 'laptop', '--profile', 'client', '--submit', ...known()];
    await laptop.run(['request', 'create', ...words]);
    await network.run(['request', 'approve', await idOf('laptop')]);
    assert.match((await laptop.run(['request', 'collect'])).stdout, /joined +CN=laptop/);
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await laptop.run(['backup', at('letter')]);
    await laptop.run(['cert', 'renew', '--early']);
    // From now on the server and whom to believe are known.
    await laptop.run(['request', 'create', '--cn', 'shop.example', '--submit']);
    await network.run(['request', 'approve', await idOf('shop.example')]);
    assert.match((await laptop.run(['request', 'collect'])).stdout, /completed +CN=shop\.example/);
  });

  it('is decided at once by a join code, with the queue off too', async () => {
    await network.run(['policy', 'set', 'queue', 'off']);
    const code = await network.joinCode('desk');
    const desk = network.client('desk', at('desk'));
    const words = ['--cn', 'desk', '--profile', 'client', '--submit', ...server(), '--code', code];
    assert.match((await desk.run(['request', 'create', ...words])).stdout, /joined +CN=desk/);
    await desk.run(['backup', at('letter')]);
    await network.run(['policy', 'set', 'queue', 'on']);
  });

  it('can be handed in from one machine, made on another, and its certificate written to a file', async () => {
    const key = ['-newkey', 'ed25519', '-nodes', '-keyout', at('other.key'), '-subj', '/CN=other.example'];
    await runProgram('openssl', ['req', '-new', ...key, '-out', at('other.csr')]);
    const laptop = network.client('laptop', at('laptop'));
    const handed = await laptop.run(['request', 'submit', at('other.csr'), '--profile', 'server', '--json']);
    const { handle } = JSON.parse(handed.stdout) as { handle: string };
    await network.run(['request', 'approve', await idOf('other.example')]);
    assert.match((await laptop.run(['request', 'collect', handle], 2)).stderr, /--out FILE/);
    await laptop.run(['request', 'collect', handle, '--out', at('other.pem'), '--force']);
    assert.match(readFileSync(at('other.pem'), 'utf8'), /BEGIN CERTIFICATE/);
    const unknown = await laptop.run(['request', 'collect', 'a'.repeat(26), '--out', at('x.pem')], 1);
    assert.match(unknown.stderr, /\[request_unknown\]\n {2}next: check the handle/);
    assert.ok(!existsSync(at('x.pem')));
  });

  it('is paired with the key that waits here when another machine handed it in', async () => {
    const web = network.client('web', at('web'));
    await web.run(['request', 'create', '--cn', 'carried.example', '--out', at('carried.csr')]);
    const laptop = network.client('laptop', at('laptop'));
    const handed = await laptop.run(['request', 'submit', at('carried.csr'), '--json']);
    const { handle } = JSON.parse(handed.stdout) as { handle: string };
    await network.run(['request', 'approve', await idOf('carried.example')]);
    const { stdout } = await web.run(['request', 'collect', handle, ...known()]);
    assert.match(stdout, /completed +CN=carried\.example/);
  });

  it('is listed too when its server cannot be reached, with what keeps it', async () => {
    await network[Symbol.asyncDispose]();
    const shop = network.client('shop', at('shop'));
    const { stdout, stderr } = await shop.run(['request', 'pending']);
    assert.match(stdout, /^waiting\.shop .* not reached$/m);
    assert.match(stderr, /nothing is known of waiting\.shop: .*127\.0\.0\.1/);
  });
});
