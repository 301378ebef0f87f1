import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a home or port that cannot be used', () => {
  let place: TemporaryDirectory;
  let port = 0;
  const at = (...names: string[]): string => join(place.path, ...names);
  const up = (home: string): string[] => ['up', '--once', '--home', home, '--port', String(port), at('data')];
  const everyCommand = (home: string): string[][] =>
    [
      ['serve'],
      ['status'],
      ['token', 'create', 'laptop'],
      ['backup', at('data')],
      ['snapshots'],
      ['restore', 'latest', '--target', at('restored')],
      ['cert', 'export', at('exported')],
    ].map((words) => [...words, '--home', home]);

  before(async () => {
    place = temporaryDirectory();
    port = await freePorts();
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'content');
    await runProgram(launcher, up(at('home')));
  });
  after(() => place[Symbol.dispose]());

  for (const [offset, listener] of ['storage', 'enrolment', 'status'].entries()) {
    it(`is refused when the port for ${listener} is taken, with nothing made`, async () => {
      await using taken = createServer().listen(port + offset);
      await once(taken, 'listening');
      const refusal = { code: 'port_in_use', exit: 1, message: new RegExp(`${port + offset}`) } as const;
      await assertRefused(up(at('new-home')), { ...refusal, hint: /--port/, untouched: place.path });
      await assertRefused(up(at('home')), { ...refusal, hint: /--port/, untouched: place.path });
    });
  }

  it('is refused to every command when others can read it', async () => {
    chmodSync(at('home'), 0o750);
    const refusal = { code: 'home_not_private', exit: 1, hint: /chmod 700/, untouched: place.path } as const;
    for (const words of [up(at('home')), ...everyCommand(at('home'))]) await assertRefused(words, refusal);
    chmodSync(at('home'), 0o700);
  });

  for (const part of ['node/keystore', 'node/stash', 'authority/keystore', 'authority/stash']) {
    it(`is refused when others can read ${part}`, async () => {
      chmodSync(at('home', part), 0o640);
      const refusal = {
        code: 'keystore_not_private',
        exit: 1,
        hint: /chmod/,
        untouched: place.path,
      } as const;
      await assertRefused(up(at('home')), refusal);
      chmodSync(at('home', part), 0o600);
    });
  }

  it('is refused to every command when a newer version made it', async () => {
    writeFileSync(at('home/home.json'), '{"format":2}\n');
    const refusal = { code: 'home_newer', exit: 1, message: /format 2.*1/, untouched: place.path } as const;
    for (const words of [up(at('home')), ...everyCommand(at('home'))]) await assertRefused(words, refusal);
    writeFileSync(at('home/home.json'), '{"format":1}\n');
  });

  it('is refused when it is a folder with something else in it', async () => {
    await assertRefused(up(at('data')), { code: 'home_missing', exit: 1, untouched: place.path });
  });

  it('is named when it is not there', async () => {
    for (const words of everyCommand(at('nowhere')))
      await assertRefused(words, { code: 'home_missing', exit: 1, hint: /holdfast/, untouched: place.path });
  });

  it('is not begun where the folder is missing that it would be in, as when a disk is not mounted', async () => {
    const home = at('disk/holdfast');
    for (const words of [up(home), ['init', '--home', home], ...everyCommand(home)])
      await assertRefused(words, {
        code: 'home_missing',
        exit: 1,
        hint: /mount its disk/,
        untouched: place.path,
      });
  });
});
