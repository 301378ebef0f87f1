import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Examination } from '../src/transport/index.ts';
import { greeter } from './rig/broken-servers.ts';
import { fillDisk } from './rig/fill-disk.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { errorIn } from './rig/refusal.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('doctor', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (port: number, path = ''): string => `https://127.0.0.1:${port}${path}`;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(join(place.path, 'server'));
    client = await network.join('client', join(place.path, 'client'));
    mkdirSync(join(place.path, 'data'));
    await client.run(['backup', join(place.path, 'data')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  async function examined(words: readonly string[], exit: number) {
    const result = await client.run(['doctor', ...words, '--json'], exit);
    const [examination] = JSON.parse(result.stdout) as readonly Examination[];
    assert.ok(examination);
    return { examination, result };
  }

  it('walks all the way to the server of a client, within three seconds', async () => {
    const { examination } = await examined([], 0);
    assert.ok(examination.ms < 3000, `${examination.ms} ms`);
    const steps =
      'machine,name,port,speaks,tls,chain,server name,role,revocation,clock,client,rights,space,speed';
    assert.deepEqual(
      examination.findings.map(({ step, level }) => `${step} ${level}`),
      steps.split(',').map((step) => `${step} ok`),
    );
    const { stdout } = await client.run(['doctor']);
    assert.match(stdout, /^ {2}tls +ok +TLS 1\.3, X25519MLKEM768/m);
    assert.match(stdout, /^ {2}space +ok +there is room for a megabyte$/m);
  });

  it('leaves nothing of what it sent at the server', async () => {
    await examined([], 0);
    const { stdout } = await client.run(['check', '--json']);
    assert.doesNotMatch(stdout, /unknown|left/);
  });

  it('says which port it is, when it is another one of the server, and where to go', async () => {
    const { result } = await examined([at(network.port + 1)], 20);
    const { code, hint } = errorIn(result);
    assert.deepEqual([code, hint], ['service_elsewhere', `use https://127.0.0.1:${network.port}`]);
  });

  it("says that another's repository is not this machine's to use", async () => {
    const { result } = await examined([at(network.port, '/other/')], 23);
    assert.equal(errorIn(result).code, 'namespace_forbidden');
  });

  it('looks at a plain port in plain HTTP, and at a TLS port that is called so', async () => {
    const plain = await examined([at(network.port + 2).replace('https:', 'http:')], 0);
    assert.match(plain.examination.findings.at(-1)?.found ?? '', /plain HTTP/);
    const { result } = await examined([at(network.port).replace('https:', 'http:')], 20);
    assert.equal(errorIn(result).code, 'tls_required');
    const other = await examined([at(network.port + 2)], 20);
    assert.equal(errorIn(other.result).code, 'tls_not_spoken');
  });

  it('is named as the next step by a command that gets no connection, with the code that it finds itself', async () => {
    await using mail = await greeter('220 mail ESMTP\r\n');
    const { port } = mail;
    const words = ['snapshots', '--repo', at(port, '/client/'), '--json'];
    const plain = errorIn(await client.run(words, 20));
    assert.equal(plain.code, 'tls_not_spoken');
    assert.ok(plain.hint.includes(`holdfast doctor ${at(port)}`), plain.hint);
    const { result } = await examined([at(port)], 20);
    const { code, message } = errorIn(result);
    assert.equal(code, plain.code);
    assert.match(message, /speaks SMTP, which begins TLS by STARTTLS alone/);
  });

  it('looks at servers from a machine that has joined nothing', async () => {
    const { stderr } = await network
      .client('nobody', join(place.path, 'nobody'))
      .run(['doctor', at(network.port), '--json'], 1);
    assert.match(stderr, /"code":"node_not_joined"/);
  });

  it('refuses what is no address', async () => {
    const { stderr } = await client.run(['doctor', 'ftp://host'], 2);
    assert.match(stderr, /ftp:\/\/host is no address/);
  });

  it('says on both sides that the disk of the store is full, with the code of the backup that failed', {
    skip: cannotMount,
  }, async () => {
    using _disk = mountSmallDisk(join(place.path, 'small'), '64m');
    const full = await Network.start(join(place.path, 'small', 'full'));
    try {
      const desk = await full.join('desk', join(place.path, 'desk'));
      writeFileSync(join(place.path, 'data', 'letter'), 'Dear Ann,\n');
      await desk.run(['backup', join(place.path, 'data')]);
      await desk.run(['doctor']);
      fillDisk(join(place.path, 'small', 'fill'));
      writeFileSync(join(place.path, 'data', 'large'), randomBytes(2_000_000));
      const failed = errorIn(await desk.run(['backup', join(place.path, 'data'), '--json'], 1));
      assert.equal(failed.code, 'storage_full', failed.message);
      const found = await desk.run(['doctor', '--json'], 1);
      assert.equal(errorIn(found).code, 'storage_full');
      const [walk] = JSON.parse(found.stdout) as readonly Examination[];
      assert.deepEqual(
        walk?.findings.filter(({ level }) => level === 'failed').map(({ step, code }) => [step, code]),
        [['space', 'storage_full']],
      );
      const there = await full.run(['doctor', '--json'], 1);
      assert.equal(errorIn(there).code, 'storage_full');
      assert.match(errorIn(there).message, /has 0\.0 of 0\.1 GB free/);
    } finally {
      await full[Symbol.asyncDispose]();
    }
  });

  describe('at a server', () => {
    const seen = async (exit: number) => {
      const result = await network.run(['doctor', '--json'], exit);
      return { result, examinations: JSON.parse(result.stdout) as readonly Examination[] };
    };

    it('looks at its machine, and dials every address that clients are told', async () => {
      const { examinations } = await seen(0);
      const [machine, ...dialled] = examinations;
      assert.equal(machine?.url, network.home);
      const steps = machine.findings.map(({ step, level }) => `${step} ${level}`);
      for (const step of ['authority', 'certificates', 'store', 'listeners', 'disk'])
        assert.ok(
          steps.some((each) => each.startsWith(`${step} `)),
          `${step}: ${steps.join()}`,
        );
      const expected = [network.port, network.port + 1].map((port) => `https://127.0.0.1:${port}/`);
      const urls = dialled.map(({ url }) => url);
      for (const url of expected) assert.ok(urls.includes(url), `${url}: ${urls.join()}`);
      assert.ok(urls.some((url) => url.startsWith('http://') && url.includes(String(network.port + 2))));
      const main = dialled.find(({ url }) => url === expected[0]);
      assert.match(said(main, 'chain'), /8[89] days left/);
      assert.match(said(main, 'revocation'), /none of the certificates is revoked/);
      assert.match(said(main, 'client'), /asks for a certificate/);
      const open = dialled.find(({ url }) => url === expected[1]);
      assert.match(said(open, 'client'), /asks nobody/);
    });

    it('names a listener that does not answer, and names that lead nowhere', async () => {
      await network.server.stop('SIGTERM');
      const file = join(network.home, 'holdfast.toml');
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace('"localhost"', '"localhost", "no-such-host.invalid"'));
      const { examinations, result } = await seen(20);
      const { code, hint } = errorIn(result);
      assert.equal(code, 'connection_refused');
      assert.match(hint, /holdfast serve/);
      const causes = examinations.flatMap(({ findings }) => findings.map((each) => each.code));
      assert.ok(causes.includes('host_not_found'), causes.join());
      writeFileSync(file, text);
      await network.restart();
    });
  });

  function said(examination: Examination | undefined, step: string): string {
    return examination?.findings.find((each) => each.step === step)?.found ?? '';
  }
});
