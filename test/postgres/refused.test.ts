import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ErrorCode, isHoldfastError } from '../../src/base/index.ts';
import { giveToNobody, PostgresServer } from '../rig/postgres.ts';
import { openAt } from '../rig/postgres-place.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';

let place: TemporaryDirectory;
let server: PostgresServer;

/** An authority of our own and the certificate of `localhost` by it, in a directory that the server may read. */
function makeCertificates(directory: string): void {
  giveToNobody(directory);
  const openssl = (...words: string[]): unknown =>
    execFileSync('openssl', words, { cwd: directory, stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['ca', 'other'])
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
    );
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server');
  writeFileSync(join(directory, 'names'), 'subjectAltName=DNS:localhost');
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', ...by, '-out', 'server.pem');
  for (const file of ['server.key', 'server.pem']) giveToNobody(join(directory, file), 0o600);
}

before(async () => {
  place = temporaryDirectory();
  makeCertificates(place.path);
  const ssl_cert_file = join(place.path, 'server.pem');
  const ssl_key_file = join(place.path, 'server.key');
  server = await PostgresServer.start('newest', { ssl: 'on', ssl_cert_file, ssl_key_file });
  await server.query(`CREATE ROLE ann LOGIN PASSWORD 'of-ann'`);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

async function refuses(code: ErrorCode, words: RegExp, url: string): Promise<void> {
  await assert.rejects(openAt(url), (error) => {
    assert.ok(isHoldfastError(error, code), String(error));
    assert.match(`${error.message}; ${error.hint}`, words);
    assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, new RegExp(`${server.password}|wrong-one`));
    return true;
  });
}

describe('a database of PostgreSQL is refused', () => {
  it('with the user when the password is wrong, and never with the password', async () => {
    await refuses(
      'database_refused',
      /"ann".*check the password of ann/,
      server.url('postgres', 'ann:wrong-one'),
    );
  });

  it('with the place for a password when there is none', async () => {
    const url = `${server.url('postgres', 'ann')}?passfile=${place.path}/none`;
    await refuses('database_refused', /asks for a password.*:postgres:ann:PASSWORD into/, url);
  });

  it('with the command that makes it when it is not there', async () => {
    await refuses('database_refused', /"nowhere" does not exist; make it: createdb/, server.url('nowhere'));
  });

  it('with what to grant when the user may make no table in it', async () => {
    await refuses(
      'database_refused',
      /permission denied.*OWNER TO "ann"/,
      server.url('postgres', 'ann:of-ann'),
    );
  });

  it('when it forgets what it has acknowledged', async () => {
    await server.query('CREATE DATABASE forgetful');
    await server.query('ALTER DATABASE forgetful SET synchronous_commit = off');
    await refuses('database_refused', /synchronous_commit = off, expected on/, server.url('forgetful'));
    await server.query('ALTER DATABASE forgetful SET synchronous_commit = on');
    await (await openAt(server.url('forgetful'))).close();
  });

  it('when it keeps text in another way than UTF-8', async () => {
    await server.query(`CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`);
    await refuses('database_refused', /encoding LATIN1, expected UTF8/, server.url('latin'));
  });

  it('when nobody answers at its address', async () => {
    await refuses('database_unreachable', /ECONNREFUSED/, 'postgres://ann:wrong-one@127.0.0.1:9/nowhere');
  });
});

describe('a connection over TLS', () => {
  const url = (words: string, host = 'localhost'): string =>
    `${server.url().replace('127.0.0.1', host)}?sslmode=verify-full${words}`;

  it('is made to a server that proves its name by the authority of the URL', async () => {
    await using database = await openAt(url(`&sslrootcert=${place.path}/ca.pem`));
    const row = await database.get('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    assert.deepEqual(row, { ssl: 1 });
  });

  it('is refused to a server of another authority or another name', async () => {
    await refuses('tls_failed', /self-signed|unable to verify/, url(''));
    await refuses('tls_failed', /unable to verify|self-signed/, url(`&sslrootcert=${place.path}/other.pem`));
    await refuses('tls_failed', /IP: 127\.0\.0\.1/, url(`&sslrootcert=${place.path}/ca.pem`, '127.0.0.1'));
  });

  it('is refused when the server has none', async () => {
    await using plain = await PostgresServer.start('debian');
    await refuses('tls_failed', /does not support SSL/, `${plain.url()}?sslmode=verify-full`);
  });
});

describe('a password', () => {
  it('is taken from a file of passwords that nobody else can read', async () => {
    const path = join(place.path, 'passwords');
    const lines = ['# of the network', 'elsewhere:*:*:ann:no', `127.0.0.1:*:*:postgres:${server.password}`];
    writeFileSync(path, lines.join('\n'), { mode: 0o644 });
    const url = `${server.url('postgres', 'postgres')}?passfile=${path}`;
    await refuses('settings_invalid', /has mode 644, expected 600; chmod 600/, url);
    giveToNobody(path, 0o600);
    await (await openAt(url)).close();
  });
});
