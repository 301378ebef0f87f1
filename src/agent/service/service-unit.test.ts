import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cronLine, openrcScript, type Service, systemdUnit } from './service-unit.ts';

/** Names that mean something to systemd, to a shell and to cron. */
const odd = `a "b" $HOME %h 'c' \\d`;
const service: Service = {
  job: 'server',
  launcher: '/usr/lib/holdfast/bin/holdfast',
  home: '/var/lib/holdfast',
  account: 'holdfast',
  writable: ['/mnt/other disk'],
};

describe('a service', () => {
  it('of the machine runs under its account, and writes to its home and what is named', () => {
    const unit = systemdUnit(service);
    assert.match(unit, /^User=holdfast$/m);
    assert.match(unit, /^ExecStart=\/usr\/lib\/holdfast\/bin\/holdfast serve --home \/var\/lib\/holdfast$/m);
    assert.match(unit, /^ReadWritePaths=\/var\/lib\/holdfast "\/mnt\/other disk"$/m);
    assert.match(unit, /^CapabilityBoundingSet=$/m);
    assert.match(unit, /^WantedBy=multi-user.target$/m);
  });

  it('that reads all files has the right to read them, and no other', () => {
    const unit = systemdUnit({ ...service, job: 'agent', account: 'root' });
    assert.match(unit, /^CapabilityBoundingSet=CAP_DAC_READ_SEARCH$/m);
    assert.match(unit, /^AmbientCapabilities=CAP_DAC_READ_SEARCH$/m);
    assert.match(unit, /^ProtectHome=read-only$/m);
  });

  it('of a user has no account and no sandbox, which only root can make', () => {
    const unit = systemdUnit({ ...service, account: undefined });
    assert.doesNotMatch(unit, /^(?:User|Protect\w+|CapabilityBoundingSet)=/m);
    assert.match(unit, /^WantedBy=default.target$/m);
  });

  it('looks beside the Node that was found first, where the package brings none', () => {
    const unit = systemdUnit({ ...service, nodeDirectory: '/opt/node/bin' });
    assert.match(unit, /^Environment=PATH=\/opt\/node\/bin:\/usr\/local\/bin:\/usr\/bin:\/bin$/m);
  });

  it('with an odd home is what systemd, a shell and cron take for just that home', () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-unit-'));
    try {
      const launcher = join(directory, 'say');
      writeFileSync(launcher, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
      const home = join(directory, odd);
      const said = `serve\n--home\n${home}\n`;
      const own = { ...service, launcher, home, account: undefined };
      const cron = cronLine(own)
        .replace(/^@reboot /, '')
        .replaceAll('\\%', '%');
      assert.equal(execFileSync('sh', ['-c', cron], { encoding: 'utf8' }), said);
      const started = `${openrcScript(own)}\neval "set -- $command_args"; "$command" "$@"`;
      assert.equal(execFileSync('sh', ['-c', started], { encoding: 'utf8' }), said);
      assert.equal(readBySystemd(systemdUnit(own)), home);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/** The home in the command line of a unit, by the rules of systemd.syntax(7) and systemd.service(5). */
function readBySystemd(unit: string): unknown {
  const [, word = ''] = /^ExecStart=.* --home (.*)$/m.exec(unit) ?? [];
  const text: unknown = word.startsWith('"') ? JSON.parse(word) : word;
  return String(text).replaceAll('%%', '%').replaceAll('$$', '$');
}
