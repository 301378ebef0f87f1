import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { dayMs, type ErrorCode } from '../src/base/index.ts';
import {
  certificatePem,
  createName,
  type ExtensionTemplate,
  exportPrivateKey,
  parseCertificate,
  privateKeyPem,
} from '../src/pki/index.ts';
import type { Examination } from '../src/transport/index.ts';
import { type Listening, pemOf, tcp, tls } from './rig/broken-servers.ts';
import { clockMoved } from './rig/clock.ts';
import { freePorts } from './rig/free-ports.ts';
import { type ProgramResult, RunningProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { errorIn } from './rig/refusal.ts';
import {
  authorityExtensions,
  type Holder,
  type SampleNode,
  sampleCertificate,
} from './rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What a server of a company's authority, bound to `localhost`, shows, and what keeps a machine from it. */
interface Situation {
  readonly code: ErrorCode;
  readonly exit: number;
  readonly at: () => Promise<Listening>;
  /** By how much the clock of the machine is off. */
  readonly clock?: string;
}

const page = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';
const dated = page.replace('content-length', `date: ${new Date().toUTCString()}\r\ncontent-length`);
const ago = (days: number): Date => new Date(Date.now() - days * dayMs);
const company = await sampleCertificate({
  subject: createName({ CN: 'Company' }),
  extensions: authorityExtensions(),
});
const stranger = await sampleCertificate({
  subject: createName({ CN: 'Company' }),
  extensions: authorityExtensions(),
});
const ofServer: ExtensionTemplate = {
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['serverAuth'],
  subjectAltNames: [{ kind: 'dns', value: 'localhost' }],
};

type Made = Parameters<typeof sampleCertificate>[0];

async function shows(made: Made, options: TlsOptions = {}, answer = page): Promise<Listening> {
  return await tls(await nodeOf(made), options, answer);
}

async function nodeOf(made: Made): Promise<SampleNode> {
  const extensions = { ...ofServer, ...made.extensions };
  const { der, keys } = await sampleCertificate({ issuer: company, ...made, extensions });
  return { chain: [der], privateKey: keys.privateKey };
}

/** Makes a certificate for whatever name is called. */
async function interceptor(): Promise<Listening> {
  return await shows(
    { issuer: stranger },
    {
      SNICallback: (host, answer) => {
        const extensions = { subjectAltNames: [{ kind: 'dns', value: host } as const] };
        nodeOf({ issuer: stranger, extensions }).then(
          (node) => answer(null, createSecureContext(pemOf(node))),
          (error: Error) => answer(error),
        );
      },
    },
  );
}

const situations: Readonly<Record<string, Situation>> = {
  'another authority of the same name': {
    code: 'certificate_unknown_authority',
    exit: 21,
    at: () => shows({ issuer: stranger }),
  },
  'an expired certificate': {
    code: 'certificate_expired',
    exit: 21,
    at: () => shows({ notBefore: ago(9), notAfter: ago(1) }),
  },
  'a certificate that is not valid yet': {
    code: 'certificate_not_yet_valid',
    exit: 21,
    at: () => shows({ notBefore: ago(-1), notAfter: ago(-9) }),
  },
  'a proxy that makes a certificate for every name': {
    code: 'connection_intercepted',
    exit: 21,
    at: interceptor,
  },
  'a clock of this machine by which the certificate has ended': {
    code: 'clock_wrong',
    exit: 1,
    at: () => shows({ notAfter: ago(-0.5) }, {}, dated),
    clock: '+2d',
  },
  'another name': {
    code: 'certificate_wrong_name',
    exit: 22,
    at: () => shows({ extensions: { subjectAltNames: [{ kind: 'dns', value: 'other.example' }] } }),
  },
  'a certificate for clients': {
    code: 'certificate_not_allowed',
    exit: 21,
    at: () => shows({ extensions: { extendedKeyUsage: ['clientAuth'] } }),
  },
  'no version in common': {
    code: 'tls_no_common_version',
    exit: 20,
    at: () => shows({}, { maxVersion: 'TLSv1.2' }),
  },
  'a group that is not ours': {
    code: 'tls_no_common_group',
    exit: 20,
    at: () => shows({}, { ecdhCurve: 'P-521' }),
  },
  'a port that cuts each connection': {
    code: 'connection_reset',
    exit: 20,
    at: () => tcp((socket) => socket.once('data', () => socket.resetAndDestroy())),
  },
  'a port that nobody listens at': {
    code: 'connection_refused',
    exit: 20,
    at: async () => {
      const port = await freePorts(1);
      return { port, [Symbol.asyncDispose]: async () => {} };
    },
  },
};

describe('a command that gets no connection names the cause that doctor names', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let alone: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const plain = (
    machine: NetworkClient,
    port: number,
    exit: number,
    env?: Readonly<Record<string, string>>,
  ): Promise<ProgramResult> => {
    const repo = ['--repo', `https://localhost:${port}/box/`, '--password-file', at('password')];
    return machine.run(['snapshots', ...repo, '--json'], exit, env);
  };
  /** Both fail by `code`, and the plain command leads to doctor. */
  const agree = async (
    machine: NetworkClient,
    port: number,
    { code, exit, clock }: Pick<Situation, 'code' | 'exit' | 'clock'>,
  ): Promise<void> => {
    const env = clock === undefined ? {} : clockMoved(clock);
    const failed = errorIn(await plain(machine, port, exit, env));
    assert.equal(failed.code, code, failed.message);
    assert.ok(failed.hint.includes(`holdfast doctor https://localhost:${port}`), failed.hint);
    const walk = ['doctor', `https://localhost:${port}`, '--json'];
    const found = errorIn(await machine.run(walk, exit, env));
    assert.equal(found.code, code, found.message);
    assert.ok(found.hint !== '' && !found.hint.includes('holdfast doctor'), found.hint);
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    alone = network.client('alone', at('alone'));
    writeFileSync(at('password'), 'secret\n');
    writeFileSync(at('company.pem'), certificatePem(company.der));
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await laptop.run(['backup', at('letter')]);
    for (const machine of [laptop, alone])
      await machine.run(['trust', 'add', '--server', 'localhost', '--file', at('company.pem')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  for (const [name, situation] of Object.entries(situations))
    it(name, async () => {
      await using server = await situation.at();
      await agree(laptop, server.port, situation);
      await agree(alone, server.port, situation);
    });

  it('a server outside of the network, by the answers of its OCSP responder: good, revoked, none', async () => {
    await laptop.run(['client', 'set', 'revocation', 'hard']);
    const responder = await freePorts(1);
    const url = `http://127.0.0.1:${responder}`;
    const extensions = { ...ofServer, ocspUrls: [url] };
    const leaf = await sampleCertificate({ issuer: company, extensions });
    await using server = await tls({ chain: [leaf.der], privateKey: leaf.keys.privateKey }, {}, page);
    const { port } = server;

    await agree(laptop, port, { code: 'revocation_unknown', exit: 21 });
    await using good = await answers(responder, leaf, 'good');
    assert.equal(errorIn(await plain(laptop, port, 10)).code, 'repository_missing');
    assert.match(
      revocation(await laptop.run(['doctor', `https://localhost:${port}`, '--json'], 20)),
      /^ok none/,
    );
    await good.stop();
    // What was learnt counts until its own end: another certificate is asked about anew.
    const other = await sampleCertificate({ issuer: company, extensions });
    await using second = await tls({ chain: [other.der], privateKey: other.keys.privateKey }, {}, page);
    await using revoked = await answers(responder, other, 'revoked');
    await agree(laptop, second.port, { code: 'certificate_revoked', exit: 21 });

    await laptop.run(['client', 'set', 'revocation', 'soft']);
    await agree(laptop, second.port, { code: 'certificate_revoked', exit: 21 });
    await revoked.stop();
    const third = await sampleCertificate({ issuer: company, extensions });
    await using silent = await tls({ chain: [third.der], privateKey: third.keys.privateKey }, {}, page);
    assert.equal(errorIn(await plain(laptop, silent.port, 10)).code, 'repository_missing');
    const soft = await laptop.run(['doctor', `https://localhost:${silent.port}`, '--json'], 20);
    assert.match(revocation(soft), /^warning nobody says whether a certificate is revoked/);
  });

  it('a machine whose certificate was revoked', async () => {
    await network.run(['cert', 'revoke', 'laptop', '--yes']);
    const refused = errorIn(await laptop.run(['snapshots', '--json'], 21));
    assert.equal(refused.code, 'certificate_revoked');
    assert.match(refused.hint, /holdfast doctor https:/);
    const found = errorIn(await laptop.run(['doctor', '--json'], 21));
    assert.equal(found.code, 'certificate_revoked');
  });

  /** What doctor finds of revocation: how grave, and what. */
  function revocation({ stdout }: ProgramResult): string {
    const [examination] = JSON.parse(stdout) as readonly Examination[];
    const finding = examination?.findings.find(({ step }) => step === 'revocation');
    return `${finding?.level} ${finding?.found}`;
  }

  /** The responder of openssl, which answers that a certificate is so, by the key of its issuer. */
  async function answers(port: number, leaf: Holder, is: 'good' | 'revoked'): Promise<RunningProgram> {
    const serial = parseCertificate(leaf.der).serial.toUpperCase();
    const end = '301231235959Z';
    const row = is === 'good' ? `V\t${end}\t` : `R\t${end}\t260101000000Z,keyCompromise`;
    writeFileSync(at('index.txt'), `${row}\t${serial}\tunknown\t/CN=sample\n`);
    writeFileSync(at('company.key'), privateKeyPem(exportPrivateKey(company.keys.privateKey)));
    const signer = ['-CA', at('company.pem'), '-rsigner', at('company.pem'), '-rkey', at('company.key')];
    const words = ['ocsp', '-port', String(port), '-index', at('index.txt'), ...signer, '-ndays', '1'];
    const program = new RunningProgram(words, { program: 'openssl' });
    await program.waitFor(/waiting for OCSP client connections/);
    return program;
  }
});
