import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type ProgramResult, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

/** Runs the program in `cwd`, which has to end well. */
async function well(cwd: string, ...words: string[]): Promise<ProgramResult> {
  const result = await runHoldfast(words, { cwd });
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** Fails with the code `expected`. */
async function refused(cwd: string, expected: string, ...words: string[]): Promise<ProgramResult> {
  const result = await runHoldfast(words, { cwd });
  assert.notEqual(result.code, 0, words.join(' '));
  assert.match(result.stderr, new RegExp(`\\[${expected}\\]`));
  return result;
}

test('an authority is not restored to names that its server could not start with, and nothing is there then', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const init = ['init', '--home', 'a', '--network', 'a.test', '--names', 'a.test', '--permit', 'a.test'];
  await well(cwd, ...init);
  writeFileSync(join(cwd, 'password'), 'correct horse\n');
  await well(cwd, 'ca', 'backup', 'x.age', '--home', 'a');
  const p12 = ['--format', 'p12', '--password-file', 'password', '--home', 'a'];
  await well(cwd, 'ca', 'backup', 'x.p12', ...p12);
  const restore = ['ca', 'restore', 'x.age', '--kit', 'a/recovery-kit.txt', '--home', 'b', '--names'];
  await refused(cwd, 'name_invalid', ...restore, 'bad name!');
  await refused(cwd, 'name_invalid', ...restore, 'bad name!', '--dry-run');
  await refused(cwd, 'name_invalid', ...restore, '*.a.test');
  await refused(cwd, 'name_not_permitted', ...restore, 'b.example');
  const keys = ['ca', 'restore', 'x.p12', '--password-file', 'password', '--home', 'b', '--names'];
  await refused(cwd, 'name_invalid', ...keys, 'bad name!');
  assert.ok(!existsSync(join(cwd, 'b')));
  await well(cwd, ...restore, 'b.a.test');
  assert.match(readFileSync(join(cwd, 'b/holdfast.toml'), 'utf8'), /names = \["b\.a\.test"\]/);
});

test('a kit of another network says nothing of a backup, and what a rehearsal finds wrong stays known', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  for (const home of ['a', 'b'])
    await well(cwd, 'init', '--home', home, '--network', `${home}.test`, '--names', `${home}.test`);
  mkdirSync(join(cwd, 'm'));
  await well(cwd, 'ca', 'backup', 'm/x.age', '--home', 'a');
  const rehearse = ['ca', 'rehearse', '--home', 'a'];
  const { stdout } = await refused(cwd, 'password_wrong', ...rehearse, '--kit', 'b/recovery-kit.txt');
  assert.doesNotMatch(stdout, /BAD/);
  assert.doesNotMatch((await well(cwd, 'status', '--home', 'a')).stdout, /found damaged/);
  truncateSync(join(cwd, 'm/x.age'), 1000);
  await refused(cwd, 'backup_damaged', ...rehearse, '--kit', 'a/recovery-kit.txt');
  const status = await well(cwd, 'status', '--home', 'a');
  assert.match(status.stdout, /ca backup .*found damaged/);
  assert.match(status.stderr, /the backup x\.age in .*\/m would not do, as its rehearsal found at/);
  await well(cwd, 'ca', 'backup', 'm/y.age', '--home', 'a');
  assert.doesNotMatch((await well(cwd, 'status', '--home', 'a')).stderr, /would not do/);
});

test('a revocation that is set back in the database is found by audit verify, since the log knows better', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await well(cwd, 'init', '--home', 'a', '--network', 'a.test', '--names', 'a.test');
  await well(cwd, 'sm_ssl_cert', 'client', '--name', 'lap', '--path', 'made', '--home', 'a');
  await well(cwd, 'cert', 'revoke', 'client/lap', '--yes', '--home', 'a');
  assert.match((await well(cwd, 'audit', 'verify', '--home', 'a')).stdout, /and all on record is as it says/);
  using database = new DatabaseSync(join(cwd, 'a/authority/authority.db'));
  database.exec('UPDATE certificates SET revoked_at = NULL; UPDATE identities SET revoked_at = NULL');
  const { stderr } = await refused(cwd, 'authority_damaged', 'audit', 'verify', '--home', 'a');
  assert.match(stderr, /was revoked, and is not revoked on record; client\/lap .* was ended, and goes on/);
});

test('a certificate that no server can show is not bound, and one that is bound is watched to its end', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await well(cwd, 'init', '--home', 'a', '--network', 'a.test', '--names', 'a.test');
  const make = async (name: string, ...words: string[]): Promise<string[]> => {
    const files = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`];
    const about = ['-subj', '/CN=a.test', '-addext', 'subjectAltName=DNS:a.test'];
    await runProgram('openssl', ['req', '-x509', ...files, ...about, ...words], { cwd });
    return ['tls', 'bind', `${name}.pem`, '--key', `${name}.key`, '--host', 'a.test', '--home', 'a'];
  };
  const extension = (text: string): string[] => ['-addext', text];
  const mail = await make('mail', ...extension('extendedKeyUsage=clientAuth,emailProtection'));
  assert.match((await refused(cwd, 'certificate_not_allowed', ...mail)).stderr, /not for serverAuth/);
  const cipher = await make('cipher', ...extension('keyUsage=critical,keyEncipherment'));
  assert.match((await refused(cwd, 'certificate_not_allowed', ...cipher)).stderr, /digitalSignature/);
  assert.match((await well(cwd, 'tls', 'list', '--home', 'a')).stderr, /nothing is bound/);
  const good = await make('good', ...extension('extendedKeyUsage=serverAuth'), '-days', '90');
  assert.match((await well(cwd, ...good)).stdout, /bound +host a\.test .* left/);
  const calm = await well(cwd, 'status', '--home', 'a');
  assert.match(calm.stdout, /bound +host a\.test +·? *certificate \d+ d(ays)? left/);
  assert.doesNotMatch(calm.stderr, /bound/);
  await well(cwd, ...(await make('short', '-days', '1')));
  assert.match((await well(cwd, 'status', '--home', 'a')).stderr, /bound to the host a\.test ends/);
});

test('a date that no calendar has is refused wherever one is asked for', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await well(cwd, 'init', '--home', 'a', '--network', 'a.test', '--names', 'a.test');
  await well(cwd, 'ca', 'export', 'ca.pem', '--home', 'a');
  appendFileSync(join(cwd, 'password'), 'correct horse\n');
  const never = '2027-02-29';
  for (const words of [
    ['audit', 'list', '--since', never],
    ['audit', 'list', '--until', `${never}T12:00:00Z`],
    ['cert', 'verify', 'ca.pem', '--at', never],
    ['ca', 'offline', 'root.age', '--password-file', 'password', '--until', never],
  ]) {
    const { code, stderr } = await runHoldfast([...words, '--home', 'a'], { cwd });
    assert.notEqual(code, 0, words.join(' '));
    assert.match(stderr, /2027-02-29/, words.join(' '));
  }
  assert.ok(!existsSync(join(cwd, 'root.age')));
});
