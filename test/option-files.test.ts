import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

type Words = (file: string) => readonly string[];

describe('a file or folder that an option names', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = (words: readonly string[]) => runHere(words, { HOME: place.path, HOLDFAST_HOME: at('home') });
  const repo = () => ['--repo', at('repo')];
  const kit = () => ['--kit', at('home/recovery-kit.txt')];

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('folder/inner'), { recursive: true });
    for (const name of ['file', 'password', 'folder/inner/x']) writeFileSync(at(name), `${name}\n`);
    writeFileSync(at('empty'), '');
    for (const words of [
      ['init', '--network', 'n.test', '--names', 'localhost'],
      ['backup', at('file'), ...repo(), '--init', '--password-file', at('password')],
      ['ca', 'backup', at('good.age')],
      ['ca', 'export', at('ca.pem')],
      ['request', 'create', '--cn', 'x.example', '--out', at('good.csr')],
    ])
      assert.deepEqual(await run(words), { code: 0, error: undefined });
  });
  after(() => place[Symbol.dispose]());

  const read: Readonly<Record<string, Words>> = {
    '--password-file of backup': (file) => ['backup', at('file'), ...repo(), '--password-file', file],
    '--exclude-file': (file) => ['backup', at('file'), ...repo(), '--exclude-file', file],
    '--password-file of restore': (file) => [
      'restore',
      'latest',
      '--target',
      at('t'),
      ...repo(),
      '--password-file',
      file,
    ],
    '--kit of recover': (file) => ['recover', '-', '--kit', file],
    '--passphrase-file': (file) => ['recover', '-', ...kit(), '--passphrase-file', file],
    '--kit-passphrase-file': (file) => ['init', '--home', at('other'), '--kit-passphrase-file', file],
    '--keystore-passphrase-file': (file) => [
      'init',
      '--home',
      at('other'),
      '--keystore-passphrase-file',
      file,
    ],
    '--new-passphrase-file': (file) => ['keystore', 'rekey', '--new-passphrase-file', file],
    '--root': (file) => [
      'request',
      'submit',
      at('good.csr'),
      '--server',
      'https://localhost:1',
      '--root',
      file,
    ],
    '--roots': (file) => ['tls', 'bind', at('ca.pem'), '--listener', 'main', '--roots', file],
    '--key': (file) => ['tls', 'bind', at('ca.pem'), '--listener', 'main', '--key', file],
    '--checkpoint': (file) => ['audit', 'verify', '--checkpoint', file],
    '--kit of ca rehearse': (file) => ['ca', 'rehearse', at('good.age'), '--kit', file],
    '--password-file of ca rehearse': (file) => ['ca', 'rehearse', at('good.age'), '--password-file', file],
    '--password-file of ca offline': (file) => ['ca', 'offline', at('off'), '--password-file', file],
    '--password-file of ca backup': (file) => ['ca', 'backup', at('b'), '--password-file', file],
    'request submit': (file) => ['request', 'submit', file, '--server', 'https://localhost:1'],
    'request complete': (file) => ['request', 'complete', file],
    'tls bind': (file) => ['tls', 'bind', file, '--host', 'localhost'],
    'policy import': (file) => ['policy', 'import', file],
    'cert verify': (file) => ['cert', 'verify', file],
    'ca restore': (file) => ['ca', 'restore', file, '--home', at('other'), ...kit()],
    'ca rehearse': (file) => ['ca', 'rehearse', file],
    'ca online': (file) => ['ca', 'online', file, '--password-file', at('password')],
  };

  it('is refused by our code, with its name, path and a next step, when it is not there or no file', async () => {
    for (const [name, words] of Object.entries(read)) {
      for (const file of [at('missing'), at('no/such/file'), at('file/below'), at('folder')]) {
        const { code, error } = await run(words(file));
        const said = `${name} ${file}: ${JSON.stringify(error)}`;
        assert.deepEqual([code, error?.code], [1, 'path_not_found'], said);
        assert.ok(error?.message.includes(file) && error.hint.length > 0, said);
        const flag = /^--\S+/.exec(name)?.[0];
        assert.ok(flag === undefined || error?.message.includes(`${flag}: `), said);
      }
    }
  });

  it('is refused by our code when it is empty', async () => {
    for (const [name, words] of Object.entries(read)) {
      if (name === '--exclude-file') continue;
      const { code, error } = await run(words(at('empty')));
      assert.ok(code > 0 && /^[a-z0-9_]+$/.test(error?.code ?? ''), `${name}: ${JSON.stringify(error)}`);
    }
  });

  const written: Readonly<Record<string, Words>> = {
    '--out of request create': (file) => ['request', 'create', '--cn', 'y.example', '--out', file],
    '--out of ca crl': (file) => ['ca', 'crl', '--out', file],
    '--repo of backup': (file) => ['backup', at('password'), '--repo', file, '--init'],
    '--repo of snapshots': (file) => ['snapshots', '--repo', file],
    '--to': (file) => ['ca', 'backup', '--to', file],
    'ca export': (file) => ['ca', 'export', file],
    'audit export': (file) => ['audit', 'export', file],
    'policy export': (file) => ['policy', 'export', file],
    'ca backup': (file) => ['ca', 'backup', file],
    'ca offline': (file) => ['ca', 'offline', file, '--password-file', at('password')],
  };

  it('is refused by our code where it cannot be written, and nothing is made', async () => {
    for (const [name, words] of Object.entries(written)) {
      const { code, error } = await run(words(at('file/below')));
      const said = `${name}: ${JSON.stringify(error)}`;
      assert.deepEqual([code, error?.code], [1, 'path_not_found'], said);
      assert.ok(error?.message.includes(at('file')) && error.hint.length > 0, said);
    }
    for (const [name, words] of Object.entries(written)) {
      const folders = ['--repo', '--to'].some((flag) => name.startsWith(flag));
      const { code, error } = await run(words(at(folders ? 'file' : 'folder')));
      assert.deepEqual([code, error?.code], [1, 'path_not_found'], `${name}: ${JSON.stringify(error)}`);
    }
  });
});
