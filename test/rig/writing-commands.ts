import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/base/index.ts';
import type { Meanwhile } from './disk-steps.ts';
import { OpensslCa } from './existing-authority.ts';
import { freePorts } from './free-ports.ts';
import { runHoldfast, startHoldfast } from './holdfast-process.ts';
import { type KillScene, quick } from './kill-scene.ts';

/** What a command is to be killed in. */
export interface Prepared {
  readonly words: readonly string[];
  /** How it is said again after the kill; the same unless said. */
  readonly again?: readonly string[];
  /** What it may say instead of succeeding, when it was done already. */
  readonly done?: readonly ErrorCode[];
  /** What its home may say before the command is said again, since what would open it is not known. */
  readonly closed?: readonly ErrorCode[];
  /** What is done while it runs, where it does not end by itself. */
  readonly meanwhile?: Meanwhile;
  /** Commands that have to succeed in the end. */
  readonly after?: readonly (readonly string[])[];
}

/** A command that writes a key or a record. */
export interface WritingCommand {
  readonly name: string;
  /** Makes of a copy of the scene what the command finds. */
  readonly prepare: (here: string, scene: KillScene) => Promise<Prepared>;
}

type Simple = Omit<Prepared, 'words'> & { readonly first?: readonly (readonly string[])[] };

/** Begins as a package for Debian does, which is all that is looked at where it is published. */
const sampleDeb = '!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n';

/** A command at the authority of the copy, whose server does not run; `HERE` in its words is the copy. */
function atAuthority(name: string, more: string, { first = [], ...rest }: Simple = {}): WritingCommand {
  return {
    name,
    prepare: async (here) => {
      const all = (words: readonly string[]): string[] => words.map((word) => word.replaceAll('HERE', here));
      if (name.startsWith('release ')) writeFileSync(join(here, 'holdfast_9.0.0_amd64.deb'), sampleDeb);
      for (const words of first) await quick(all(words));
      const words = [...name.split(' '), ...(more === '' ? [] : more.split(' '))];
      const { again, after = [] } = rest;
      return {
        ...rest,
        words: all([...words, ...(words.includes('--home') ? [] : ['--home', 'HERE/a'])]),
        ...(again && { again: all(again) }),
        after: after.map(all),
      };
    },
  };
}

/** The same with `--database`, for one that makes an authority. */
function inDatabase(name: string, more: string, rest: Simple): WritingCommand {
  const { prepare } = atAuthority(name, more, rest);
  return {
    name,
    prepare: async (here, scene) => {
      const prepared = await prepare(here, scene);
      return { ...prepared, words: [...prepared.words, '--database', await scene.database(here)] };
    },
  };
}

/** A command of a machine that has just joined the live network. */
function onMachine(
  name: string,
  more: readonly string[],
  rest: Omit<Prepared, 'words'> & { readonly ready?: (home: string, here: string) => Promise<void> } = {},
): WritingCommand {
  return {
    name,
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      await scene.join(scene.newName(), home);
      const { ready, after = [['backup', 'HERE/data']], ...prepared } = rest;
      await ready?.(home, here);
      const all = (words: readonly string[]): string[] => [
        ...words.map((word) => word.replaceAll('HERE', here)),
        '--home',
        home,
      ];
      return { ...prepared, after: after.map(all), words: [...name.split(' '), ...all(more)] };
    },
  };
}

/** Makes the authority of the copy a site. */
const siteGenerated = ['site', 'generate', '--home', 'HERE/a'];
/** Another network that is a site, and its files. */
const otherSite = [
  ['init', '--network', 'other.test', '--names', 'localhost', '--home', 'HERE/other'],
  ['site', 'generate', '--name', 'other', '--home', 'HERE/other'],
  ['site', 'export', 'HERE/of-site', '--home', 'HERE/other'],
];

/** Makes a client whose key is made at its authority. */
const secondClient = 'sm_ssl_cert client --oid CN:box --path HERE/box --home HERE/a'.split(' ');

/** As the agent of a machine keeps what its server sends. */
function sendSet(home: string): void {
  const set = {
    paths: ['/etc'],
    every: '6h',
    spreadMs: 0,
    exclude: [],
    excludeCaches: true,
    tag: [],
    hookLimitMs: 1,
  };
  const sent = {
    id: 'abcdefgh12345678',
    name: 'system',
    sent: '2026-11-30T08:00:00.000Z',
    by: 'admin/ann',
    set,
  };
  const file = { format: 1, sets: [sent], unread: [], refused: [] };
  writeFileSync(join(home, 'node/sent-sets.json'), JSON.stringify(file));
}

async function addSet(home: string, here: string): Promise<void> {
  await quick(['set', 'add', 'documents', join(here, 'data'), '--every', '6h', '--home', home]);
}

const kit = ['--kit', 'HERE/a/recovery-kit.txt'].join(' ');
const password = '--password-file HERE/password';
const fromPassword = ['--from-password-file', 'HERE/password'];
const byPassphrase = '--keystore-password-file HERE/passphrase --home HERE/a'.split(' ');
const bind = 'HERE/outside/chain.pem --roots HERE/outside/root.pem --host localhost';

const inRepo = ['--repo', 'HERE/repo', ...password.split(' ')];

async function backUpInto(repo: string, home: string, here: string): Promise<void> {
  const words = ['backup', join(here, 'data'), '--repo', repo, '--init', '--home', home];
  await quick([...words, '--password-file', join(here, 'password')]);
}

/** A repository with two snapshots, of which each has what the other has not. */
async function backUpTwice(home: string, here: string): Promise<void> {
  const repo = ['--repo', join(here, 'repo'), '--init', '--password-file', join(here, 'password')];
  for (const name of ['one', 'two']) {
    mkdirSync(join(here, 'twice'), { recursive: true });
    writeFileSync(join(here, 'twice', name), `${name}\n`.repeat(10_000));
    await quick(['backup', join(here, 'twice'), ...repo, '--home', home]);
    rmSync(join(here, 'twice', name));
  }
}

/** Every command that writes a key or a record, those first in which most is at stake. */
export const writingCommands: readonly WritingCommand[] = [
  {
    name: 'join',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      const words = [...scene.joining(scene.newName()), '--home', home];
      return { words, after: [['backup', join(here, 'data'), '--home', home]] };
    },
  },
  {
    name: 'join',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      const name = scene.newName();
      await scene.join(name, home);
      const words = ['join', await scene.reissueCode(name), '--home', home];
      return { words, after: [['backup', join(here, 'data'), '--home', home]] };
    },
  },
  {
    name: 'recover',
    prepare: async (here, scene) => {
      const [lost, home] = [join(here, 'lost'), join(here, 'machine')];
      const name = scene.newName();
      await scene.join(name, lost);
      await quick(['backup', join(here, 'data'), '--home', lost]);
      const code = await scene.reissueCode(name);
      const words = [
        'recover',
        code,
        '--kit',
        join(scene.live.home, 'recovery-kit.txt'),
        '--trust-server',
        '--home',
        home,
      ];
      // What is left of a small file goes when that is written the next time.
      const renew = ['cert', 'renew', '--early', '--home', home];
      return { words, after: [['backup', join(here, 'data'), '--home', home], renew] };
    },
  },
  onMachine('client set', ['revocation', 'hard']),
  onMachine('client import', ['HERE/sm.ini', '--yes'], {
    ready: async (_, here) => writeFileSync(join(here, 'sm.ini'), '[SBC_SSL]\nSBC_SSL_SERVER_VERIFY=0\n'),
  }),
  {
    name: 'client set-token',
    prepare: async (here, scene) => {
      const [home, name] = [join(here, 'machine'), scene.newName()];
      await scene.join(name, home);
      await scene.atServer(['policy', 'set', 'listeners.main.clientCertificate', 'warn']);
      const { stdout } = await scene.live.run(['token', 'create', '--bearer', name]);
      writeFileSync(join(here, 'token'), stdout);
      const words = ['client', 'set-token', '--token-file', join(here, 'token'), '--home', home];
      const later = ['client', 'set', 'presentCertificate', 'off', '--home', home];
      return { words, after: [words, later, ['backup', join(here, 'data'), '--home', home]] };
    },
  },
  {
    name: 'client set-server',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      await scene.join(scene.newName(), home);
      const words = ['client', 'set-server', `https://localhost:${scene.live.port}`, '--home', home];
      return { words, after: [['backup', join(here, 'data'), '--home', home]] };
    },
  },
  atAuthority(
    'ca restore',
    `HERE/authority.age ${kit} --names localhost --log-is-lost test --home HERE/new`,
    {
      done: ['home_exists'],
      after: [['token', 'create', 'after', '--home', 'HERE/new']],
    },
  ),
  {
    name: 'ca adopt',
    prepare: async (here) => {
      const password = ['--password-file', join(here, 'password')];
      const file = join(here, 'adopted.p12');
      await quick(['ca', 'backup', '--format', 'p12', file, ...password, '--home', join(here, 'a')]);
      const home = ['--home', join(here, 'new')];
      const network = ['--network', 'network.test', '--names', 'localhost'];
      return {
        words: ['ca', 'adopt', file, ...password, ...network, ...home],
        done: ['home_exists'],
        after: [
          ['token', 'create', 'after', ...home],
          ['cert', 'list', '--imported', ...home],
        ],
      };
    },
  },
  atAuthority(
    'ca create',
    '--subordinate --network x.test --names localhost --out HERE/new.csr --home HERE/new',
    {
      done: ['authority_waiting'],
      after: [['ca', 'request', '--out', 'HERE/new.csr', '--force', '--home', 'HERE/new']],
    },
  ),
  {
    name: 'ca complete',
    prepare: async (here) => {
      const home = ['--home', join(here, 'new')];
      const network = ['--network', 'x.test', '--names', 'localhost', '--out', join(here, 'new.csr')];
      await quick(['ca', 'create', '--subordinate', ...network, ...home]);
      const corporate = await OpensslCa.make(join(here, 'corporate'), 'Corporate Root');
      const answer = await corporate.sign(join(here, 'new.csr'), { extensions: 'authority' });
      writeFileSync(join(here, 'new.pem'), answer);
      const root = ['--root', join(corporate.directory, 'cacert.pem')];
      return {
        words: ['ca', 'complete', join(here, 'new.pem'), ...root, ...home],
        after: [['token', 'create', 'after', ...home]],
      };
    },
  },
  onMachine('backup', ['HERE/data']),
  onMachine('backup', ['HERE/data', '--repo', 'HERE/repo', '--init', ...password.split(' ')]),
  onMachine('backup', ['HERE/data', '--repo', 'HERE/repo', '--start-over', ...password.split(' ')], {
    ready: async (home, here) => {
      const repo = ['--repo', join(here, 'repo'), '--init', '--password-file', join(here, 'password')];
      await quick(['backup', join(here, 'data'), ...repo, '--home', home]);
      rmSync(join(here, 'repo'), { recursive: true });
    },
    done: ['repository_exists'],
    after: [['backup', 'HERE/data', '--repo', 'HERE/repo', ...password.split(' ')]],
  }),
  onMachine('key passwd', [...inRepo, '--new-password-file', 'HERE/passphrase'], {
    ready: (home, here) => backUpInto(join(here, 'repo'), home, here),
    done: ['repository_wrong_key'],
    after: [['backup', 'HERE/data', '--repo', 'HERE/repo', '--password-file', 'HERE/passphrase']],
  }),
  {
    name: 'key remove',
    prepare: async (here) => {
      const [home, repo] = [join(here, 'machine'), join(here, 'repo')];
      await backUpInto(repo, home, here);
      const [first] = readdirSync(join(repo, 'keys'));
      const words = (more: readonly string[]) =>
        [...more, ...inRepo, '--home', home].map((word) => word.replaceAll('HERE', here));
      await quick(words(['key', 'add', '--new-password-file', 'HERE/passphrase']));
      const added = readdirSync(join(repo, 'keys')).find((id) => id !== first) ?? '';
      return {
        words: words(['key', 'remove', added]),
        done: ['key_missing'],
        after: [words(['backup', join(here, 'data')])],
      };
    },
  },
  onMachine('set add', ['documents', 'HERE/data', '--every', '6h'], {
    done: ['set_exists'],
    after: [['set', 'run', 'documents']],
  }),
  onMachine('set rename', ['documents', 'papers'], {
    ready: (home, here) => addSet(home, here),
    done: ['set_unknown'],
    after: [['set', 'run', 'papers']],
  }),
  onMachine('notice add', ['chat', '--webhook', 'http://127.0.0.1:1/', '--secret-file', 'HERE/password'], {
    done: ['channel_exists'],
    after: [['notice', 'list']],
  }),
  onMachine('notice remove', ['chat'], {
    ready: async (home, here) => {
      const words = ['--webhook', 'http://127.0.0.1:1/', '--secret-file', join(here, 'password')];
      await quick(['notice', 'add', 'chat', ...words, '--home', home]);
    },
    done: ['object_not_found'],
    after: [['notice', 'list']],
  }),
  atAuthority('site generate', '', { done: ['site_exists'], after: [['site', 'list', '--home', 'HERE/a']] }),
  atAuthority('site regenerate', '', {
    first: [siteGenerated],
    after: [['site', 'list', '--home', 'HERE/a']],
  }),
  atAuthority('site apply', 'HERE/of-site', {
    first: [siteGenerated, ...otherSite],
    after: [['site', 'list', '--home', 'HERE/a']],
  }),
  atAuthority('site remove', 'other', {
    first: [siteGenerated, ...otherSite, ['site', 'apply', 'HERE/of-site', '--home', 'HERE/a']],
    done: ['site_unknown'],
    after: [['site', 'list', '--home', 'HERE/a']],
  }),
  onMachine('set remove', ['documents'], {
    ready: (home, here) => addSet(home, here),
    done: ['set_unknown'],
    after: [['set', 'add', 'documents', 'HERE/data', '--every', '6h']],
  }),
  onMachine('set refuse', ['system'], {
    ready: async (home) => sendSet(home),
    after: [['set', 'accept', 'system']],
  }),
  onMachine('set accept', ['system'], {
    ready: async (home) => {
      sendSet(home);
      await quick(['set', 'refuse', 'system', '--home', home]);
    },
    after: [['set', 'refuse', 'system']],
  }),
  onMachine('set run', ['documents'], {
    ready: (home, here) => addSet(home, here),
    after: [['set', 'show', 'documents']],
  }),
  onMachine('drill', ['documents'], {
    ready: async (home, here) => {
      await addSet(home, here);
      await quick(['set', 'run', 'documents', '--home', home]);
    },
    after: [['set', 'show', 'documents']],
  }),
  {
    name: 'request collect',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      const name = scene.newName();
      const words = ['request', 'create', '--cn', name, '--profile', 'client', '--submit', ...scene.known];
      await quick([...words, '--home', home]);
      await scene.approve(name);
      return {
        words: ['request', 'collect', name, '--home', home],
        done: ['request_unknown'],
        after: [['backup', join(here, 'data'), '--home', home]],
      };
    },
  },
  {
    name: 'request pending',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      const name = scene.newName();
      await quick(['request', 'create', '--cn', name, '--out', join(here, 'csr'), '--home', home]);
      return {
        words: ['request', 'pending', '--forget', name, '--yes', '--home', home],
        done: ['request_unknown'],
        after: [
          ['request', 'create', '--cn', scene.newName(), '--out', join(here, 'another'), '--home', home],
        ],
      };
    },
  },
  {
    name: 'request submit',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      const name = scene.newName();
      await quick(['request', 'create', '--cn', name, '--out', join(here, 'csr'), '--home', home]);
      const words = ['request', 'submit', name, '--profile', 'server', ...scene.known, '--home', home];
      return { words, after: [['request', 'pending', '--home', home]] };
    },
  },
  {
    name: 'request create',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      const name = scene.newName();
      const words = ['request', 'create', '--cn', name, '--profile', 'client', '--submit', ...scene.known];
      return {
        words: [...words, '--home', home],
        done: ['name_taken'],
        after: [['request', 'submit', name, '--profile', 'client', ...scene.known, '--home', home]],
      };
    },
  },
  atAuthority('request create', '--cn box --out HERE/box.csr --home HERE/new', {
    done: ['object_exists'],
  }),
  atAuthority('tls bind', bind, { after: [['tls', 'list', '--home', 'HERE/a']] }),
  atAuthority('tls unbind', '--host localhost', {
    first: [['tls', 'bind', ...bind.split(' '), '--home', 'HERE/a']],
    done: ['object_not_found'],
  }),
  onMachine('cert renew', ['--early']),
  onMachine('cert export', ['--layout', 'restic', 'HERE/out'], {
    ready: async (home, here) => quick(['backup', join(here, 'data'), '--home', home]),
  }),
  onMachine('trust add', ['--server', 'vault.example', '--file', 'HERE/outside/root.pem']),
  {
    name: 'trust accept',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      await scene.join(scene.newName(), home);
      const { url, fingerprint } = await scene.outside();
      const words = ['trust', 'accept', url, '--fingerprint', fingerprint, '--home', home];
      return { words, after: [['trust', 'show', '127.0.0.2', '--home', home]] };
    },
  },
  onMachine('keystore share', ['--group', String(process.getgid?.() ?? 0)]),
  onMachine('trust remove', ['--server', 'vault.example'], {
    ready: async (home, here) =>
      quick([
        'trust',
        'add',
        '--server',
        'vault.example',
        '--file',
        join(here, 'outside/root.pem'),
        '--home',
        home,
      ]),
    done: ['object_not_found'],
  }),
  onMachine('forget', ['--keep-last', '1', '--repo', 'HERE/repo', ...password.split(' ')], {
    ready: backUpTwice,
    after: [['check', '--read-data', '--repo', 'HERE/repo', ...password.split(' ')]],
  }),
  onMachine('prune', ['--max-unused', '0', '--repo', 'HERE/repo', ...password.split(' ')], {
    ready: async (home, here) => {
      await backUpTwice(home, here);
      const repo = ['--repo', join(here, 'repo'), '--password-file', join(here, 'password'), '--home', home];
      await quick(['forget', '--keep-last', '1', ...repo]);
    },
    after: [['check', '--read-data', '--repo', 'HERE/repo', ...password.split(' ')]],
  }),
  onMachine(
    'copy',
    ['--from-repo', 'HERE/repo', ...fromPassword, '--repo', 'HERE/copy', ...password.split(' '), '--init'],
    {
      ready: backUpTwice,
      after: [['check', '--read-data', '--repo', 'HERE/copy', ...password.split(' ')]],
    },
  ),
  onMachine('tag', ['--add', 'kept', ...inRepo], {
    ready: backUpTwice,
    after: [['check', '--read-data', ...inRepo]],
  }),
  onMachine('repair snapshots', ['--forget', ...inRepo], {
    ready: async (home, here) => {
      await backUpTwice(home, here);
      const packs = readdirSync(join(here, 'repo/data'), { recursive: true }).map(String);
      for (const pack of packs.filter((name) => name.length > 60).slice(0, 2))
        rmSync(join(here, 'repo/data', pack));
    },
    after: [['repair', 'snapshots', ...inRepo]],
  }),
  onMachine('unlock', ['--remove-all', '--repo', 'HERE/repo', ...password.split(' ')], {
    ready: async (home, here) => {
      await backUpTwice(home, here);
      for (const digit of '12') writeFileSync(join(here, 'repo/locks', digit.repeat(64)), 'left behind\n');
    },
  }),
  onMachine('repair index', ['--repo', 'HERE/repo', ...password.split(' ')], {
    ready: async (home, here) => {
      const repo = ['--repo', join(here, 'repo'), '--init', '--password-file', join(here, 'password')];
      await quick(['backup', join(here, 'data'), ...repo, '--home', home]);
      rmSync(join(here, 'repo/index'), { recursive: true });
      mkdirSync(join(here, 'repo/index'));
    },
  }),
  atAuthority('ca move', 'HERE/moved.age', {
    done: ['authority_retired'],
    after: [
      ['ca', 'restore', 'HERE/moved.age', ...kit.split(' '), '--names', 'localhost', '--home', 'HERE/new'],
      ['token', 'create', 'after', '--home', 'HERE/new'],
    ],
  }),
  atAuthority('ca move', '--undo mistaken', {
    first: [['ca', 'move', 'HERE/moved.age', '--home', 'HERE/a']],
    done: ['usage'],
  }),
  atAuthority('ca backup', 'HERE/new.age', {
    done: ['object_exists'],
    after: [['ca', 'rehearse', 'HERE/new.age', ...kit.split(' '), '--home', 'HERE/a']],
  }),
  atAuthority('ca backup', '--to HERE/data --every 24h', {
    done: ['settings_invalid'],
    after: [['ca', 'backup', '--to', 'HERE/data', '--home', 'HERE/a']],
  }),
  atAuthority('ca offline', `HERE/root.age ${password}`, {
    done: ['object_exists', 'root_offline'],
    after: [
      ['ca', 'online', 'HERE/root.age', ...password.split(' '), '--home', 'HERE/a'],
      ['keystore', 'rekey', '--stash', '--home', 'HERE/a'],
    ],
  }),
  atAuthority('ca online', `HERE/root.age ${password}`, {
    first: [['ca', 'offline', 'HERE/root.age', ...password.split(' '), '--home', 'HERE/a']],
  }),
  atAuthority('ca permit', 'localhost,127.0.0.0/8,example.com'),
  atAuthority('ca clock accept', '--reason right'),
  atAuthority('ca rehearse', `HERE/authority.age ${kit}`),
  atAuthority('keystore rekey', '--stash'),
  atAuthority('keystore rekey', '--new-keystore-password-file HERE/passphrase', {
    closed: ['password_missing'],
    done: ['password_missing'],
    after: [
      [...'keystore rekey --new-keystore-password-file HERE/password'.split(' '), ...byPassphrase],
      'keystore rekey --stash --keystore-password-file HERE/password --home HERE/a'.split(' '),
    ],
  }),
  atAuthority('store accept', '--reason gone'),
  atAuthority('node set', 'laptop prune on'),
  atAuthority('release publish', 'HERE/holdfast_9.0.0_amd64.deb', { done: ['release_invalid'] }),
  atAuthority('release withdraw', '9.0.0', {
    first: [['release', 'publish', 'HERE/holdfast_9.0.0_amd64.deb', '--home', 'HERE/a']],
    done: ['object_not_found'],
    after: [['release', 'list', '--home', 'HERE/a']],
  }),
  atAuthority('job start', 'laptop documents'),
  atAuthority('job stop', '1', {
    first: [['job', 'start', 'laptop', 'documents', '--home', 'HERE/a']],
    done: ['job_over'],
  }),
  atAuthority('grant create', '--from laptop --to box --expires 1d', {
    first: [secondClient],
  }),
  atAuthority('grant revoke', '1', {
    first: [secondClient, 'grant create --from laptop --to box --expires 1d --home HERE/a'.split(' ')],
    done: ['grant_over'],
  }),
  atAuthority('schedule add', 'nightly --every 1h --check', { done: ['schedule_exists'] }),
  atAuthority('schedule remove', 'nightly', {
    first: ['schedule add nightly --every 1h --check --home HERE/a'.split(' ')],
    done: ['object_not_found'],
  }),
  atAuthority('set send', 'system /etc --every 6h', { done: ['set_exists'] }),
  atAuthority('set withdraw', 'system', {
    first: [['set', 'send', 'system', '/etc', '--every', '6h', '--home', 'HERE/a']],
    done: ['set_unknown'],
  }),
  atAuthority('scrub', ''),
  atAuthority('trash restore', 'laptop'),
  atAuthority('trash empty', '--yes'),
  atAuthority('node quarantine', 'laptop --reason theft'),
  atAuthority('node release', 'laptop', {
    first: [['node', 'quarantine', 'laptop', '--reason', 'theft', '--home', 'HERE/a']],
  }),
  atAuthority('init', '--network x.test --names localhost --home HERE/new', {
    done: ['home_exists'],
    after: [['token', 'create', 'after', '--home', 'HERE/new']],
  }),
  inDatabase('init', '--network x.test --names localhost --home HERE/new', {
    done: ['home_exists'],
    after: [['token', 'create', 'after', '--home', 'HERE/new']],
  }),
  inDatabase('ca restore', `HERE/authority.age ${kit} --names localhost --log-is-lost test --home HERE/new`, {
    done: ['home_exists'],
    after: [['token', 'create', 'after', '--home', 'HERE/new']],
  }),
  {
    name: 'db migrate',
    prepare: async (here, scene) => {
      const home = ['--home', join(here, 'a')];
      return {
        words: ['db', 'migrate', '--to', await scene.database(here), ...home],
        closed: ['settings_invalid'],
        done: ['settings_invalid'],
        after: [['token', 'create', 'after', ...home]],
      };
    },
  },
  {
    name: 'serve',
    prepare: async (here) => {
      const home = ['--home', join(here, 'new')];
      const names = ['--network', 'x.test', '--names', '127.0.0.1,localhost'];
      await quick(['init', ...names, '--port', String(await freePorts()), ...home]);
      const { stdout } = await runHoldfast(['token', 'create', 'guest', ...home]);
      const guest = ['--home', join(here, 'guest')];
      return {
        words: ['serve', ...home],
        meanwhile: {
          once: /listening/,
          work: async (ended) => {
            await using joining = startHoldfast(['join', ...guest], { input: stdout });
            await Promise.race([joining.ended, ended]);
          },
        },
        after: [['status', ...guest]],
      };
    },
  },
  {
    name: 'up',
    prepare: async (here) => {
      const port = String(await freePorts());
      const home = join(here, 'new');
      const words = [
        'up',
        '--once',
        '--port',
        port,
        '--names',
        'localhost',
        join(here, 'data'),
        '--home',
        home,
      ];
      return { words };
    },
  },
  atAuthority('token create', 'after'),
  atAuthority('token revoke', '1', { done: ['already_revoked'] }),
  atAuthority('token create', '--bearer after'),
  atAuthority('request approve', '1', { done: ['request_not_allowed'] }),
  atAuthority('request deny', '1 --reason no', { done: ['request_not_allowed'] }),
  atAuthority('cert revoke', 'client/laptop --yes', { done: ['already_revoked'] }),
  atAuthority('cert revoke', 'issuing-1 --reason cACompromise --yes', {
    done: ['already_revoked'],
    after: [['keystore', 'rekey', '--stash', '--home', 'HERE/a']],
  }),
  atAuthority('policy set', 'queue off'),
  atAuthority('policy import', 'HERE/policy.json --yes'),
  atAuthority('request complete', 'HERE/outside/chain.pem'),
  {
    name: 'request export',
    prepare: async (here, scene) => {
      const home = join(here, 'machine');
      const name = scene.newName();
      await quick(['request', 'create', '--cn', name, '--out', join(here, 'csr'), '--home', home]);
      return {
        words: ['request', 'export', name, join(here, 'key.pem'), '--home', home],
        done: ['object_exists'],
        after: [['request', 'pending', '--home', home]],
      };
    },
  },
  atAuthority('sm_ssl_cert ca', '--ini HERE/ini --network x.test --names localhost --home HERE/new', {
    done: ['home_exists'],
  }),
  atAuthority('sm_ssl_cert server', '--ini HERE/ini --common-name vault.example'),
  atAuthority('sm_ssl_cert client', '--ini HERE/ini --oid CN:box'),
  atAuthority('certutil', '-f -backup secret HERE/certutil.p12'),
  atAuthority('certutil', '-restore secret HERE/certutil.p12 --re-enrol --home HERE/new', {
    first: [['certutil', '-backup', 'secret', 'HERE/certutil.p12', '--home', 'HERE/a']],
    done: ['home_exists'],
  }),
];

/** The other commands, and why they are not among those. */
export const otherCommands: Readonly<Record<string, string>> = {
  'service install':
    'systemd does each step; installed again, it goes on; its test runs it in a system of its own',
  'service remove': 'likewise',
  'service status': 'only reads',
  'ca request': 'only reads; a file that is named is replaced whole',
  'ca crl': 'only reads; a file that is named is replaced whole',
  'ca export': 'only reads; files that are named are replaced whole',
  'policy export': 'only reads; a file that is named is replaced whole',
  'audit export': 'only reads; a file that is named is replaced whole',
  restore: 'writes what is the user’s, and no record; its own test kills it',
  'audit list': 'only reads',
  stats: 'only reads',
  agent: 'starts set run, which is killed here, and writes a lock of the system alone; its own test kills it',
  'set list': 'only reads',
  'set sent': 'only reads',
  'schedule list': 'only reads',
  'replicate add': 'one record, as schedule add; replicas.test.ts says it twice',
  'replicate remove': 'one record, as schedule remove',
  'replicate run': 'a mark that says what is meant; replicas.test.ts',
  'replicate list': 'only reads',
  'replicate status': 'only reads',
  'notice list': 'only reads',
  'site list': 'only reads',
  'site test': 'only notes when a link was last reached',
  'site export': 'only reads; files of its own are replaced whole',
  'site pair': 'its own test breaks the line at each step; what it writes is one file, whole or not at all',
  'notice test': 'sends a message, and writes nothing',
  'set show': 'only reads',
  'audit verify': 'only reads',
  'ca show': 'only reads',
  'cert list': 'only reads',
  nodes: 'only reads',
  'cert show': 'only reads',
  'cert verify': 'only reads',
  check: 'only reads',
  'client show': 'only reads',
  'completion bash': 'only prints',
  'completion fish': 'only prints',
  'completion zsh': 'only prints',
  doctor: 'only reads; a file that is named is replaced whole',
  'key list': 'only reads',
  'key kept': 'only reads',
  'key add': 'writes one file, whole or not at all',
  ls: 'only reads',
  find: 'only reads',
  diff: 'only reads',
  dump: 'only reads',
  browse: 'only reads',
  mount: 'only reads; its own test kills it',
  'policy show': 'only reads',
  'request list': 'only reads',
  'request show': 'only reads',
  snapshots: 'only reads',
  status: 'only reads',
  'tls list': 'only reads',
  'token list': 'only reads',
  'trash list': 'only reads',
  'release list': 'only reads',
  update:
    'writes what it downloads, and a number as all that changes the state of a node; its own test kills it',
  'job list': 'only reads',
  'job show': 'only reads',
  'grant list': 'only reads',
  'grant show': 'only reads',
  'grant seal':
    'writes a copy beside the repository, which goes with its grant, and leaves one message; its own test seals',
  'trust list': 'only reads',
  'trust show': 'only reads',
  'keystore show': 'only reads',
  'trust install':
    'other programs change the stores; its own test cuts it short where its record is not whole',
  'trust uninstall': 'puts back what the record says, again when it is said again; its own test',
  dsmcert: 'trust add, trust list and trust remove by other words',
};
