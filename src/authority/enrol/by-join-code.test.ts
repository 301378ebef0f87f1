import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { dayMs, isHoldfastError, Secret } from '../../base/index.ts';
import { openDatabase } from '../../db/index.ts';
import { createNodeRequest, type JoinCode } from '../../enrol/index.ts';
import {
  createCertificateRequest,
  createName,
  exportPrivateKey,
  formatName,
  generateKeyPair,
  type KeyPair,
  privateKeyPem,
} from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import { notInFile, refused, SampleHome } from '../authority.fixture.ts';
import { contextOf } from '../opening/open-authority.ts';
import { authorityDirectory } from '../records/authority-files.ts';
import { AuthorityRecords } from '../records/authority-records.ts';
import { authorityMigrations } from '../records/schema.ts';
import { enrolNode } from './by-join-code.ts';

const run = promisify(execFile);

describe('enrolling with a join code', () => {
  it('gives the identity of the code and nothing else', async () => {
    await using home = await SampleHome.open();
    const { certificate } = (await home.node('alpha')).issued;
    assert.deepEqual(certificate.identity, { network: 'backup.example', role: 'client', name: 'alpha' });
    assert.equal(certificate.extensions.subjectAltNames.length, 1);
    assert.deepEqual(certificate.extensions.extendedKeyUsage, ['clientAuth']);
    assert.deepEqual(certificate.extensions.keyUsage, ['digitalSignature']);
    assert.equal(certificate.notAfter.getTime() - home.clock.now(), 30 * dayMs);
    assert.match(certificate.serial, /^[0-7][0-9a-f]{31}$/);
    assert.equal(await home.authority.isGood(certificate.serial), true);
  });

  it('is answered alike when the same key comes again, and never for another key', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    const keys = await generateKeyPair('p256');
    const first = await home.enrol(code, keys);
    home.clock.advance(10 * dayMs);
    assert.deepEqual((await home.enrol(code, keys)).chain, first.chain);
    await refused('join_code_used', home.enrol(code));
    assert.equal((await home.authority.status()).liveJoinCodes, 0);
    home.clock.advance(30 * dayMs);
    await refused('join_code_used', home.enrol(code, keys));
  });

  it('is refused with a code that is unknown or has expired', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    await refused('join_code_unknown', home.enrol({ ...code, secret: new Secret(new Uint8Array(16)) }));
    home.clock.advance(dayMs);
    assert.equal(home.authority.hasLiveJoinCode(), true);
    home.clock.advance(1);
    assert.equal(home.authority.hasLiveJoinCode(), false);
    assert.equal((await home.authority.status()).liveJoinCodes, 0);
    await refused('join_code_expired', home.enrol(code));
  });

  it('says what is wrong with the time when that is years ahead or behind', async () => {
    for (const [years, error] of [
      [6, 'certificate_expired'],
      [-1, 'clock_wrong'],
    ] as const) {
      await using home = await SampleHome.open();
      const expiresAt = new Date(home.clock.now() + 3650 * dayMs);
      const code = await home.code('alpha', { expiresAt });
      home.clock.advance(years * 365 * dayMs);
      await refused(error, home.enrol(code));
    }
  });

  it('gives exactly one certificate to fifty machines that come at once', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    const attempts = await Promise.allSettled(Array.from({ length: 50 }, () => home.enrol(code)));
    const failures = attempts.flatMap((attempt) =>
      attempt.status === 'rejected' ? [attempt.reason as unknown] : [],
    );
    assert.equal(failures.length, 49);
    assert.ok(failures.every((failure) => isHoldfastError(failure, 'join_code_used')));
    assert.equal((await home.authority.certificates.list()).length, 1);
    await home.authority.log.verify();
  });

  it('never gives a name a second time, unless it is reissued, which revokes what was before', async () => {
    await using home = await SampleHome.open();
    const [code, rival] = [await home.code('alpha'), await home.code('alpha')];
    const first = await home.enrol(code);
    await refused('name_taken', home.enrol(rival));
    await refused('name_taken', home.code('alpha'));
    await refused('name_taken', home.code('beta', { reissue: true }));
    home.clock.advance(400 * dayMs);
    await refused('name_taken', home.code('alpha'));
    home.clock.advance(-400 * dayMs);
    const second = await home.enrol(await home.code('alpha', { reissue: true }));
    const good = await Promise.all(
      [first, second].map(({ certificate }) => home.authority.isGood(certificate.serial)),
    );
    assert.deepEqual(good, [false, true]);
    const kinds = (await home.authority.log.list()).map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(-3), ['token created', 'revoked', 'issued']);
  });

  it('refuses codes for names that cannot be', async () => {
    await using home = await SampleHome.open();
    await refused('name_invalid', home.code('Not/A/Name'));
    await refused('name_invalid', home.code('..'));
    for (const name of ['data', 'keys', 'locks', 'snapshots', 'index', 'config']) {
      await refused('name_reserved', home.code(name));
    }
    const names = { role: 'client', name: 'alpha', names: ['alpha.example'], addresses: ['h:1'] } as const;
    await refused('name_invalid', home.authority.createToken(names));
    await refused(
      'input_invalid',
      home.authority.createToken({ role: 'client', name: 'alpha', addresses: ['nowhere'] }),
    );
    await refused('input_invalid', home.code('alpha', { expiresAt: new Date(home.clock.now()) }));
  });

  it('gives out nothing that a full disk could not record, and goes on when there is space again', {
    skip: notInFile,
  }, async () => {
    await using home = await SampleHome.open();
    const codes: JoinCode[] = [];
    for (let i = 0; i < 40; i++) codes.push(await home.code(`node-${i}`));
    await home.reopen(async () => {
      const directory = authorityDirectory(home.path);
      await using database = await openDatabase({
        place: home.place,
        migrations: authorityMigrations,
      });
      const parts = {
        directory,
        keystore: await Keystore.open(directory),
        records: new AuthorityRecords(database, home.place),
      };
      const { context } = await contextOf(parts, { home: home.path, clock: home.clock });
      const enrol = async (code: JoinCode): Promise<string> => {
        const { request } = createNodeRequest(code, (await generateKeyPair('p256')).privateKey);
        const order = { secret: code.secret, request: Buffer.from(request, 'base64'), from: 'test' };
        return (await enrolNode(context, order)).certificate.serial;
      };
      const size = await database.get<{ page_count: number }>('PRAGMA page_count');
      await database.run(`PRAGMA max_page_count = ${(size?.page_count ?? 0) + 4}`);
      const attempts = await Promise.allSettled(codes.map(enrol));
      const granted = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      const failures = attempts.flatMap((attempt) =>
        attempt.status === 'rejected' ? [attempt.reason as unknown] : [],
      );
      assert.ok(failures.length > 0 && failures.every((failure) => isHoldfastError(failure, 'storage_full')));
      const onRecord = await database.all<{ serial: string }>('SELECT serial FROM certificates');
      assert.deepEqual(new Set(onRecord.map(({ serial }) => serial)), new Set<string>(granted));
      await database.run('PRAGMA max_page_count = 100000');
      const refused = attempts.findIndex(({ status }) => status === 'rejected');
      await enrol(codes[refused] as JoinCode);
      await context.log.verify();
    });
  });

  it('keeps no secret of a code in the home', { skip: notInFile }, async () => {
    await using home = await SampleHome.open();
    const secret = Buffer.from((await home.code('alpha')).secret.reveal());
    await home.reopen(async () => {
      const database = await readFile(join(home.path, 'authority', 'authority.db'));
      assert.equal(database.includes(secret), false);
      assert.equal(database.includes(secret.toString('hex')), false);
      assert.equal(database.includes(secret.toString('base64')), false);
    });
  });
});

describe('a request', () => {
  const cases: readonly { asks: string; subject?: string; extensions?: readonly string[]; named: string }[] =
    [
      { asks: 'another common name', subject: '/CN=beta', named: 'CN=beta' },
      { asks: 'a host name', extensions: ['subjectAltName=DNS:vault.example'], named: 'dns:vault.example' },
      { asks: 'an address', extensions: ['subjectAltName=IP:192.0.2.1'], named: 'ip:192.0.2.1' },
      {
        asks: 'another identity beside its own',
        extensions: [
          'subjectAltName=URI:spiffe://backup.example/client/alpha,URI:spiffe://backup.example/admin/root',
        ],
        named: 'uri:spiffe://backup.example/admin/root',
      },
      { asks: 'to be an authority', extensions: ['basicConstraints=CA:TRUE'], named: 'CA flag' },
      { asks: 'key usage', extensions: ['keyUsage=keyCertSign'], named: 'keyUsage' },
      {
        asks: 'a purpose of servers',
        extensions: ['extendedKeyUsage=serverAuth'],
        named: 'the extended key usage serverAuth',
      },
      { asks: 'an extension nobody knows', extensions: ['1.2.3.4=ASN1:UTF8String:x'], named: '1.2.3.4' },
    ];
  for (const { asks, named, ...options } of cases) {
    it(`that asks for ${asks} is refused by name, and uses nothing up`, async () => {
      await using home = await SampleHome.open();
      const code = await home.code('alpha');
      await refused('request_not_allowed', home.enrolWith(code, await opensslRequest(options)), named);
      assert.deepEqual(await home.authority.certificates.list(), []);
      const [last] = (await home.authority.log.list()).slice(-1);
      assert.equal(last?.kind === 'refused' && last.details.code, 'request_not_allowed');
      await home.enrol(code);
    });
  }

  it('with the key of one before, corrected within what the code allows, has the same certificate', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    const keys = await generateKeyPair('p256');
    const first = await home.enrolWith(code, signedRequest(keys, { O: 'Exampel', CN: 'alpha' }));
    const corrected = await home.enrolWith(code, signedRequest(keys, { O: 'Example', CN: 'alpha' }));
    assert.equal(corrected.certificate.serial, first.certificate.serial);
    const beyond = home.enrolWith(code, signedRequest(keys, { CN: 'beta' }));
    await refused('request_not_allowed', beyond, 'the subject CN=beta');
  });

  it('with the key of one before is refused for another name of its pattern', async () => {
    await using home = await SampleHome.open();
    const code = await home.authority.createToken({
      role: 'client',
      name: 'web-*',
      uses: 2,
      addresses: ['localhost:8444'],
    });
    const keys = await generateKeyPair('p256');
    await home.enrolWith(code, signedRequest(keys, { CN: 'web-1' }));
    const other = home.enrolWith(code, signedRequest(keys, { CN: 'web-2' }));
    await refused('request_not_allowed', other, 'another identity');
  });

  it('of another program that repeats what was authorised is granted', async () => {
    await using home = await SampleHome.open();
    const request = await opensslRequest({
      subject: '/CN=alpha',
      extensions: ['basicConstraints=CA:FALSE', 'subjectAltName=URI:spiffe://backup.example/client/alpha'],
    });
    await home.enrolWith(await home.code('alpha'), request);
  });

  it('that says more of itself has a certificate which says no more than the code', async () => {
    await using home = await SampleHome.open();
    const request = await opensslRequest({ subject: '/C=US/O=Evil/OU=Backup/CN=alpha' });
    const { certificate } = await home.enrolWith(await home.code('alpha'), request);
    assert.equal(formatName(certificate.subject), 'CN=alpha');
  });

  it('is refused when it is no request, is too large, or is not signed with its key', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    await refused('request_malformed', home.enrolWith(code, new Uint8Array([0x30, 0x03])));
    await refused('request_malformed', home.enrolWith(code, new Uint8Array(65 * 1024)));
    const request = await opensslRequest({});
    request[request.length - 1] = (request.at(-1) ?? 0) ^ 1;
    await refused('request_signature_invalid', home.enrolWith(code, request));
  });

  it("is refused when its key is another node's, the issuing certificate's or the root's", async () => {
    await using home = await SampleHome.open();
    const { keys } = await home.node('alpha');
    await refused('request_not_allowed', home.enrol(await home.code('beta'), keys), 'another identity');
    const keystore = await Keystore.open(join(home.path, 'authority'));
    for (const label of ['root-1', 'issuing-1']) {
      const { request } = createNodeRequest(await home.code('gamma'), keystore.key(label));
      const attempt = home.enrolWith(await home.code('gamma'), Buffer.from(request, 'base64'));
      await refused('request_not_allowed', attempt, 'another identity');
    }
  });
});

function signedRequest({ privateKey }: KeyPair, subject: Parameters<typeof createName>[0]): Buffer {
  return Buffer.from(createCertificateRequest({ subject: createName(subject) }, privateKey));
}

async function opensslRequest(options: {
  subject?: string;
  extensions?: readonly string[];
}): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-request-'));
  try {
    const { privateKey } = await generateKeyPair('p256');
    await writeFile(join(directory, 'key.pem'), privateKeyPem(exportPrivateKey(privateKey)));
    await writeFile(join(directory, 'openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
    const extensions = (options.extensions ?? []).flatMap((extension) => ['-addext', extension]);
    const subject = ['-subj', options.subject ?? '/CN=alpha'];
    const files = ['-config', 'openssl.cnf', '-key', 'key.pem', '-outform', 'DER', '-out', 'request.der'];
    await run('openssl', ['req', '-new', ...files, ...subject, ...extensions], { cwd: directory });
    return await readFile(join(directory, 'request.der'));
  } finally {
    await rm(directory, { recursive: true });
  }
}
