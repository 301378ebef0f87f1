import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram } from './rig/holdfast-process.ts';
import { canariesOf, formsOf } from './rig/keystore-canaries.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const planted = {
  database: 'canary-of-the-database',
  mirror: 'canary-of-a-mirror',
  query: 'canary-of-a-signature',
  comment: 'canary-in-a-comment',
  header: 'canary-of-a-header',
};
const privateKey = 'Y2FuYXJ5IG9mIGEgcHJpdmF0ZSBrZXkgaW4gdGhlIGxvZw==';

describe('what doctor --bundle writes', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const canaries: string[] = [...Object.values(planted), privateKey];
  let count = 0;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    client = await network.join('client', at('client'));
    mkdirSync(at('data'));
    writeFileSync(at('data', 'letter'), 'dear');
    await client.run(['backup', at('data')]);
    await client.run(['cert', 'export', '--layout', 'restic', at('exported')]);
    await network.run(['request', 'create', '--cn', 'x.example', '--out', at('x.csr')]);
    const code = await network.joinCode('other');
    const bearer = (await network.run(['token', 'create', '--bearer', 'printer'])).stdout.trim();
    const kit = readFileSync(join(network.home, 'recovery-kit.txt'), 'utf8');
    const kitLines = kit.split('\n').filter((line) => /^[A-Z0-9a-z+/=-]{40,}$/.test(line.trim()));
    assert.ok(kitLines.length > 0, 'the kit has a key');
    canaries.push(code, bearer, ...kitLines, readFileSync(at('exported/password'), 'utf8').trim());
    for (const directory of [
      join(network.home, 'authority'),
      join(network.home, 'node'),
      join(client.home, 'node'),
    ]) {
      canaries.push(...(await canariesOf(directory)));
      canaries.push(...formsOf(readFileSync(join(directory, 'stash')).subarray(-32)));
    }
    writeFileSync(
      at('server.log'),
      [
        ...Array.from(
          { length: 20_000 },
          (_, at) => `{"level":30,"msg":"line ${at} of the log, as a server writes them"}`,
        ),
        `{"msg":"somebody typed ${code} into it"}`,
        `{"msg":"and ${bearer}, Authorization: Bearer ${planted.header}"}`,
        `{"msg":"postgres://holdfast:${planted.database}@db.example/holdfast"}`,
        `{"msg":"https://mirror.example/log?X-Amz-Signature=${planted.query}&x=1"}`,
        `-----BEGIN PRIVATE KEY-----\n${privateKey}\n-----END PRIVATE KEY-----`,
        ...kitLines,
        '{"msg":"the last line"}',
        '',
      ].join('\n'),
    );
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  /** What is in a bundle, by name, as tar unpacks it; no secret is. */
  async function unpacked(file: string): Promise<ReadonlyMap<string, string>> {
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const folder = at(`unpacked-${++count}`);
    mkdirSync(folder);
    await runProgram('tar', ['-xzf', file, '-C', folder]);
    const names = readdirSync(join(folder, 'holdfast'));
    const files = new Map(names.map((name) => [name, readFileSync(join(folder, 'holdfast', name), 'utf8')]));
    for (const [name, text] of files)
      for (const canary of canaries) {
        assert.ok(canary.length >= 16, `too short to be told from chance: ${canary}`);
        assert.ok(!text.includes(canary), `${name} holds ${canary}`);
      }
    return files;
  }

  it('has no secret of a server that runs, and what there is to see of it', async () => {
    assert.ok(canaries.length > 30, String(canaries.length));
    await network.run(['doctor', '--bundle', at('server.tar.gz'), '--log', at('server.log')]);
    const files = await unpacked(at('server.tar.gz'));
    assert.match(files.get('program.json') ?? '', /"openssl": "3\./);
    assert.match(files.get('holdfast.toml') ?? '', /^network = "network\.test"$/m);
    assert.match(files.get('status.json') ?? '', /"clientCertificate": "require"/);
    assert.match(files.get('policy.json') ?? '', /"queue": "off"/);
    assert.match(files.get('audit.json') ?? '', /"kind": "certificate_issued"|"kind": "issued"/);
    assert.match(files.get('issuers.json') ?? '', /"root-1"/);
    assert.match(files.get('certificates.json') ?? '', /"CN=client"/);
    assert.match(files.get('files.json') ?? '', /"path": "authority\/keystore"/);
    const log = files.get('log.jsonl') ?? '';
    assert.match(log, /^\{"level":30,"msg":"line \d+ of/);
    assert.match(
      log,
      /\[join code\][\s\S]*\[bearer token\][\s\S]*holdfast:\[password\]@[\s\S]*\[private key\][\s\S]*the last line/,
    );
    assert.ok(log.length <= 1024 * 1024, String(log.length));
  });

  it('has no secret of a client, and the walk to its server', async () => {
    const { stdout } = await client.run(['doctor', '--bundle', at('client.tar.gz'), '--json']);
    assert.match(stdout, /^\[\{"url":/);
    const files = await unpacked(at('client.tar.gz'));
    const missing = JSON.parse(files.get('missing.json') ?? '') as { name: string }[];
    assert.ok(
      missing.every(({ name }) => name === 'log.jsonl'),
      JSON.stringify(missing),
    );
    assert.match(files.get('doctor.json') ?? '', /"step": "speed"/);
    assert.match(files.get('client.json') ?? '', /"verifyServer": true/);
    assert.match(files.get('connection.json') ?? '', /"protocol": "TLS 1\.3"/);
    assert.match(files.get('certificate.pem') ?? '', /BEGIN CERTIFICATE/);
    assert.match(files.get('trust.json') ?? '', /network\.test/);
    assert.equal(files.get('holdfast.toml'), undefined);
  });

  it('replaces no file unless told to, and takes no log without it', async () => {
    const again = ['doctor', '--bundle', at('client.tar.gz')];
    assert.equal(errorIn(await client.run([...again, '--json'], 1)).code, 'object_exists');
    await client.run([...again, '--force']);
    await client.run(['doctor', '--log', at('server.log')], 2);
  });

  it('is written on a machine where nothing works, and fails as doctor does', async () => {
    const nobody = network.client('nobody', at('nobody'));
    const result = await nobody.run(['doctor', '--bundle', at('nobody.tar.gz'), '--json'], 1);
    assert.equal(errorIn(result).code, 'node_not_joined');
    assert.match((await unpacked(at('nobody.tar.gz'))).get('missing.json') ?? '', /home_missing/);
  });

  it('says no password of the settings, of a server whose database does not answer', async () => {
    await network.server.stop('SIGTERM');
    appendFileSync(
      join(network.home, 'holdfast.toml'),
      `# ${planted.comment}
[database]
url = "postgres://holdfast:${planted.database}@127.0.0.1:1/holdfast"

[authority]
log_mirrors = ["https://me:${planted.mirror}@mirror.example/log"]
backup_to = "https://me:${planted.mirror}@mirror.example/backups"
`,
    );
    await network.run(['doctor', '--bundle', at('damaged.tar.gz')], 20);
    const files = await unpacked(at('damaged.tar.gz'));
    assert.match(files.get('holdfast.toml') ?? '', /holdfast:.*@127\.0\.0\.1:1\/holdfast"/);
    assert.match(files.get('holdfast.toml') ?? '', /mirror\.example\/backups/);
    assert.match(files.get('missing.json') ?? '', /"name": "status\.json",\s+"code": "database_unreachable"/);
  });
});
