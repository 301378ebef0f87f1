import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ProgramOptions, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';
import { WebDav } from './rig/web-dav.ts';

async function json(words: readonly string[], options: ProgramOptions): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json'], options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** What `status` says of the only mirror, which `place` becomes. */
async function mirrorAt(
  place: string,
  options: ProgramOptions,
): Promise<{ current: boolean; problem: string }> {
  const path = join(options.cwd ?? '', 'a/holdfast.toml');
  const others = readFileSync(path, 'utf8').replace(/\n\[authority\][^]*/, '');
  writeFileSync(path, `${others}\n[authority]\nlog_mirrors = ["${place}"]\n`);
  const status = await json(['status', '--home', 'a'], options);
  const { mirrors, warnings } = status['authority'] as {
    mirrors: [{ current: boolean }];
    warnings: string[];
  };
  return { current: mirrors[0].current, problem: warnings.find((text) => text.includes('log mirror')) ?? '' };
}

const init = ['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'];

test('a WebDAV server takes backups and the log, and an authority comes back from them', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const at = (...names: string[]): string => join(cwd, ...names);
  await using web = await WebDav.start(at('web'));
  for (const name of ['log', 'backups']) mkdirSync(at('web', name));
  await json(init, { cwd });
  assert.equal((await mirrorAt(`${web.url}log`, { cwd })).current, true);
  for (let n = 0; n < 3; n++)
    await json(['ca', 'backup', '--to', `${web.url}backups`, '--keep', '2', '--home', 'a'], { cwd });
  const kept = readdirSync(at('web/backups')).sort();
  assert.equal(kept.length, 2);
  appendFileSync(at('a/holdfast.toml'), `backup_to = "${web.url}backups"\n`);
  const rehearsed = await json(['ca', 'rehearse', '--kit', 'a/recovery-kit.txt', '--home', 'a'], { cwd });
  assert.deepEqual([rehearsed['depth'], rehearsed['good']], ['opened', true]);
  assert.match(JSON.stringify(rehearsed['steps']), /\/log\/ goes on from the backup to record \d+/);

  await json(['token', 'create', 'after-the-backup', '--home', 'a'], { cwd });
  const restore = ['ca', 'restore', at('web/backups', kept.at(-1) ?? ''), '--kit', 'a/recovery-kit.txt'];
  const restored = await json([...restore, '--home', 'b'], { cwd });
  assert.deepEqual(
    [restored['standing'], restored['mirror']],
    ['ready', `${web.url.replace('mirror:secret@', '')}log/`],
  );
});

test('what a web server refuses is said with what is to be done there', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await using web = await WebDav.start(join(cwd, 'web'));
  await json(init, { cwd });
  const refused: [place: string, problem: RegExp][] = [
    [`${web.url}missing`, /answered 404: make that directory there first/],
    [web.url.replace('secret', 'guess'), /answered 401: it does not take this name and password/],
    [web.url.replace('mirror:secret@', ''), /answered 401: put name and password into the address/],
    [web.url.replace('http:', 'https:'), /does not speak TLS: check the port/],
    ['http://127.0.0.1:1/', /nobody answers there/],
  ];
  for (const [place, problem] of refused) {
    const found = await mirrorAt(place, { cwd });
    assert.match(found.problem, problem, place);
    assert.equal(found.current, false);
    assert.doesNotMatch(found.problem, /secret|guess/);
  }
  assert.deepEqual(readdirSync(join(cwd, 'web')), []);
  for (const place of [
    's3:https://key:secret@host/bucket',
    'ftp://key:secret@host/',
    'https://key:secret@host/?x=1',
  ]) {
    const words = ['ca', 'backup', '--to', place, '--home', 'a', '--json'];
    const { code, message } = errorIn(await runHoldfast(words, { cwd }));
    assert.equal(code, 'settings_invalid');
    assert.doesNotMatch(message, /secret/);
  }
});

test('a server over TLS is believed when this machine trusts who signed its certificate', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const names = ['-subj', '/CN=nas', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', 'nas.key', '-out', 'nas.pem'];
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    ...names,
    ...files,
  ];
  await runProgram('openssl', words, { cwd });
  await using web = await WebDav.start(join(cwd, 'web'), {
    cert: join(cwd, 'nas.pem'),
    key: join(cwd, 'nas.key'),
  });
  await json(init, { cwd });
  const stranger = await mirrorAt(web.url, { cwd });
  assert.match(stranger.problem, /from nobody whom this machine trusts: .*SSL_CERT_FILE/);
  const env = { SSL_CERT_FILE: join(cwd, 'nas.pem') };
  assert.equal((await mirrorAt(web.url, { cwd, env })).current, true);
  const otherName = await mirrorAt(web.url.replace('127.0.0.1', 'localhost'), { cwd, env });
  assert.match(otherName.problem, /its certificate is for another name/);
});
