import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isHoldfastError, Secret } from '../../base/index.ts';
import { findPassword, parsePostgresUrl, readTlsFiles } from './connection-parameters.ts';

const parse = (url: string): ReturnType<typeof parsePostgresUrl> => parsePostgresUrl(new Secret(url));

function refused(url: string, words: RegExp): void {
  assert.throws(
    () => parse(url),
    (error) => {
      assert.ok(isHoldfastError(error, 'settings_invalid'));
      assert.match(`${error.message}; ${error.hint}`, words);
      assert.doesNotMatch(String(error.stack), /s3cret/);
      return true;
    },
  );
}

describe('the URL of a PostgreSQL database', () => {
  it('names host, port, user, password and database, with what libpq says where it says nothing', () => {
    const { name, password, ...place } = parse('postgres://ann:p%40ss@db.example:6543/backup%20one');
    assert.equal(name, 'postgres://ann@db.example:6543/backup one');
    assert.equal(password?.reveal(), 'p@ss');
    const { host, port, user, database } = place;
    assert.deepEqual(
      { host, port, user, database },
      {
        host: 'db.example',
        port: 6543,
        user: 'ann',
        database: 'backup one',
      },
    );
    assert.equal(parse('postgresql://ann@db.example').name, 'postgres://ann@db.example:5432/ann');
    assert.equal(parse('postgres://ann@[::1]/backup').host, '::1');
  });

  it('names the directory of a socket, either way that libpq knows', () => {
    assert.equal(parse('postgres://ann@%2Frun%2Fpostgresql/backup').host, '/run/postgresql');
    const { host, user } = parse('postgres:///backup?host=/run/postgresql&user=ann');
    assert.deepEqual([host, user], ['/run/postgresql', 'ann']);
  });

  it('is a plain connection on this machine alone, unless that is said by name', () => {
    const isPlain = (url: string): boolean => parse(url).tls === undefined;
    for (const host of ['localhost', '127.0.0.1', '[::1]', '%2Frun'])
      assert.ok(isPlain(`postgres://ann@${host}/b`));
    for (const host of ['db.example', '10.0.0.1', '127.0.0.1.example']) {
      assert.ok(!isPlain(`postgres://ann@${host}/b`));
      assert.ok(isPlain(`postgres://ann@${host}/b?sslmode=disable`));
    }
    assert.deepEqual(parse('postgres://ann@localhost/b?sslmode=verify-full&sslrootcert=/ca.pem').tls, {
      roots: '/ca.pem',
      certificate: undefined,
      key: undefined,
    });
  });

  it('names a file of passwords or certificates, which is not waited for without end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-place-'));
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    const place = parse(`postgres://ann@db.example/b?passfile=${encodeURIComponent(pipe)}`);
    const none = { code: 'path_not_found', message: /nothing came out of it within/ };
    await assert.rejects(findPassword(place, 50), none);
    const written = findPassword(place);
    await writeFile(pipe, 'db.example:*:*:ann:s3cret\n');
    assert.equal(await written, 's3cret');
    const tls = { roots: '/dev/zero', certificate: undefined, key: undefined };
    await assert.rejects(readTlsFiles(tls), { code: 'settings_invalid', message: /\/dev\/zero is too long/ });
    await rm(directory, { recursive: true });
  });

  it('is refused with what is wrong in it, and never with its password', () => {
    refused('mysql://ann:s3cret@db.example/backup', /no postgres:\/\/ URL/);
    refused('ann:s3cret@db.example', /no postgres:\/\/ URL/);
    refused(
      'postgres://ann:s3cret@db.example/b?sslmode=require',
      /sslmode=require does not prove.*verify-full/,
    );
    refused(
      'postgres://ann:s3cret@db.example/b?options=-cfsync',
      /it says options; known are host, user, passfile/,
    );
    refused('postgres://ann:s3cret%@db.example/b', /write %25 for a percent sign/);
  });
});
