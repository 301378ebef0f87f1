import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Value } from 'typebox/value';
import { answers } from '../../src/cli/answers.ts';
import { BootedSystem, type Said } from '../rig/booted-system.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';

const checkout = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
const earlier = '0.0.9';
/** Published for the agent, which installs it by itself. */
const later = '99.0.0';

describe('the packages', { skip: process.getuid?.() !== 0 && 'installing packages needs root' }, () => {
  let place: TemporaryDirectory;
  let system: BootedSystem;

  const debOf = (number: string) => `holdfast_${number}_amd64.deb`;
  const older = () => join(place.path, 'older');

  before(async () => {
    place = temporaryDirectory();
    const booting = BootedSystem.start(place.path);
    const script = join(checkout, 'scripts/write-packages.ts');
    const words = ['--disable-warning=ExperimentalWarning', script, '--to', place.path, '--arch', 'x64'];
    execFileSync(process.execPath, words);
    execFileSync('dpkg-deb', ['--raw-extract', join(place.path, debOf(version)), older()]);
    for (const number of [later, earlier]) {
      const control = join(older(), 'DEBIAN/control');
      writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${number}`));
      const manifest = join(older(), 'usr/lib/holdfast/package.json');
      const said = JSON.parse(readFileSync(manifest, 'utf8')) as object;
      writeFileSync(manifest, JSON.stringify({ ...said, version: number }));
      execFileSync('dpkg-deb', ['-Znone', '--build', older(), join(place.path, debOf(number))]);
    }
    system = await booting;
    for (const number of [earlier, version, later])
      copyFileSync(join(place.path, debOf(number)), join(system.root, 'srv', debOf(number)));
    appendFileSync(join(system.root, 'etc/hosts'), '127.0.0.1 vault.example\n');
  });

  after(async () => {
    await system?.[Symbol.asyncDispose]();
    place?.[Symbol.dispose]();
  });

  /** Runs a command in the system; it has to succeed. */
  async function succeed(...words: readonly string[]): Promise<Said> {
    const said = await system.run(...words);
    assert.equal(said.code, 0, `${words.join(' ')}: ${said.stdout}${said.stderr}`);
    return said;
  }

  it('a package installs, serves as a service, is updated by the network, removed and purged, and the home stays', async () => {
    await succeed('dpkg', '--install', `/srv/${debOf(earlier)}`);
    assert.match(
      (await succeed('getent', 'passwd', 'holdfast')).stdout,
      /:\/var\/lib\/holdfast:\/usr\/sbin\/nologin$/m,
    );
    assert.equal((await succeed('holdfast', '--version')).stdout, `${earlier}\n`);

    const early = await system.run('holdfast', 'service', 'install', 'server', '--json');
    assert.equal(JSON.parse(early.stderr).error.code, 'home_missing');
    await succeed('holdfast', 'init', '--names', 'vault.example');
    const install = ['holdfast', 'service', 'install', 'server'];
    const dry = JSON.parse((await succeed(...install, '--run-as', 'vault', '--dry-run', '--json')).stdout);
    assert.match(dry.steps[0], /^useradd --system .* vault$/);
    assert.match(dry.files.systemd, /^User=vault$/m);
    assert.notEqual((await system.run('getent', 'passwd', 'vault')).code, 0, 'nothing was done');
    const own = JSON.parse((await succeed(...install, '--run-as', 'root', '--json')).stdout);
    assert.equal(own.state.file, '/etc/systemd/system/holdfast.service', 'not as the package has it');
    const removed = JSON.parse((await succeed('holdfast', 'service', 'remove', 'server', '--json')).stdout);
    assert.deepEqual(removed, { unit: 'holdfast.service', removed: own.state.file });
    assert.ok(Value.Check(answers['service remove'], removed));
    writeFileSync(join(system.root, own.state.file.slice(1)), '[Service]\nExecStart=/bin/true\n');
    assert.match((await system.run(...install, '--json')).stderr, /"service_not_ours"/);
    rmSync(join(system.root, own.state.file.slice(1)));
    const { stdout } = await succeed(...install, '--json');
    const { steps, state } = JSON.parse(stdout);
    assert.deepEqual(steps, [
      'chown --recursive --no-dereference holdfast: /var/lib/holdfast',
      'systemctl daemon-reload',
      'systemctl enable holdfast.service',
      'systemctl restart holdfast.service',
    ]);
    assert.equal(state.active, 'active');
    assert.equal(state.file, '/lib/systemd/system/holdfast.service');
    assert.equal((await succeed('stat', '--format', '%U %a', '/var/lib/holdfast')).stdout, 'holdfast 700\n');

    const asServer = ['setpriv', '--reuid', 'holdfast', '--regid', 'holdfast', '--clear-groups', 'holdfast'];
    const atServer = (...words: string[]) => succeed(...asServer, ...words, '--home', '/var/lib/holdfast');
    const client = ['--home', '/srv/client'];
    const code = (await atServer('token', 'create', 'laptop')).stdout.trim();
    await succeed('holdfast', 'join', code, ...client);
    await atServer('release', 'publish', `/srv/${debOf(version)}`);
    const update = ['holdfast', 'update', ...client, '--json'];
    const updated = JSON.parse((await succeed(...update)).stdout);
    assert.deepEqual([updated.runs, updated.offered, updated.done], [earlier, version, 'installed']);
    assert.ok(Value.Check(answers.update, updated));
    assert.equal((await succeed('holdfast', '--version')).stdout, `${version}\n`);
    const [service] = JSON.parse((await succeed('holdfast', 'service', 'status', '--json')).stdout).services;
    assert.equal(service.active, 'active');
    assert.notEqual(service.pid, state.pid, 'the new version runs');
    assert.match(
      (await succeed('dpkg-query', '--show', 'holdfast')).stdout,
      new RegExp(`\\t${version}$`, 'm'),
    );
    const status = await atServer('status', '--json');
    assert.ok(JSON.parse(status.stdout).authority, status.stdout);

    await succeed('holdfast', 'client', 'set', 'update', 'on', ...client);
    await atServer('release', 'publish', `/srv/${debOf(later)}`);
    await succeed('holdfast', 'service', 'install', 'agent', ...client);
    const pid = async () =>
      (await system.run('systemctl', 'show', '--property=MainPID', 'holdfast-agent')).stdout;
    const active = async () => (await system.run('systemctl', 'is-active', 'holdfast-agent')).code === 0;
    const before = await pid();
    const until = performance.now() + agentPatienceMs;
    while ((before === (await pid()) || !(await active())) && performance.now() < until)
      await setTimeout(500);
    const journal = await system.run(
      'journalctl',
      '--no-pager',
      '-u',
      'holdfast-agent',
      '-u',
      'holdfast-update',
    );
    assert.equal((await succeed('holdfast', '--version')).stdout, `${later}\n`, journal.stdout);
    assert.equal((await succeed('systemctl', 'is-active', 'holdfast-agent')).stdout, 'active\n');
    await succeed('holdfast', 'service', 'remove', 'agent');

    await succeed('dpkg', '--remove', 'holdfast');
    assert.notEqual((await system.run('systemctl', 'is-active', 'holdfast')).code, 0);
    assert.ok(existsSync(join(system.root, 'var/lib/holdfast/home.json')));
    assert.ok(!existsSync(join(system.root, 'usr/lib/holdfast')));
    const purged = await succeed('dpkg', '--purge', 'holdfast');
    assert.match(purged.stderr, /\/var\/lib\/holdfast is kept/);
    assert.ok(existsSync(join(system.root, 'var/lib/holdfast/home.json')));
  });

  it('a package for Red Hat holds what the one for Debian does, and its scripts run', async () => {
    const rpm = join(place.path, 'x86_64', `holdfast-${version}-1.x86_64.rpm`);
    const ofRpm = lines(execFileSync('rpm', ['--query', '--list', '--package', rpm], { encoding: 'utf8' }));
    const ofDeb = lines(
      execFileSync('find', ['usr', '-not', '-type', 'd', '-printf', '/%p\\n'], {
        cwd: older(),
        encoding: 'utf8',
      }),
    );
    assert.deepEqual(
      ofRpm.filter((path) => !isDirectory(join(older(), path))),
      ofDeb,
    );
    const root = join(place.path, 'of-rpm');
    mkdirSync(root);
    const install = ['--root', root, '--install', '--nodeps', '--noscripts', '--ignorearch', rpm];
    execFileSync('rpm', install, { stdio: 'pipe' });
    const said = execFileSync(join(root, 'usr/bin/holdfast'), ['--version'], { encoding: 'utf8' });
    assert.equal(said, `${version}\n`);
    rmSync(root, { recursive: true });
    const scripts = execFileSync('rpm', ['--query', '--scripts', '--package', rpm], { encoding: 'utf8' });
    assert.match(scripts, /useradd --system/);
    for (const [, script = ''] of scripts.matchAll(
      /^\w+ scriptlet \(using \/bin\/sh\):\n((?:(?!^\w+ scriptlet).*\n)*)/gm,
    ))
      execFileSync('sh', ['-n'], { input: script });
  });

  it('both units are confined to what their job needs', () => {
    for (const unit of ['holdfast.service', 'holdfast-agent.service']) {
      const path = join(older(), 'usr/lib/systemd/system', unit);
      const words = ['security', '--offline=true', '--threshold=30', '--no-pager', path];
      const said = execFileSync('systemd-analyze', words, { encoding: 'utf8' });
      assert.match(said, /Overall exposure level for/);
    }
  });
});

/** How long an agent may take from its start to the start of the next version. */
const agentPatienceMs = 120_000;

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean).sort();
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
