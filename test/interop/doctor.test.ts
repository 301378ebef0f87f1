import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import {
  type Clock,
  dayMs,
  type ErrorCode,
  errorRow,
  HoldfastError,
  isHoldfastError,
  systemClock,
} from '../../src/base/index.ts';
import { certificatePem, createName, type ExtensionTemplate } from '../../src/pki/index.ts';
import { type ClientPolicy, defaultClientPolicy } from '../../src/policy/index.ts';
import { RestStore } from '../../src/remote/index.ts';
import { causeIn, examine, Hot, Line, type OwnPart, TlsDialer } from '../../src/transport/index.ts';
import { singleRootBundle, trustAnchor } from '../../src/trust/index.ts';
import { BrokenPrograms } from '../rig/broken-programs.ts';
import { answerer, greeter, type Listening, line, pemOf, tcp, tls } from '../rig/broken-servers.ts';
import { FirewalledHost } from '../rig/firewalled-host.ts';
import { freePorts } from '../rig/free-ports.ts';
import { type CrlOrder, madeCrl } from '../rig/made-crl.ts';
import {
  authorityExtensions,
  type Holder,
  SampleAuthority,
  type SampleNode,
  sampleCertificate,
} from '../rig/sample-certificates.ts';

/** One broken situation, and what doctor has to say of it. */
interface Situation {
  readonly code: ErrorCode;
  readonly says: RegExp;
  /** Where the server is: an address, or a port of 127.0.0.1. */
  readonly at: () => Promise<string | number | Listening> | string | number;
  readonly own?: () => OwnPart;
  readonly clock?: Clock;
  /** 3 seconds unless there is nothing to do but to wait. */
  readonly limitMs?: number;
  readonly scheme?: 'http';
  /** What a command that is no walk comes to, where it sees less than one; by the same code unless said. */
  readonly plain?: Plain;
}

/** What a plain command fails by, nothing where it gets through; `not tried` where the code is said elsewhere. */
interface Plain {
  readonly code: ErrorCode | 'nothing' | 'not tried';
  readonly why: string;
}

const noTls: Plain = {
  code: 'tls_not_spoken',
  why: 'what comes in another language than TLS is not handed on by OpenSSL; doctor asks once more, in HTTP',
};
const silent: Plain = {
  code: 'tls_handshake_timed_out',
  why: 'which packets get through is seen by sending others',
};
const cut: Plain = {
  code: 'connection_reset',
  why: 'it cuts the line without a word where TLS begins; doctor speaks its language',
};
const waited = 10_000;
const authority = await SampleAuthority.create();
const stranger = await SampleAuthority.create();
const laptop = await authority.issue('client', 'laptop');
const good = await authority.issue('server', 'vault');
const own: OwnPart = {
  identity: { network: authority.network, role: 'client', name: 'laptop' },
  credentials: laptop,
  bundle: singleRootBundle(authority.network, authority.root.der),
};
const { credentials: _shown, ...nobody } = own;
const uri = (network: string, role = 'server') =>
  ({ kind: 'uri', value: `spiffe://${network}/${role}/vault` }) as const;
const loopback = { kind: 'ip', value: '127.0.0.1' } as const;
const page = (head: string): string => `HTTP/1.1 ${head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
const dated = page(`404 Not Found\r\ndate: ${new Date().toUTCString()}`);

/** A clock that is wrong by so much. */
function clockOff(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms };
}

const machine: Record<string, Situation> = {
  'key and certificate of two renewals': {
    code: 'key_not_of_certificate',
    says: /two renewals/,
    at: () => tls(good, { requestCert: true }, dated),
    own: () => ({ ...own, credentials: { ...laptop, privateKey: good.privateKey } }),
    plain: { code: 'not tried', why: 'such a home is not opened, by the same code' },
  },
  'a keystore that is damaged': {
    code: 'keystore_damaged',
    says: /byte/,
    at: () => tls(good, {}, dated),
    own: () => ({
      ...nobody,
      problem: new HoldfastError('keystore_damaged', 'a byte of the keystore has changed'),
    }),
  },
};

const ways: Record<string, Situation> = {
  'a name that nobody has': {
    code: 'host_not_found',
    says: /no-such-host\.invalid/,
    at: () => 'no-such-host.invalid:8443',
    limitMs: waited,
  },
  'a port where nobody listens': {
    code: 'connection_refused',
    says: /nobody answers/,
    at: () => freePorts(1),
  },
};

const languages: Record<string, Situation> = Object.fromEntries(
  (
    [
      ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
      ['SMTP', '220 mail.example ESMTP ready\r\n'],
      ['SMTP', '554 mail.example no\r\n'],
      ['FTP', '220 ftp.example FTP server ready\r\n'],
      ['IMAP', '* OK IMAP4rev1 ready\r\n'],
      ['POP3', '+OK POP3 ready\r\n'],
      ['rsync', '@RSYNCD: 31.0\n'],
      ['VNC', 'RFB 003.008\n'],
      ['MySQL', 'J\0\0\0\n8.4.0\0'],
      ['something that is not known', '\x01\x02\x03hello\n'],
    ] as const
  ).map(([language, words]) => [
    `a port of ${language} (${words.slice(0, 4).trim()})`,
    {
      code: 'tls_not_spoken',
      says: new RegExp(`speaks ${language}`),
      at: () => greeter(words),
    } satisfies Situation,
  ]),
);

const webs: Record<string, Situation> = {
  'plain HTTP where TLS was expected': {
    code: 'tls_not_spoken',
    says: /plain HTTP \(Microsoft-IIS\/10\.0\)/,
    at: () => answerer(page('400 Bad Request\r\nserver: Microsoft-IIS/10.0')),
  },
  'a captive portal': {
    code: 'proxy_answered',
    says: /sends whoever comes to http:\/\/login\.hotel\.example/,
    at: () => answerer(page('302 Found\r\nlocation: http://login.hotel.example/start')),
    plain: noTls,
  },
  'a captive portal by RFC 6585': {
    code: 'proxy_answered',
    says: /captive portal/,
    at: () => answerer(page('511 Network Authentication Required')),
    plain: noTls,
  },
  'a proxy that wants a login': {
    code: 'proxy_answered',
    says: /proxy asks for a login/,
    at: () => answerer(page('407 Proxy Authentication Required')),
    plain: noTls,
  },
  'a proxy in between': {
    code: 'proxy_answered',
    says: /a proxy answers \(1\.1 proxy\.example\)/,
    at: () => answerer(page('400 Bad Request\r\nvia: 1.1 proxy.example')),
    plain: noTls,
  },
  'a plain server that is starting': {
    code: 'server_unavailable',
    says: /503/,
    at: () => answerer(page('503 Service Unavailable\r\nretry-after: 5')),
    plain: noTls,
  },
  'a proxy whose server is down': {
    code: 'server_unavailable',
    says: /502, but nginx/,
    at: () => tls(good, {}, page('502 Bad Gateway\r\nserver: nginx')),
  },
  'another web server': {
    code: 'server_not_holdfast',
    says: /no Holdfast server, but Microsoft-IIS/,
    at: async () =>
      tls(await authority.issue('server', 'web'), {}, page('500 Oops\r\nserver: Microsoft-IIS/10.0')),
    plain: { code: 'server_unavailable', why: 'status 500 is said by servers of ours as well' },
  },
  'a TLS port that is called http': {
    code: 'tls_required',
    says: /takes TLS alone/,
    at: () => tls(good),
    scheme: 'http',
  },
  'a port of SSH that is called http': {
    code: 'answer_malformed',
    says: /speaks SSH, not HTTP/,
    at: () => greeter('SSH-2.0-OpenSSH_9.9\r\n'),
    scheme: 'http',
  },
  'a server that takes requests and answers none': {
    code: 'connection_stalled',
    says: /does not answer/,
    at: () => tls(good),
    limitMs: waited,
    plain: { code: 'not tried', why: 'a server that is busy is waited for, a minute and more' },
  },
  'an answer that is no HTTP': {
    code: 'answer_malformed',
    says: /no HTTP/,
    at: () => tls(good, {}, '220 odd.test ESMTP\r\n'),
  },
};

const lines: Record<string, Situation> = {
  'a port that takes connections and says nothing': {
    code: 'tls_handshake_timed_out',
    says: /says nothing/,
    at: () => tcp(() => {}),
    limitMs: waited,
  },
  'a port that ends each connection at once': {
    code: 'connection_reset',
    says: /cut/,
    at: () => tcp((socket) => socket.resume().end()),
  },
  'a port that cuts each connection': {
    code: 'connection_reset',
    says: /cut/,
    at: () => tcp((socket) => socket.once('data', () => socket.resetAndDestroy())),
  },
  'a line that is cut in the middle of the handshake': {
    code: 'connection_reset',
    says: /cut/,
    at: () => behind(good, (piece) => piece, cutAfter(200)),
  },
  'a line on which nothing more comes in the middle of the handshake': {
    code: 'tls_handshake_timed_out',
    says: /halfway/,
    at: () => behind(good, (piece) => piece, stallAfter(200)),
  },
  'a line on which bytes are changed': {
    code: 'connection_lost',
    says: /changed on the way/,
    at: () => behind(good, (piece) => piece, changeAt(400)),
  },
  'a box that drops a ClientHello of more than one packet': {
    code: 'tls_hello_dropped',
    says: /X25519 alone/,
    at: () => behind(good, (piece, sent) => (sent.client > 1000 ? Buffer.alloc(0) : piece)),
    limitMs: waited,
    plain: silent,
  },
  'a box that drops large packets': {
    code: 'large_packets_dropped',
    says: /two small packets/,
    at: () => behind(good, (piece) => (piece.length > 1200 ? Buffer.alloc(0) : piece)),
    limitMs: waited,
    plain: silent,
  },
};

const chains: Record<string, Situation> = {
  'another authority of the same names': {
    code: 'certificate_unknown_authority',
    says: /nobody trusts here/,
    at: async () => tls(await stranger.issue('server', 'vault')),
  },
  'a certificate that vouches for itself': {
    code: 'certificate_unknown_authority',
    says: /vouches for itself/,
    at: async () => tls(alone(await sampleCertificate({ subject: createName({ CN: 'burpserver' }) }))),
  },
  'our root in the chain of another': {
    code: 'certificate_unknown_authority',
    says: /nobody trusts here/,
    at: async () => {
      const { chain, privateKey } = await stranger.issue('server', 'vault');
      return tls({ chain: [...chain, authority.issuing.der, authority.root.der], privateKey });
    },
  },
  'a missing intermediate': {
    code: 'certificate_chain_incomplete',
    says: /does not send the certificate of CN=issuing/,
    at: () => tls({ ...good, chain: good.chain.slice(0, 1) }),
  },
  'a missing intermediate, for a machine that has none itself': {
    code: 'certificate_chain_incomplete',
    says: /CN=issuing/,
    at: async () => {
      const issuerAt = await webOf(() => authority.issuing.der);
      const extensions = { issuerUrls: [issuerAt], subjectAltNames: [uri(authority.network), loopback] };
      const { chain, privateKey } = await authority.issue('server', 'vault', { extensions });
      return tls({ chain: chain.slice(0, 1), privateKey });
    },
    own: () => nobody,
    plain: {
      code: 'certificate_unknown_authority',
      why: 'no address is followed that a server names which has proved nothing; doctor is told to',
    },
  },
  'a proxy that makes a certificate for every name': {
    code: 'connection_intercepted',
    says: /by the root CN=Corporate inspection/,
    at: interceptor,
  },
  'another name': {
    code: 'certificate_wrong_name',
    says: /is for dns:other\.example, expected 127\.0\.0\.1/,
    at: () => named({ kind: 'dns', value: 'other.example' }),
  },
  'another address': {
    code: 'certificate_wrong_name',
    says: /is for ip:192\.0\.2\.1/,
    at: () => named({ kind: 'ip', value: '192.0.2.1' }),
  },
  'no name at all': { code: 'certificate_wrong_name', says: /no host at all/, at: () => named() },
  'a storage node': {
    code: 'certificate_wrong_role',
    says: /storage vault: expected a certificate for server/,
    at: async () => tls(await authority.issue('storage', 'vault')),
  },
  'a server of another network under the same root': {
    code: 'certificate_wrong_network',
    says: /other\.example/,
    at: async () => {
      const extensions = { subjectAltNames: [uri('other.example'), loopback] };
      return tls(await authority.issue('server', 'vault', { extensions }));
    },
  },
  'a client that plays the server': {
    code: 'certificate_not_allowed',
    says: /clientAuth/,
    at: async () => tls(await authority.issue('client', 'laptop')),
  },
  'an authority that plays the server': {
    code: 'certificate_not_allowed',
    says: /authority/,
    at: async () => {
      const extensions = {
        ...authorityExtensions(0),
        keyUsage: ['digitalSignature', 'keyCertSign'] as const,
        subjectAltNames: [uri(authority.network), loopback],
      };
      return tls(await authority.issue('server', 'vault', { extensions }));
    },
  },
};

const times: Record<string, Situation> = {
  'an expired certificate': {
    code: 'certificate_expired',
    says: /CN=vault/,
    at: () => timed({ notBefore: new Date(Date.now() - 9 * dayMs), notAfter: new Date(Date.now() - dayMs) }),
  },
  'a certificate that begins tomorrow': {
    code: 'certificate_not_yet_valid',
    says: /CN=vault/,
    at: () => timed({ notBefore: new Date(Date.now() + dayMs), notAfter: new Date(Date.now() + 9 * dayMs) }),
  },
  'a clock that is a year ahead': {
    code: 'clock_wrong',
    says: /ahead of that of the server/,
    at: () => tls(good, {}, dated),
    clock: clockOff(365 * dayMs),
  },
  'a clock that is a year behind': {
    code: 'clock_wrong',
    says: /behind that of the server/,
    at: () => tls(good, {}, dated),
    clock: clockOff(-365 * dayMs),
  },
  'an expired certificate of this machine': {
    code: 'certificate_expired',
    says: /certificate of this machine ended/,
    at: () => tls(good, { requestCert: true, rejectUnauthorized: false }, dated),
    own: () => ({ ...own, credentials: expired }),
    plain: { code: 'not tried', why: 'a certificate that has ended is not shown, by the same code' },
  },
};
const expired = await authority.issue('client', 'laptop', {
  notBefore: new Date(Date.now() - 9 * dayMs),
  notAfter: new Date(Date.now() - dayMs),
});

const clients: Record<string, Situation> = {
  'a machine that has joined nothing': {
    code: 'node_not_joined',
    says: /joined no network/,
    at: () => tls(good, { requestCert: true, rejectUnauthorized: false }, dated),
    own: () => ({ problem: new HoldfastError('node_not_joined', 'this machine has joined no network') }),
  },
  'a machine that shows no certificate': {
    code: 'certificate_required',
    says: /asks for a certificate/,
    at: () => tls(good, { requestCert: true, rejectUnauthorized: false }, dated),
    own: () => nobody,
    plain: {
      code: 'nothing',
      why: 'this server lets in who shows none; one of ours says certificate_required',
    },
  },
  'a server that refuses certificates and does not say why': {
    code: 'refused_by_peer',
    says: /does not say why/,
    at: () => tls(good, { requestCert: true, rejectUnauthorized: false }, page('403 Forbidden')),
    plain: {
      code: 'namespace_forbidden',
      why: 'by 403 alone a server of the REST protocol keeps off from what is of others',
    },
  },
  ...Object.fromEntries(
    (
      [
        'certificate_revoked',
        'certificate_expired',
        'certificate_wrong_role',
        'certificate_wrong_network',
      ] as const
    ).map((code) => [
      `a server that says ${code}`,
      {
        code,
        says: /refuses the certificate of this machine: so it is/,
        at: () => tls(good, { requestCert: true, rejectUnauthorized: false }, told(403, code)),
      } satisfies Situation,
    ]),
  ),
  'a machine that may not': {
    code: 'operation_forbidden',
    says: /so it is/,
    at: () => tls(good, { requestCert: true, rejectUnauthorized: false }, told(403, 'operation_forbidden')),
    plain: { code: 'namespace_forbidden', why: 'what is forbidden of a repository is its namespace' },
  },
};

function told(status: number, code: ErrorCode): string {
  const body = JSON.stringify({ code, message: 'so it is' });
  return `HTTP/1.1 ${status} No\r\ncontent-type: application/json\r\nholdfast-code: ${code}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}

function alone({
  der,
  keys,
}: {
  der: Uint8Array;
  keys: { privateKey: SampleNode['privateKey'] };
}): SampleNode {
  return { chain: [der], privateKey: keys.privateKey };
}

async function named(...names: readonly { kind: 'dns' | 'ip'; value: string }[]): Promise<Listening> {
  const extensions = { subjectAltNames: [uri(authority.network), ...names] };
  return tls(await authority.issue('server', 'vault', { extensions }));
}

async function timed(times: { notBefore: Date; notAfter: Date }): Promise<Listening> {
  return tls(await authority.issue('server', 'vault', times), {}, dated);
}

async function behind(
  node: SampleNode,
  ...meddling: [Parameters<typeof line>[1], Parameters<typeof line>[2]?]
) {
  const server = await tls(node);
  kept.use(server);
  return await line(server.port, ...meddling);
}

function cutAfter(bytes: number): Parameters<typeof line>[1] {
  return (piece, { server }) => (server > bytes ? undefined : piece);
}
function stallAfter(bytes: number): Parameters<typeof line>[1] {
  return (piece, { server }) => piece.subarray(0, Math.max(0, piece.length - Math.max(0, server - bytes)));
}
function changeAt(bytes: number): Parameters<typeof line>[1] {
  return (piece, { server }) => {
    const at = bytes - (server - piece.length) + 1000;
    if (at < 0 || at >= piece.length) return piece;
    const changed = Buffer.from(piece);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  };
}

/** Where these bytes are had, or nothing when there are none. */
async function webOf(bytes: () => Uint8Array | undefined): Promise<string> {
  const server = createServer((_, response) => {
    const body = bytes();
    response.writeHead(body === undefined ? 404 : 200).end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  kept.defer(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/issuing.cer`;
}

/** Makes a certificate for whatever name is called, by a root of its own. */
async function interceptor(): Promise<Listening> {
  const root = await sampleCertificate({
    subject: createName({ CN: 'Corporate inspection' }),
    extensions: authorityExtensions(),
  });
  const minted = async (name: { kind: 'dns' | 'ip'; value: string }) =>
    alone(await sampleCertificate({ issuer: root, extensions: { subjectAltNames: [name] } }));
  return await tls(await minted(loopback), {
    SNICallback: (host, answer) => {
      minted({ kind: 'dns', value: host }).then(
        (node) => answer(null, createSecureContext(pemOf(node))),
        (error: Error) => answer(error),
      );
    },
  });
}

const kept = new AsyncDisposableStack();
const guild = await sampleCertificate({
  subject: createName({ CN: 'guild' }),
  extensions: authorityExtensions(),
});
const others = kept.use(new BrokenPrograms(good, certificatePem(guild.der)));

const firewalled = kept.use(new FirewalledHost());

const firewalls: Record<string, Situation> = {
  'a firewall that resets': {
    code: 'connection_refused',
    says: /nobody answers/,
    at: () => `${firewalled.address}:1001`,
  },
  'a firewall that says that the port is unreachable': {
    code: 'connection_refused',
    says: /nobody answers/,
    at: () => `${firewalled.address}:1002`,
  },
  'a firewall that says that it is forbidden': {
    code: 'host_unreachable',
    says: /no way leads there/,
    at: () => `${firewalled.address}:1003`,
  },
  'a firewall that drops': {
    code: 'connection_timed_out',
    says: /no answer at all/,
    at: () => `${firewalled.address}:1004`,
    limitMs: waited,
  },
  'a black hole for large packets on the way there': {
    code: 'large_packets_dropped',
    says: /two small packets/,
    at: () => others.nginxBehind(firewalled, 1005),
    limitMs: waited,
    plain: silent,
  },
  'a black hole for large packets on the way back': {
    code: 'tls_handshake_timed_out',
    says: /stopped halfway/,
    at: () => others.nginxBehind(firewalled, 1006),
    limitMs: waited,
  },
  'an address that no machine has': {
    code: 'host_unreachable',
    says: /no way leads there/,
    at: () => `${firewalled.nobody}:8443`,
    limitMs: waited,
    plain: {
      code: 'connection_timed_out',
      why: 'it is as patient as it is told to be, and here it is told two seconds',
    },
  },
};

const programs: Record<string, Situation> = {
  'openssl of TLS 1.2': {
    code: 'tls_no_common_version',
    says: /takes TLS 1\.2, and this machine TLS 1\.3 or later/,
    at: () => others.openssl('-tls1_2'),
  },
  'openssl of another group': {
    code: 'tls_no_common_group',
    says: /takes P-521 in TLS 1\.3/,
    at: () => others.openssl('-tls1_3', '-groups', 'P-521'),
  },
  'openssl of another suite': {
    code: 'tls_no_common_group',
    says: /in common/,
    at: () => others.openssl('-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_SHA256'),
  },
  "openssl of keys that were shared before, as Bareos's director": {
    code: 'tls_no_common_group',
    says: /in common/,
    at: () => others.openssl('-nocert', '-psk', '1a2b3c4d'),
  },
  'openssl that asks for certificates of another authority': {
    code: 'client_authority_not_listed',
    says: /asks for certificates of CN=guild/,
    at: () => others.openssl('-tls1_3', '-Verify', '1', '-verify_return_error', '-CAfile', 'OTHER', '-www'),
    plain: {
      code: 'refused_by_peer',
      why: 'OpenSSL hands on no list of the authorities that were asked for',
    },
  },
  'openssl that is called http': {
    code: 'tls_required',
    says: /takes TLS alone/,
    at: () => others.openssl('-tls1_3'),
    scheme: 'http',
  },
  'nginx in plain': { code: 'tls_not_spoken', says: /plain HTTP \(nginx/, at: () => others.nginx('') },
  'nginx of TLS 1.2': {
    code: 'tls_no_common_version',
    says: /takes TLS 1\.2/,
    at: () => others.nginx('ssl', 'ssl_protocols TLSv1.2;'),
  },
  'nginx with pages of its own': {
    code: 'server_not_holdfast',
    says: /no Holdfast server, but nginx/,
    at: () => others.nginx('ssl', 'ssl_protocols TLSv1.3;', 'return 200 hello;'),
    plain: { code: 'nothing', why: 'any server of the REST protocol will do for a repository' },
  },
  'nginx before a server that is down': {
    code: 'server_unavailable',
    says: /502, but nginx/,
    at: () => others.nginx('ssl', 'ssl_protocols TLSv1.3;', 'location / { proxy_pass http://127.0.0.1:1; }'),
  },
  'nginx that is called http': {
    code: 'tls_required',
    says: /takes TLS alone/,
    at: () => others.nginx('ssl'),
    scheme: 'http',
  },
  'haproxy before a server that is down': {
    code: 'server_unavailable',
    says: /503/,
    at: () => others.haproxy('http', 'SSL'),
  },
  'haproxy of TLS 1.2': {
    code: 'tls_no_common_version',
    says: /takes TLS 1\.2/,
    at: () => others.haproxy('http', 'SSL ssl-max-ver TLSv1.2'),
  },
  'haproxy that passes everything on to a server that is down': {
    code: 'connection_reset',
    says: /cut/,
    at: () => others.haproxy('tcp', ''),
  },
  'stunnel before a server that is down': {
    code: 'connection_reset',
    says: /cut/,
    at: () => others.stunnel(),
  },
  'the IMAP of dovecot, which begins TLS by STARTTLS': {
    code: 'tls_not_spoken',
    says: /speaks IMAP, which begins TLS by STARTTLS alone/,
    at: () => others.dovecot(),
  },
  'the IMAP of dovecot over TLS': {
    code: 'answer_malformed',
    says: /no HTTP/,
    at: async () => (await others.dovecot()) + 1,
  },
  'PostgreSQL with TLS': {
    code: 'tls_not_spoken',
    says: /speaks PostgreSQL, which begins TLS by a request of its own alone$/,
    at: () => others.postgres('on'),
    plain: cut,
  },
  'PostgreSQL without TLS': {
    code: 'tls_not_spoken',
    says: /speaks PostgreSQL.*switched off/,
    at: () => others.postgres('off'),
    plain: cut,
  },
  "Bacula's file daemon, which waits for its director": {
    code: 'tls_handshake_timed_out',
    says: /says nothing/,
    at: () => others.bacula(),
    limitMs: waited,
  },
  'burp, which takes certificates of its own authority alone': {
    code: 'refused_by_peer',
    says: /refused this machine's certificate|asks for a certificate, and ends the connection/,
    at: () => others.burp(),
  },
  'a directory of OpenLDAP': {
    code: 'tls_not_spoken',
    says: /speaks LDAP/,
    at: () => others.slapd(),
    plain: cut,
  },
};

async function check(
  name: string,
  { code, says, at, scheme, clock = systemClock, limitMs = 3000, ...rest }: Situation,
) {
  const place = await at();
  if (typeof place === 'object') kept.use(place);
  const where = typeof place === 'object' ? place.port : place;
  const url = new URL(`${scheme ?? 'https'}://${typeof where === 'number' ? `127.0.0.1:${where}` : where}`);
  const examination = await examine({
    url,
    own: rest.own?.() ?? own,
    clock,
    signal: AbortSignal.timeout(60_000),
  });
  const said = `${name}\n${JSON.stringify(examination, undefined, 1)}`;
  const cause = causeIn(examination);
  assert.equal(cause?.code, code, said);
  assert.match(cause?.found ?? '', says, said);
  assert.match(cause?.next ?? '', /\w/, said);
  assert.doesNotMatch(cause?.found ?? '', /\n/, said);
  assert.ok(examination.ms < limitMs, `${examination.ms} ms: ${said}`);
  // What has to be waited for is waited for in vain: not for as long as a command is patient.
  const timeoutMs = limitMs === waited ? 2000 : waited;
  await checkPlain(url, code, { clock, timeoutMs, own: rest.own?.() ?? own, plain: rest.plain });
}

/** A machine that dials. */
interface Dialing {
  readonly own: OwnPart;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** A command that is no walk fails by the same code, and leads to doctor; or the table says why it does not. */
async function checkPlain(
  url: URL,
  code: ErrorCode,
  { plain, ...machine }: Dialing & { readonly plain: Plain | undefined },
): Promise<void> {
  // No command but doctor takes such an address.
  if (url.protocol === 'http:' || plain?.code === 'not tried') return;
  const found = await plainFailure(url, machine);
  assert.equal(found?.code ?? 'nothing', plain?.code ?? code, found?.message);
  if (/vouches for itself/.test(found?.message ?? '')) assert.match(found?.hint ?? '', /trust accept https:/);
  assert.notEqual(plain?.code, code, 'nothing has to be explained');
  const isOfWay = ['connection', 'certificate', 'name'].includes(errorRow(code).kind ?? 'failed');
  if (found !== undefined && isOfWay && machine.own.problem === undefined && plain === undefined)
    assert.match(found.hint ?? '', /holdfast doctor https:/);
}

/** What keeps a machine from the repository that it asks for, as every command does that uses one. */
async function plainFailure(
  { href }: URL,
  { own: { bundle, credentials, problem }, clock, timeoutMs }: Dialing,
): Promise<HoldfastError | undefined> {
  if (problem !== undefined) return problem;
  using dialer = new TlsDialer({
    bundle: new Hot(bundle ?? { network: '', anchors: [] }),
    ...(credentials && { credentials: new Hot(credentials) }),
    clock,
    timeoutMs,
  });
  const line = new Line({ backOff: () => undefined });
  const store = new RestStore({ url: `${href}laptop/`, agent: dialer.agent(), line });
  try {
    await store.stat({ type: 'config' }, { signal: AbortSignal.timeout(30_000) });
    return undefined;
  } catch (error) {
    assert.ok(isHoldfastError(error), String(error));
    return error.code === 'object_not_found' ? undefined : error;
  }
}

/** What a machine with this policy finds, step by step: the levels, and what is said. */
async function walked(policy: Partial<ClientPolicy>, at: Listening | number, rest: Partial<OwnPart> = {}) {
  if (typeof at === 'object') kept.use(at);
  const { findings } = await examine({
    url: new URL(`https://127.0.0.1:${typeof at === 'object' ? at.port : at}`),
    own: { ...own, policy: { ...defaultClientPolicy, ...policy }, ...rest },
    clock: systemClock,
    signal: AbortSignal.timeout(60_000),
  });
  return {
    findings,
    of: (step: string) => findings.filter((each) => each.step === step),
    cause: findings.find(({ level }) => level === 'failed'),
  };
}

/** A certificate by the root of an authority outside the network, which a machine was told of for that name. */
function outsideCertificate(extensions: ExtensionTemplate = {}): Promise<Holder> {
  return sampleCertificate({
    subject: createName({ CN: 'outside' }),
    issuer: stranger.root,
    extensions: { extendedKeyUsage: ['serverAuth'], subjectAltNames: [loopback], ...extensions },
  });
}

const toldOfOutside = {
  bundle: {
    network: authority.network,
    anchors: [trustAnchor(stranger.root.der, { kind: 'server', names: ['127.0.0.1'] })],
  },
};

/** Such a server, whose certificate names a place with the list that `make` gives of it. */
async function listed(make: (leaf: Holder) => CrlOrder | undefined): Promise<Listening> {
  let order: CrlOrder | undefined;
  const crlUrl = await webOf(() => order && madeCrl(order));
  const leaf = await outsideCertificate({ crlUrls: [crlUrl] });
  order = make(leaf);
  return await tls(alone(leaf), {}, dated);
}

after(() => kept.disposeAsync());

it('finds a line slow over which a megabyte does not get, and nothing wrong with it', async () => {
  const server = createHttpsServer(
    { ...pemOf(good), requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      request.resume();
      const code = request.url?.includes('/data/') === true ? 'object_corrupt' : 'none';
      if (Number(request.headers['content-length'] ?? 0) < 100_000)
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(request.method === 'HEAD' ? '' : JSON.stringify({ code }));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  kept.defer(() => void server.close());
  const { of, cause } = await walked({}, (server.address() as { port: number }).port);
  assert.equal(cause, undefined);
  assert.match(of('space')[0]?.found ?? '', /there is room for 16 kB/);
  assert.deepEqual([of('speed')[0]?.level, of('speed')[0]?.code], ['warning', undefined]);
  assert.match(of('speed')[0]?.found ?? '', /a megabyte takes longer than 3 s/);
});

describe('doctor goes by the policy of the machine, and marks what is weaker', { concurrency: 2 }, () => {
  it('goes on where servers prove nothing, and says what is wrong with this one', async () => {
    const port = await tls(await stranger.issue('server', 'vault'), {}, dated);
    const { of, findings } = await walked({ verifyServer: false }, port);
    const [chain] = of('chain');
    assert.deepEqual([chain?.level, chain?.code], ['warning', 'certificate_unknown_authority']);
    assert.match(chain?.found ?? '', /connects all the same, since verifyServer is off/);
    assert.equal(chain?.next, 'holdfast client set verifyServer on');
    assert.match(of('machine')[1]?.found ?? '', /verifyServer is weaker than the default/);
    assert.ok(findings.some(({ step }) => step === 'rights'));
  });

  it('goes on past an expired certificate and a wrong name where servers prove nothing', async () => {
    const past = { notBefore: new Date(Date.now() - 9 * dayMs), notAfter: new Date(Date.now() - dayMs) };
    const extensions = {
      subjectAltNames: [uri(authority.network), { kind: 'dns', value: 'other.example' } as const],
    };
    const node = await authority.issue('server', 'vault', { ...past, extensions });
    const { of } = await walked({ verifyServer: false }, await tls(node, {}, dated));
    assert.deepEqual(
      [of('server name')[0]?.level, of('server name')[0]?.code],
      ['warning', 'certificate_wrong_name'],
    );
    assert.deepEqual([of('clock')[0]?.level, of('clock')[0]?.code], ['warning', 'certificate_expired']);
  });

  it('marks an older version where it is allowed, and gets past it', async () => {
    const { of } = await walked({ minimumVersion: 'TLSv1.2' }, await others.openssl('-tls1_2', '-www'));
    assert.match(of('machine')[1]?.found ?? '', /TLSv1\.2 is spoken/);
    const [info, ...marks] = of('tls');
    assert.match(info?.found ?? '', /^TLS 1\.2/);
    assert.deepEqual(
      marks.map(({ level }) => level),
      ['warning', 'warning'],
    );
    assert.equal(of('chain')[0]?.level, 'ok');
  });

  it('asks as the policy says whether a server is revoked', async () => {
    const plain = await tls(alone(await outsideCertificate()), {}, dated);
    const asked = async (revocation: ClientPolicy['revocation']) =>
      (await walked({ revocation }, plain, toldOfOutside)).of('revocation')[0];
    assert.match((await asked('off'))?.found ?? '', /revocation is off/);
    assert.equal((await asked('soft'))?.level, 'ok');
    const hard = await asked('hard');
    assert.deepEqual([hard?.level, hard?.code], ['failed', 'revocation_unknown']);
  });

  const signer = stranger.root;
  const past = { thisUpdate: new Date(Date.now() - 9 * dayMs), nextUpdate: new Date(Date.now() - dayMs) };
  for (const [name, server, code] of [
    ['a list without it', () => listed(() => ({ signer })), undefined],
    [
      'a list that has it',
      () => listed((revoked) => ({ signer, lines: [{ revoked }] })),
      'certificate_revoked',
    ],
    ['a list that has ended', () => listed(() => ({ signer, ...past })), 'revocation_unknown'],
    ['a list of somebody else', () => listed(() => ({ signer: authority.root })), 'revocation_unknown'],
    ['a place that has no list', () => listed(() => undefined), 'revocation_unknown'],
    ['a place where nobody is', () => naming('http://127.0.0.1:1/list.crl'), 'revocation_unknown'],
    ['a place that does not answer', async () => naming(await silentWeb()), 'revocation_unknown'],
  ] as const)
    it(`finds ${code ?? 'nothing wrong'} of a server outside by ${name}`, async () => {
      const at = await server();
      const hard = await walked({ revocation: 'hard' }, at, toldOfOutside);
      assert.equal(hard.of('revocation')[0]?.code, code, JSON.stringify(hard.findings, undefined, 1));
      if (code !== undefined) assert.equal(hard.cause?.code, code);
      const [soft] = (await walked({}, at, toldOfOutside)).of('revocation');
      const level = code === undefined ? 'ok' : code === 'certificate_revoked' ? 'failed' : 'warning';
      assert.deepEqual([soft?.code, soft?.level], [code, level]);
    });

  it('says that a server shows another certificate than the one that was accepted', async () => {
    const itself = await sampleCertificate({
      subject: createName({ CN: 'old' }),
      extensions: { subjectAltNames: [loopback] },
    });
    const bound = trustAnchor(itself.der, { kind: 'server', names: ['127.0.0.1'] });
    const bundle = { network: authority.network, anchors: [bound] };
    const same = await walked({}, await tls(alone(itself), {}, dated), { bundle });
    assert.equal(same.of('chain')[0]?.level, 'ok');
    const other = await tls(alone(await outsideCertificate()), {}, dated);
    assert.equal((await walked({}, other, { bundle })).cause?.code, 'certificate_changed');
  });
});

async function naming(crlUrl: string): Promise<Listening> {
  return await tls(alone(await outsideCertificate({ crlUrls: [crlUrl] })), {}, dated);
}

async function silentWeb(): Promise<string> {
  const server = await tcp(() => {});
  kept.use(server);
  return `http://127.0.0.1:${server.port}/list.crl`;
}

const tables = { firewalls, programs, machine, ways, languages, webs, lines, chains, times, clients };

describe('doctor names, and a plain command where it sees enough,', { concurrency: 2 }, () => {
  // What a process reads once, the roots of the web, is no part of a walk's time.
  before(() =>
    check('the first', { ...(chains['another authority of the same names'] as Situation), limitMs: waited }),
  );
  for (const [of, table] of Object.entries(tables))
    for (const [name, situation] of Object.entries(table))
      it(`${of}: ${name}: ${situation.code}`, () => check(name, situation));
});
