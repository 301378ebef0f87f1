import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buildGoProgram, findGoProgram, rcloneS3, resticFromSource, versitygw } from './go-programs.ts';
import { buildValidators } from './validators.ts';
import { fetchZlint, findZlint } from './zlint.ts';

/** A program that tests or the benchmark run, and the package that brings it on Debian and its descendants. */
interface Tool {
  /** Its name, or a path as a pattern. */
  readonly program: string;
  readonly package: string;
  readonly because: string;
  /** Needed by `npm run bench`, `npm run test:interop` or `npm run test:postgres` alone; by every test run unless said. */
  readonly only?: 'bench' | 'interop' | 'postgres';
}

const tools: readonly Tool[] = [
  { program: 'restic', package: 'restic', because: 'proves that repositories are restic’s' },
  { program: 'openssl', package: 'openssl', because: 'proves that certificates are what RFC 5280 says' },
  {
    program: 'certtool',
    package: 'gnutls-bin',
    because: 'proves that certificates and revocation lists are not only openssl’s',
  },
  { program: 'ocsptool', package: 'gnutls-bin', because: 'asks about revoked certificates' },
  { program: 'curl', package: 'curl', because: 'is everybody’s client of HTTPS' },
  { program: 'getfattr', package: 'attr', because: 'compares extended attributes' },
  { program: 'setfacl', package: 'acl', because: 'makes access control lists to back up' },
  { program: 'fusermount3', package: 'fuse3', because: 'mounts for users who are not root' },
  { program: 'faketime', package: 'faketime', because: 'lets certificates expire' },
  { program: 'createdb', package: 'postgresql-client', because: 'makes a database as the guide says' },
  { program: 'zsh', package: 'zsh', because: 'completes the words of the command line' },
  { program: 'fish', package: 'fish', because: 'completes them too' },
  {
    program: '/usr/share/easy-rsa/easyrsa',
    package: 'easy-rsa',
    because: 'makes an authority that is adopted',
  },
  {
    program: 'keytool',
    package: 'default-jre-headless',
    because: 'is Java’s reader, and asks for certificates',
  },
  { program: 'getcert', package: 'certmonger', because: 'asks for certificates as machines of FreeIPA do' },
  { program: 'dbus-run-session', package: 'dbus-daemon', because: 'lets certmonger be asked' },
  { program: 'certutil', package: 'libnss3-tools', because: 'asks for certificates as Firefox does' },
  { program: '/usr/sbin/nginx', package: 'nginx-light', because: 'shows certificates that we issued' },
  { program: '/usr/sbin/apache2', package: 'apache2-bin', because: 'shows them with an OCSP answer of ours' },
  { program: 'promtool', package: 'prometheus', because: 'checks metrics and rules as Prometheus does' },
  { program: 'strace', package: 'strace', because: 'kills a command at each of its steps' },
  { program: 'tcpdump', package: 'tcpdump', because: 'hears what passes on a plain line' },
  { program: 'wat2wasm', package: 'wabt', because: 'rebuilds the WebAssembly kernels' },
  {
    program: 'rclone',
    package: 'rclone',
    because: 'is a WebDAV server, and the other REST server of the benchmark',
  },
  { program: '/usr/sbin/sshd', package: 'openssh-server', because: 'takes SFTP' },
  { program: 'ssh', package: 'openssh-client', because: 'speaks to it' },
  {
    program: 'cfssl',
    package: 'golang-cfssl',
    because: 'is the other authority that issues over HTTPS',
    only: 'bench',
  },
  { program: 'time', package: 'time', because: 'measures processor time and memory', only: 'bench' },
  {
    program: 'pk12util',
    package: 'libnss3-tools',
    because: 'is Firefox’s writer, and has the trust stores of browsers',
  },
  {
    program: 'testssl',
    package: 'testssl.sh',
    because: 'says which level of TLS a server has',
    only: 'interop',
  },
  {
    program: 'javac',
    package: 'default-jdk-headless',
    because: 'runs Java’s own judgement',
    only: 'interop',
  },
  { program: 'go', package: 'golang-go', because: 'judges certificates as Go programs do', only: 'interop' },
  { program: 'cargo', package: 'cargo', because: 'judges certificates as rustls does', only: 'interop' },
  {
    program: 'python3',
    package: 'python3-venv',
    because: 'judges certificates as pyca does',
    only: 'interop',
  },
  {
    program: 'chromium',
    package: 'chromium',
    because: 'judges certificates as browsers do',
    only: 'interop',
  },
  {
    program: 'firefox-esr',
    package: 'firefox-esr',
    because: 'has a trust store of its own in each profile',
    only: 'interop',
  },
  { program: 'cc', package: 'gcc libc6-dev', because: 'compiles what follows', only: 'interop' },
  {
    program: '/usr/include/mbedtls/x509_crt.h',
    package: 'libmbedtls-dev',
    because: 'judges certificates as small devices do',
    only: 'interop',
  },
  {
    program: '/usr/include/wolfssl/ssl.h',
    package: 'libwolfssl-dev',
    because: 'judges certificates as small devices do',
    only: 'interop',
  },
  {
    program: '/usr/sbin/nginx',
    package: 'nginx-light',
    because: 'is a server that doctor has to recognise',
    only: 'interop',
  },
  { program: 'cadaver', package: 'cadaver', because: 'reads what browse shows', only: 'interop' },
  { program: '/usr/sbin/mount.davfs', package: 'davfs2', because: 'is another', only: 'interop' },
  { program: 'rpmbuild', package: 'rpm', because: 'writes packages for Red Hat', only: 'interop' },
  {
    program: '/usr/sbin/debootstrap',
    package: 'debootstrap',
    because: 'makes a system to install packages on',
    only: 'interop',
  },
  {
    program: 'systemd-nspawn',
    package: 'systemd-container',
    because: 'starts that system, with its services',
    only: 'interop',
  },
  {
    program: '/usr/sbin/mariadbd',
    package: 'mariadb-server-core mariadb-client',
    because: 'is dumped by a hook of the guide',
    only: 'interop',
  },
  { program: 'sqlite3', package: 'sqlite3', because: 'is copied by another', only: 'interop' },
  {
    program: '/usr/sbin/mkfs.btrfs',
    package: 'btrfs-progs',
    because: 'makes a file system that has snapshots',
    only: 'interop',
  },
  { program: '/usr/sbin/nft', package: 'nftables', because: 'keeps connections out', only: 'interop' },
  { program: '/usr/sbin/haproxy', package: 'haproxy', because: 'is another', only: 'interop' },
  { program: '/usr/bin/stunnel', package: 'stunnel4', because: 'is another', only: 'interop' },
  { program: '/usr/sbin/slapd', package: 'slapd', because: 'is another', only: 'interop' },
  { program: '/usr/sbin/dovecot', package: 'dovecot-imapd', because: 'is another', only: 'interop' },
  { program: '/usr/sbin/burp', package: 'burp', because: 'is another', only: 'interop' },
  { program: '/usr/sbin/bacula-fd', package: 'bacula-fd', because: 'is another', only: 'interop' },
  {
    program: '/usr/lib/postgresql/*/bin/postgres',
    package: 'postgresql',
    because: 'is another',
    only: 'interop',
  },
  {
    program: '/usr/lib/postgresql/*/bin/postgres',
    package: 'postgresql',
    because: 'keeps the records of an authority',
    only: 'postgres',
  },
];

const missing = tools.filter(
  ({ program, only }) => !isHere(program) && (only === undefined || process.argv.includes(`--${only}`)),
);
if (missing.length > 0 && !(canInstall() && install(missing))) {
  process.exitCode = 1;
  for (const { program, because } of missing) console.error(`missing: ${program}, which ${because}`);
  console.error(`hint: sudo apt-get install ${packagesOf(missing).join(' ')}`);
  console.error('hint: elsewhere, install the programs of these names from your system’s packages');
}

if (process.argv.includes('--interop') && findZlint() === undefined && !fetchZlint()) {
  process.exitCode = 1;
  console.error('missing: zlint, which judges our certificates by RFC 5280');
  console.error('hint: put zlint 3.6 or later on the PATH; Debian has it as the package zlint');
}

for (const server of process.argv.includes('--interop') ? [versitygw, rcloneS3] : []) {
  if (findGoProgram(server) !== undefined) continue;
  console.error(`building ${server.name}, at which repositories are tested that are at S3`);
  if (buildGoProgram(server)) continue;
  console.error(`warning: ${server.name} could not be built, and the tests with it are left out`);
  console.error('hint: put Go 1.25 or later on the PATH');
}

const isNamed = (process.env['BENCH_RESTIC'] ?? '') !== '';
if (process.argv.includes('--bench') && !isNamed && findGoProgram(resticFromSource) === undefined) {
  console.error('building the newest restic for the benchmark');
  if (!buildGoProgram(resticFromSource)) {
    console.error('warning: it could not be built, and the tables will be without it');
    console.error('hint: put Go on the PATH, or name a restic by BENCH_RESTIC=/path');
  }
}

function isHere(program: string): boolean {
  return program.startsWith('/') ? globSync(program).length > 0 : isOnPath(program);
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return directory !== '';
    } catch {
      return false;
    }
  });
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && isOnPath('apt-get');
}

function install(wanted: readonly Tool[]): boolean {
  const packages = packagesOf(wanted);
  console.error(`installing for the tests: ${packages.join(' ')}`);
  // A stale or partly unreachable package list need not stop the installation, which says itself what it lacks.
  aptGet('update');
  return (
    aptGet('install', '--yes', '--no-install-recommends', ...packages) &&
    wanted.every((tool) => isHere(tool.program))
  );
}

function packagesOf(wanted: readonly Tool[]): string[] {
  return [...new Set(wanted.flatMap((tool) => tool.package.split(' ')))];
}

function aptGet(...words: string[]): boolean {
  // A machine that has just started updates itself, and a mirror may stumble once.
  const patience = ['--option=Acquire::Retries=3', '--option=DPkg::Lock::Timeout=120'];
  const { status } = spawnSync('apt-get', ['--quiet', ...patience, ...words], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}

if (process.argv.includes('--interop') && process.exitCode === undefined && !buildValidators()) {
  process.exitCode = 1;
  console.error(
    'missing: rustls-webpki or pyca/cryptography, which judge certificates as programs in Rust and Python do',
  );
  console.error('hint: cargo from Rust 1.71 on and pip fetch them; what failed is said above');
}
