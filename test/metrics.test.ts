import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { certifiedRequest } from './rig/certified-request.ts';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { takesConnections } from './rig/takes-connections.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const rules = join(import.meta.dirname, '../docs/examples/alerts.yml');

describe('metrics for Prometheus', () => {
  const place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  let network: Network;
  let alpha: NetworkClient;
  let port: number;
  let plainSettings: string;
  const settingsFile = (): string => join(network.home, 'holdfast.toml');
  const scraped = async (): Promise<string> =>
    (await runProgram('curl', ['-sS', '--fail', `http://127.0.0.1:${port}/-/metrics`])).stdout;
  /** The value of a series; undefined where there is none. */
  const valueIn = (text: string, series: string): number | undefined => {
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
  /** Scrapes until a series is there: what is looked up is told again for ten seconds. */
  const untilThere = async (series: string): Promise<string> => {
    for (;;) {
      const text = await scraped();
      if (valueIn(text, series) !== undefined) return text;
      await setTimeout(500);
    }
  };

  before(async () => {
    network = await Network.start(at('server'));
    alpha = await network.join('alpha', at('alpha'));
    await alpha.run(['cert', 'export', '--layout', 'restic', at('restic')]);
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a\n'.repeat(100_000));
    port = await freePorts();
    plainSettings = readFileSync(settingsFile(), 'utf8');
    writeFileSync(settingsFile(), plainSettings + listenersOn(network.port, port));
    process.kill(network.server.pid, 'SIGHUP');
    while (!(await takesConnections(port))) await setTimeout(50);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('are what promtool takes for good, and say what is so', async () => {
    await scraped();
    await alpha.run(['backup', at('data')]);
    const snapshot = 'holdfast_newest_snapshot_timestamp_seconds{client="alpha"}';
    const text = await untilThere(snapshot);
    const file = at('metrics.txt');
    writeFileSync(file, text);
    const checked = await runProgram('sh', ['-c', `promtool check metrics < ${file}`]);
    assert.equal(`${checked.stdout}${checked.stderr}`, '');

    const ageSeconds = Date.now() / 1000 - (valueIn(text, snapshot) ?? 0);
    assert.ok(ageSeconds >= 0 && ageSeconds < 120, `${ageSeconds}`);
    const { validTo } = new X509Certificate(readFileSync(at('restic/client.pem')));
    const end = valueIn(text, 'holdfast_certificate_not_after_timestamp_seconds{kind="client",name="alpha"}');
    assert.equal(end, Date.parse(validTo) / 1000);
    const tls = 'holdfast_connections_total{listener="main",protocol="TLS 1.3",group="X25519MLKEM768"}';
    assert.ok((valueIn(text, tls) ?? 0) >= 2);
    assert.ok((valueIn(text, 'holdfast_requests_total{listener="main",by="certificate"}') ?? 0) > 5);
    for (const kind of ['root', 'issuing'])
      assert.ok(
        valueIn(text, `holdfast_certificate_not_after_timestamp_seconds{kind="${kind}",name="${kind}"}`),
      );
    for (const name of ['this', 'next'])
      assert.ok(valueIn(text, `holdfast_crl_${name}_update_timestamp_seconds{issuer="issuing-1"}`));
    assert.ok((valueIn(text, 'holdfast_store_free_bytes') ?? 0) > 0);
    assert.equal(valueIn(text, 'holdfast_authority_ready'), 1);
  });

  it('know the size of the store without walking it for each scrape', async () => {
    const text = await untilThere('holdfast_store_size_bytes');
    const before = valueIn(text, 'holdfast_store_size_bytes');
    assert.equal(before, bytesBelow(join(network.home, 'store')));
    // What is put there by somebody else is known after the next walk; what comes through the server at once.
    writeFileSync(join(network.home, 'store/alpha/unknown'), 'x'.repeat(1000));
    writeFileSync(at('data/b'), 'b\n'.repeat(100_000));
    await alpha.run(['backup', at('data')]);
    const known = bytesBelow(join(network.home, 'store')) - 1000;
    let told: number | undefined = before;
    while (told === before) {
      await setTimeout(1000);
      told = valueIn(await scraped(), 'holdfast_store_size_bytes');
    }
    assert.equal(told, known);
  });

  it('count what is refused by its cause', async () => {
    const files = { ca: at('restic/ca.pem'), certificate: at('restic/client.pem') };
    for (let times = 0; times < 4; times++)
      await certifiedRequest(`https://127.0.0.1:${network.port}/beta/config`, files);
    assert.equal(valueIn(await scraped(), 'holdfast_refusals_total{cause="namespace_forbidden"}'), 4);
  });

  it('count one identity that wants the connections of all, who is named, and others are served', async () => {
    // restic has both in one file.
    const pem = readFileSync(at('restic/client.pem'));
    const open = async (): Promise<TLSSocket> => {
      const socket = connect({ port: network.port, cert: pem, key: pem, rejectUnauthorized: false });
      // Whoever asks nothing is not kept.
      socket.on('error', () => {}).write('HEAD /alpha/config HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await once(socket, 'data');
      return socket;
    };
    const held: TLSSocket[] = [];
    const files = { ca: at('restic/ca.pem'), certificate: at('restic/client.pem') };
    const ask = () => certifiedRequest(`https://127.0.0.1:${network.port}/alpha/config`, files);
    try {
      while (held.length < 256) held.push(...(await Promise.all(Array.from({ length: 8 }, () => open()))));
      const refused = await ask();
      assert.equal(refused.status, 429, refused.body);
      assert.match(refused.body, /"connections_exhausted".*client alpha has 256 connections open/);
      assert.equal(valueIn(await scraped(), 'holdfast_refusals_total{cause="connections_exhausted"}'), 1);
      const beta = await network.join('beta', at('beta'));
      await beta.run(['backup', at('data')]);
      const { stdout } = await network.run(['audit', 'list', '--kind', 'refused', '--by', 'client/alpha']);
      assert.match(stdout, /connections_exhausted/);
      assert.equal(held.filter(({ destroyed }) => destroyed).length, 0);
      const gone = held.pop()?.destroy();
      await setTimeout(100);
      assert.deepEqual([gone?.destroyed, (await ask()).status], [true, 200]);
    } finally {
      for (const socket of held) socket.destroy();
    }
  });

  it('are for nobody elsewhere, unless he proves to be an administrator where the policy says so', async () => {
    const files = { ca: at('restic/ca.pem'), certificate: at('restic/client.pem') };
    const url = (offset: number): string => `https://127.0.0.1:${network.port + offset}/-/metrics`;
    const open = async (token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return await certifiedRequest(url(1), { ca: files.ca, headers });
    };
    assert.equal((await open()).status, 404);
    assert.equal((await certifiedRequest(url(0), files)).status, 404);
    const plain = await runProgram('curl', [
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `http://127.0.0.1:${network.port + 2}/-/metrics`,
    ]);
    assert.equal(plain.stdout, '404');

    await network.run(['policy', 'set', 'listeners.open.metrics', 'admin']);
    while ((await open()).status === 404) await setTimeout(50);
    const refused = await open();
    assert.equal(refused.status, 401);
    assert.doesNotMatch(refused.body, /alpha|holdfast_/);
    const tokenOf = async (...words: string[]): Promise<string> =>
      (await network.run(['token', 'create', '--bearer', ...words])).stdout.trim();
    assert.equal((await open(await tokenOf('printer'))).status, 403);
    const told = await open(await tokenOf('prometheus', '--role', 'admin'));
    assert.equal(told.status, 200);
    assert.match(told.body, /holdfast_newest_snapshot_timestamp_seconds\{client="alpha"\}/);
    const { stdout } = await network.run(['policy', 'show', '--json']);
    const key = JSON.parse(stdout).keys.find(
      (each: { key: string }) => each.key === 'listeners.open.metrics',
    );
    assert.deepEqual([key.value, key.weaker], ['admin', false]);
    await network.run(['policy', 'set', 'listeners.open.metrics', 'default']);
    while ((await open()).status !== 404) await setTimeout(50);
  });

  it('are refused by the settings where anybody elsewhere would get them', async () => {
    const home = at('other');
    await runProgram(network.program, [
      'init',
      '--network',
      'other.test',
      '--names',
      'localhost',
      '--home',
      home,
    ]);
    const file = join(home, 'holdfast.toml');
    const settings = readFileSync(file, 'utf8');
    const [plain, tls] = [{ kind: 'plain', metrics: 'anybody' }, { metrics: 'admin' }] as const;
    for (const [written, said] of [
      [{ ...plain, services: ['status'] }, /loopback address, found all addresses/],
      [{ ...plain, services: ['status'], host: '0.0.0.0' }, /found 0\.0\.0\.0/],
      [{ ...plain, services: ['status'], host: '127.0.0.1', metrics: 'admin' }, /needs TLS/],
      [{ ...tls, services: ['control'] }, /with the service status/],
      [{ services: ['status'], metrics: 'everybody' }, /listeners\.0\.metrics must be/],
    ] as const) {
      writeFileSync(file, settings + listenersToml([{ name: 'm', port, ...written }]));
      const { code, stderr } = await runHoldfast(['serve', '--home', home]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, said);
    }
  });

  it('come with alert rules that promtool takes, which fire when they should', async () => {
    const checked = await runProgram('promtool', ['check', 'rules', rules]);
    assert.match(checked.stdout, /SUCCESS: 18 rules found/);
    const file = at('alerts-test.yml');
    writeFileSync(file, ruleTests);
    const tested = await runProgram('promtool', ['test', 'rules', file]);
    assert.match(`${tested.stdout}${tested.stderr}`, /SUCCESS/);
    // Every name in a rule is one that the server tells.
    const text = await untilThere('holdfast_store_size_bytes');
    const names = new Set(readFileSync(rules, 'utf8').match(/holdfast_\w+/g));
    const later = [
      'holdfast_let_in_total',
      'holdfast_authority_backup_timestamp_seconds',
      'holdfast_client_alarm',
      'holdfast_client_quota_bytes',
      'holdfast_set_state',
      'holdfast_set_drill',
      'holdfast_set_proven_timestamp_seconds',
      'holdfast_set_unproven_timestamp_seconds',
      'holdfast_replica_lag_seconds',
      'holdfast_replica_problems',
    ];
    for (const name of names) if (!later.includes(name)) assert.match(text, new RegExp(`^${name}[{ ]`, 'm'));
    const source = ['metrics.ts', 'replicas/store-copies.ts']
      .map((file) => readFileSync(join(import.meta.dirname, '../src/server', file), 'utf8'))
      .join('\n');
    for (const name of later) assert.ok(source.includes(`'${name}'`), name);
  });
});

/** A client that stopped, a disk that fills, a list that is late; and a client that is well. */
const ruleTests = `
rule_files: [${JSON.stringify(rules)}]
evaluation_interval: 1h
tests:
  - interval: 1h
    input_series:
      - series: 'holdfast_newest_snapshot_timestamp_seconds{client="stopped"}'
        values: '0x100'
      - series: 'holdfast_newest_snapshot_timestamp_seconds{client="well"}'
        values: '0+3600x100'
      - series: 'holdfast_store_free_bytes'
        values: '50-1x100'
      - series: 'holdfast_store_capacity_bytes'
        values: '100x100'
      - series: 'holdfast_crl_next_update_timestamp_seconds{issuer="issuing-1"}'
        values: '36000x100'
      - series: 'holdfast_certificate_not_after_timestamp_seconds{kind="client",name="stopped"}'
        values: '345600x100'
      - series: 'holdfast_bound_certificates_unread'
        values: '0x8 1x91'
      - series: 'holdfast_set_drill{client="stopped",set="documents",result="damaged"}'
        values: '1x100'
      - series: 'holdfast_set_drill{client="well",set="documents",result="proven"}'
        values: '1x100'
      - series: 'holdfast_set_unproven_timestamp_seconds{client="stopped",set="documents"}'
        values: '-1900000x100'
      - series: 'holdfast_set_proven_timestamp_seconds{client="well",set="documents"}'
        values: '-1000000x100'
    alert_rule_test:
      - eval_time: 8h
        alertname: HoldfastSetCannotBeRestored
        exp_alerts:
          - exp_labels: { severity: critical, client: stopped, set: documents, result: damaged }
            exp_annotations:
              summary: The restore drill of the set documents of stopped found it damaged; holdfast nodes says what.
      - eval_time: 8h
        alertname: HoldfastSetNotProven
        exp_alerts:
          - exp_labels: { severity: warning, client: stopped, set: documents }
            exp_annotations:
              summary: No restore drill has proven the set documents of stopped for 22d 7h 46m 40s.
      - eval_time: 8h
        alertname: HoldfastCertificatesUnread
        exp_alerts: []
      - eval_time: 11h
        alertname: HoldfastCertificatesUnread
        exp_alerts:
          - exp_labels: { severity: warning }
            exp_annotations:
              summary: Certificates that are bound cannot be read, and those of before are shown on; holdfast status at the server says why.
      - eval_time: 8h
        alertname: HoldfastRevocationListOld
        exp_alerts: []
      - eval_time: 11h
        alertname: HoldfastRevocationListOld
        exp_alerts:
          - exp_labels: { severity: critical, issuer: issuing-1 }
            exp_annotations:
              summary: The revocation list of issuing-1 is not good for another hour.
      - eval_time: 24h
        alertname: HoldfastClientNotBackedUp
        exp_alerts: []
      - eval_time: 72h
        alertname: HoldfastClientNotBackedUp
        exp_alerts:
          - exp_labels: { severity: warning, client: stopped }
            exp_annotations:
              summary: No snapshot of stopped has come for 3d 0h 0m 0s.
      - eval_time: 48h
        alertname: HoldfastCertificateEnding
        exp_alerts:
          - exp_labels: { severity: warning, kind: client, name: stopped }
            exp_annotations:
              summary: The certificate of client stopped ends in 2.0 days, and should have been renewed.
      - eval_time: 45h
        alertname: HoldfastStoreFull
        exp_alerts:
          - exp_labels: { severity: warning }
            exp_annotations:
              summary: The disk of the store has 5% left.
`;

function bytesBelow(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function listenersOn(port: number, own: number): string {
  const one = { name: 'metrics', host: '127.0.0.1', port: own, services: ['status'] };
  return listenersToml([...usualListeners(port), { ...one, kind: 'plain', metrics: 'anybody' }]);
}
