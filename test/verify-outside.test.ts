import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Bytes } from '../src/base/index.ts';
import {
  certificatePem,
  createOcspResponse,
  createOcspSigner,
  crlPem,
  parseCertificate,
  parseOcspRequest,
} from '../src/pki/index.ts';
import { runHoldfast } from './rig/holdfast-process.ts';
import { madeCrl } from './rig/made-crl.ts';
import { authorityLines, opensslCertificate } from './rig/openssl-certificates.ts';
import type { Holder } from './rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/* `cert verify` for certificates of authorities elsewhere: by roots and lists that are given, or by asking. */
describe('holdfast cert verify with roots from elsewhere', () => {
  const root = opensslCertificate({ subject: '/CN=corporate root', extensions: authorityLines });
  const served = new Map<string, (body: Bytes) => Bytes>();
  const asked: string[] = [];
  let place: TemporaryDirectory;
  let server: Server;
  let base = '';
  const at = (name: string): string => join(place.path, name);

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('root.pem'), certificatePem(root.der));
    server = createServer((request, response) => {
      const { url = '' } = request;
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        asked.push(url);
        const answer = served.get(url)?.(Buffer.concat(parts));
        response.writeHead(answer === undefined ? 404 : 200).end(answer);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    place[Symbol.dispose]();
  });

  function leafWith(lines: readonly string[], subject = '/CN=old.example'): Holder {
    const leaf = opensslCertificate({
      subject,
      issuer: root,
      extensions: [
        'keyUsage=critical,digitalSignature',
        'authorityKeyIdentifier=keyid',
        'subjectAltName=DNS:mail.example',
        ...lines,
      ],
    });
    writeFileSync(at('leaf.pem'), certificatePem(leaf.der));
    return leaf;
  }

  async function verify(words: readonly string[], code = 0): Promise<string> {
    const all = ['cert', 'verify', at('leaf.pem'), '--roots', at('root.pem'), ...words, '--home', at('none')];
    const result = await runHoldfast(all);
    assert.equal(result.code, code, result.stdout + result.stderr);
    return code === 0 ? result.stdout : result.stderr;
  }

  it('takes what they issued, for its host, whatever its common name says, and says what it did not look at', async () => {
    leafWith([]);
    assert.match(
      await verify(['--host', 'mail.example']),
      /revocation +good +not looked at: --online or --crl FILE/,
    );
    assert.match(await verify(['--host', 'old.example'], 22), /certificate_wrong_name/);
  });

  it('judges by the lists of --crl, several of them, and asks nobody', async () => {
    const leaf = leafWith([`crlDistributionPoints=URI:${base}/never.crl`]);
    writeFileSync(at('other.crl'), crlPem(madeCrl({ signer: root, distribution: { only: 'authorities' } })));
    writeFileSync(at('good.crl'), madeCrl({ signer: root }));
    writeFileSync(at('bad.crl'), crlPem(madeCrl({ signer: root, lines: [{ revoked: leaf }] })));
    assert.match(
      await verify(['--crl', at('other.crl'), '--crl', at('good.crl')]),
      /revocation +good +not in never\.crl of/,
    );
    assert.match(await verify(['--crl', at('bad.crl')], 21), /certificate_revoked/);
    assert.match(
      await verify(['--crl', at('other.crl')], 21),
      /no list and no answer is about it.*revocation_unknown/s,
    );
    assert.deepEqual(asked, []);
  });

  it('tries every address with --online until one tells', async () => {
    const names = ['missing.crl', 'garbage.crl', 'foreign.crl'].map((name) => `URI:${base}/${name}`);
    const leaf = leafWith([
      `crlDistributionPoints=${names.join(',')}`,
      `authorityInfoAccess=OCSP;URI:${base}/silent,OCSP;URI:${base}/ocsp`,
    ]);
    const foreign = opensslCertificate({ subject: '/CN=corporate root', extensions: authorityLines });
    served.set('/garbage.crl', () => Buffer.from('<html>'));
    served.set('/foreign.crl', () => madeCrl({ signer: foreign }));
    const unknown = await verify(['--online'], 21);
    assert.match(unknown, /missing\.crl cannot be had: status 404/);
    assert.match(unknown, /is not signed by any certificate of that name/);
    served.set('/ocsp', answerOcsp(leaf));
    assert.match(await verify(['--online']), /not in an OCSP answer of/);
    served.set('/missing.crl', () => madeCrl({ signer: root, lines: [{ revoked: leaf }] }));
    assert.match(await verify(['--online'], 21), /certificate_revoked/);
    assert.deepEqual(asked.slice(0, 5), ['/missing.crl', '/garbage.crl', '/foreign.crl', '/silent', '/ocsp']);
  });

  function answerOcsp(leaf: Holder): (body: Bytes) => Bytes {
    return (body) => {
      const [certId] = parseOcspRequest(body).certIds;
      assert.equal(certId?.serial, parseCertificate(leaf.der).serial);
      const now = new Date();
      const until = new Date(now.getTime() + 60_000);
      return createOcspResponse(
        {
          answers: [{ certId: certId.der, status: { kind: 'good' } }],
          producedAt: now,
          thisUpdate: now,
          nextUpdate: until,
        },
        createOcspSigner(parseCertificate(root.der), root.keys.privateKey),
      );
    };
  }

  it('looks at changes that a certificate names', async () => {
    const leaf = leafWith([
      `crlDistributionPoints=URI:${base}/all.crl`,
      `freshestCRL=URI:${base}/changes.crl`,
    ]);
    served.set('/all.crl', () => madeCrl({ signer: root }));
    assert.match(await verify(['--online']), /not in all\.crl of/);
    served.set('/changes.crl', () =>
      madeCrl({ signer: root, number: 3, base: 2, lines: [{ revoked: leaf }] }),
    );
    assert.match(await verify(['--online'], 21), /certificate_revoked/);
  });

  it('holds it to a policy with --policy', async () => {
    leafWith(['certificatePolicies=1.2.3.4']);
    await verify(['--policy', '1.2.3.5', '--policy', '1.2.3.4']);
    assert.match(await verify(['--policy', '1.2.3.5'], 21), /certificate_not_allowed/);
  });

  it('refuses a file that is no list, and lists that are not there', async () => {
    leafWith([]);
    assert.match(await verify(['--crl', at('leaf.pem')], 1), /crl_malformed/);
    assert.match(await verify(['--crl', at('nothing')], 1), /path_not_found/);
  });
});
