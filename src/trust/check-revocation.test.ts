import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CrlOrder, madeCrl } from '../../test/rig/made-crl.ts';
import { authorityLines, opensslCertificate } from '../../test/rig/openssl-certificates.ts';
import type { Holder } from '../../test/rig/sample-certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { type Bytes, hourMs, minuteMs } from '../base/index.ts';
import {
  certificatePem,
  createOcspRequest,
  createOcspResponse,
  createOcspSigner,
  crlPem,
  type OcspResponse,
  parseAnyCrl,
  parseCertificate,
  parseOcspRequest,
  parseOcspResponse,
} from '../pki/index.ts';
import { revocationStatus } from './check-revocation.ts';
import { revocationLimits } from './path-limits.ts';
import { validatePath } from './validate-path.ts';

/*
 * The same certificates and lists are judged here and by the system's openssl, with -crl_check, -extended_crl and -use_deltas.
 */

const root = opensslCertificate({ subject: '/CN=root', extensions: authorityLines });
const impostor = opensslCertificate({ subject: '/CN=root', extensions: authorityLines });
const silent = opensslCertificate({
  subject: '/CN=silent',
  extensions: authorityLines.map((line) => line.replace(',cRLSign', '')),
});
const listed = 'http://lists.example/one.crl';

const leafOf = (issuer: Holder, lines: readonly string[] = [], sections = ''): Holder =>
  opensslCertificate({
    subject: '/CN=leaf',
    issuer,
    extensions: ['keyUsage=critical,digitalSignature', 'authorityKeyIdentifier=keyid', ...lines],
    sections,
  });

const plain = leafOf(root);
/** Says where changes are, without which openssl looks at none. */
const fresh = leafOf(root, [`freshestCRL=URI:${listed}`]);
const pointed = leafOf(root, [`crlDistributionPoints=URI:${listed}`]);
/** Its issuer leaves it to somebody else to say whether it is revoked. */
const delegated = leafOf(
  root,
  ['crlDistributionPoints=point'],
  '[point]\nCRLissuer=dirName:lister\n[lister]\nCN=lister\n',
);
/** Its own list says that it is not revoked itself. */
const lister = opensslCertificate({
  subject: '/CN=lister',
  issuer: root,
  extensions: [
    'keyUsage=critical,cRLSign',
    'subjectKeyIdentifier=hash',
    'authorityKeyIdentifier=keyid',
    'crlDistributionPoints=point',
  ],
  sections: '[point]\nCRLissuer=dirName:lister\n[lister]\nCN=lister\n',
});
/** The same authority with a key for lists alone. */
const otherKey = opensslCertificate({
  subject: '/CN=root',
  issuer: root,
  extensions: ['keyUsage=critical,cRLSign', 'subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'],
});

const hold = 6;
const removed = 8;
const keyCompromise = '0640';
const otherReasons = '073f80';

interface Row {
  readonly title: string;
  readonly leaf?: Holder;
  readonly anchor?: Holder;
  readonly others?: readonly Holder[];
  readonly lists: readonly CrlOrder[];
  readonly kind: 'good' | 'revoked' | 'unknown';
  readonly why?: RegExp;
  /** Where openssl says something else: it asks less of lists. */
  readonly opensslTakes?: true;
}

const rows: readonly Row[] = [
  { title: 'no list', lists: [], kind: 'unknown' },
  { title: 'a list without it', lists: [{ signer: root }], kind: 'good' },
  { title: 'a list with it', lists: [{ signer: root, lines: [{ revoked: plain }] }], kind: 'revoked' },
  {
    title: 'a list that is yet to come',
    lists: [{ signer: root, thisUpdate: new Date(Date.now() + 10 * minuteMs) }],
    kind: 'unknown',
    why: /is of .*, and it is/,
  },
  {
    title: 'a list that has ended',
    lists: [
      {
        signer: root,
        thisUpdate: new Date(Date.now() - 2 * hourMs),
        nextUpdate: new Date(Date.now() - hourMs),
      },
    ],
    kind: 'unknown',
    why: /ended/,
  },
  {
    title: 'a list with an unknown critical extension',
    lists: [{ signer: root, unknown: 'list' }],
    kind: 'unknown',
    why: /critical extension 1\.2\.3\.4/,
  },
  {
    title: 'a list with an unknown critical extension of a line about another certificate',
    lists: [{ signer: root, unknown: 'line', lines: [{ revoked: pointed }] }],
    kind: 'unknown',
    why: /critical extension 1\.2\.3\.4/,
  },
  {
    title: 'a list of a stranger of the same name',
    lists: [{ signer: impostor }],
    kind: 'unknown',
    why: /not signed by/,
  },
  {
    title: 'a list of an authority that may not sign lists',
    leaf: leafOf(silent),
    anchor: silent,
    lists: [{ signer: silent }],
    kind: 'unknown',
    why: /may not sign lists \(cRLSign\)/,
  },
  {
    title: 'a list about users alone',
    lists: [{ signer: root, distribution: { only: 'users' } }],
    kind: 'good',
  },
  {
    title: 'a list about authorities alone',
    lists: [{ signer: root, distribution: { only: 'authorities' } }],
    kind: 'unknown',
  },
  {
    title: 'a list about attributes alone',
    lists: [{ signer: root, distribution: { only: 'attributes' } }],
    kind: 'unknown',
  },
  {
    title: 'the list of its place',
    leaf: pointed,
    lists: [{ signer: root, distribution: { url: listed } }],
    kind: 'good',
  },
  {
    title: 'the list of its place, with it',
    leaf: pointed,
    lists: [{ signer: root, distribution: { url: listed }, lines: [{ revoked: pointed }] }],
    kind: 'revoked',
  },
  {
    title: 'the list of another place',
    leaf: pointed,
    lists: [{ signer: root, distribution: { url: `${listed}2` } }],
    kind: 'unknown',
  },
  {
    title: 'a list for some reasons',
    lists: [{ signer: root, distribution: { reasons: keyCompromise } }],
    kind: 'unknown',
  },
  {
    title: 'lists that are for all reasons together',
    lists: [
      { signer: root, distribution: { reasons: keyCompromise } },
      { signer: root, distribution: { reasons: otherReasons } },
    ],
    kind: 'good',
  },
  {
    title: 'lists for all reasons, one of them with it',
    lists: [
      { signer: root, distribution: { reasons: keyCompromise } },
      { signer: root, distribution: { reasons: otherReasons }, lines: [{ revoked: plain }] },
    ],
    kind: 'revoked',
  },
  {
    title: 'changes without the list that they are to',
    lists: [{ signer: root, number: 3, base: 2 }],
    kind: 'unknown',
  },
  {
    title: 'changes that add it',
    leaf: fresh,
    lists: [{ signer: root }, { signer: root, number: 3, base: 2, lines: [{ revoked: fresh }] }],
    kind: 'revoked',
  },
  {
    title: 'changes that lift its hold',
    leaf: fresh,
    lists: [
      { signer: root, lines: [{ revoked: fresh, reason: hold }] },
      { signer: root, number: 3, base: 2, lines: [{ revoked: fresh, reason: removed }] },
    ],
    kind: 'good',
  },
  {
    title: 'changes to a newer list than there is',
    leaf: fresh,
    lists: [
      { signer: root, lines: [{ revoked: fresh, reason: hold }] },
      { signer: root, number: 5, base: 4, lines: [{ revoked: fresh, reason: removed }] },
    ],
    kind: 'revoked',
  },
  {
    title: 'changes to a list about something else',
    leaf: fresh,
    lists: [
      { signer: root, lines: [{ revoked: fresh, reason: hold }] },
      {
        signer: root,
        number: 3,
        base: 2,
        distribution: { only: 'users' },
        lines: [{ revoked: fresh, reason: removed }],
      },
    ],
    kind: 'revoked',
  },
  {
    title: 'the list of whom the issuer leaves it to',
    leaf: delegated,
    others: [lister],
    lists: [{ signer: lister, distribution: { indirect: true } }],
    kind: 'good',
  },
  {
    title: 'the list of whom the issuer leaves it to, with it',
    leaf: delegated,
    others: [lister],
    lists: [
      {
        signer: lister,
        distribution: { indirect: true },
        lines: [{ revoked: delegated, issuer: root.subject }],
      },
    ],
    kind: 'revoked',
  },
  {
    title: 'a line of another issuer about the same number',
    leaf: delegated,
    others: [lister],
    lists: [{ signer: lister, distribution: { indirect: true }, lines: [{ revoked: delegated }] }],
    kind: 'good',
  },
  {
    title: 'the list of whom the issuer leaves it to, that is none of others',
    leaf: delegated,
    others: [lister],
    lists: [{ signer: lister }],
    kind: 'unknown',
  },
  {
    title: 'a list that another key of its issuer signed',
    others: [otherKey],
    lists: [{ signer: otherKey, lines: [{ revoked: plain }] }],
    kind: 'revoked',
  },
  {
    title: 'a list without a number',
    lists: [{ signer: root, number: 'none' }],
    kind: 'unknown',
    why: /has no number/,
    opensslTakes: true,
  },
  {
    title: 'a list that marks its number as critical',
    lists: [{ signer: root, numberIsCritical: true }],
    kind: 'unknown',
    why: /marks its number as critical/,
  },
  {
    title: 'a list that does not say when the next one comes',
    lists: [{ signer: root, nextUpdate: 'none' }],
    kind: 'unknown',
    why: /when the next one comes/,
    opensslTakes: true,
  },
  {
    title: 'a list of version 1',
    lists: [{ signer: root, version: 1 }],
    kind: 'unknown',
    why: /has no number/,
    opensslTakes: true,
  },
];

function pathOf(leaf: Holder, anchor: Holder) {
  const { der } = leaf;
  return validatePath({
    leaf: der,
    intermediates: [],
    anchors: [anchor.der],
    at: new Date(),
    purpose: 'any',
  });
}

interface Given {
  readonly leaf?: Holder;
  readonly anchor?: Holder;
  readonly others?: readonly Holder[];
  readonly lists?: readonly Bytes[];
  readonly answers?: readonly OcspResponse[];
  readonly oldLists?: boolean;
  readonly at?: Date;
}

function judge({ leaf = plain, anchor = root, others = [], lists = [], answers = [], oldLists, at }: Given) {
  const path = pathOf(leaf, anchor);
  const certificates = others.map(({ der }) => parseCertificate(der));
  return revocationStatus(
    path[0],
    path,
    { crls: lists.map(parseAnyCrl), certificates, answers },
    { at: at ?? new Date(), ...(oldLists !== undefined && { oldLists }) },
  );
}

function isTakenByOpenssl({ leaf = plain, anchor = root, others = [], lists = [] }: Given): boolean {
  using directory = temporaryDirectory();
  const file = (name: string, content: string): string => {
    writeFileSync(join(directory.path, name), content);
    return join(directory.path, name);
  };
  const pem = (holders: readonly Holder[]): string => holders.map(({ der }) => certificatePem(der)).join('');
  const flags = ['-crl_check', '-extended_crl', '-use_deltas'];
  const crls = lists.length === 0 ? [] : ['-CRLfile', file('lists', lists.map(crlPem).join(''))];
  const untrusted = others.length === 0 ? [] : ['-untrusted', file('others', pem(others))];
  const words = [
    'verify',
    ...flags,
    '-CAfile',
    file('root', pem([anchor])),
    ...untrusted,
    ...crls,
    file('leaf', pem([leaf])),
  ];
  return spawnSync('openssl', words, { stdio: 'pipe' }).status === 0;
}

for (const { title, kind, why, opensslTakes = false, lists: orders, ...given } of rows) {
  test(`${title}: ${kind}${opensslTakes ? ', though openssl takes it' : ', by openssl too'}`, () => {
    const lists = orders.map(madeCrl);
    const status = judge({ ...given, lists });
    const problems = status.kind === 'unknown' ? status.problems.map(({ message }) => message).join() : '';
    assert.equal(status.kind, kind, problems);
    assert.match(problems, why ?? /^/);
    assert.equal(isTakenByOpenssl({ ...given, lists }), kind === 'good' || opensslTakes);
  });
}

test('lists that say less than the profile asks will do where a policy allows it', () => {
  const short: readonly CrlOrder[] = [
    { signer: root, number: 'none' },
    { signer: root, nextUpdate: 'none' },
    { signer: root, version: 1 },
  ];
  for (const order of short) {
    assert.equal(judge({ lists: [madeCrl(order)], oldLists: true }).kind, 'good');
    const lists = [madeCrl({ ...order, lines: [{ revoked: plain }] })];
    assert.equal(judge({ lists, oldLists: true }).kind, 'revoked');
  }
});

test('a list of other issuers that does not say that it is one is not believed', () => {
  const lists = [madeCrl({ signer: root, lines: [{ revoked: pointed, issuer: lister.subject }] })];
  const status = judge({ lists });
  assert.ok(status.kind === 'unknown');
  assert.match(String(status.problems[0]?.message), /does not say that it is indirect/);
});

test('a signer of lists that is itself revoked, or of whom nobody knows, vouches for nothing', () => {
  const signer = opensslCertificate({
    subject: '/CN=lister',
    issuer: root,
    extensions: [
      'keyUsage=critical,cRLSign',
      'subjectKeyIdentifier=hash',
      'authorityKeyIdentifier=keyid',
      `crlDistributionPoints=URI:${listed}`,
    ],
  });
  const its = madeCrl({ signer, distribution: { indirect: true } });
  const good = madeCrl({ signer: root, distribution: { url: listed } });
  const bad = madeCrl({ signer: root, distribution: { url: listed }, lines: [{ revoked: signer }] });
  const given = { leaf: delegated, others: [signer] };
  assert.equal(judge({ ...given, lists: [its, good] }).kind, 'good');
  for (const lists of [[its], [its, bad]]) {
    const status = judge({ ...given, lists });
    assert.ok(status.kind === 'unknown');
    assert.match(String(status.problems[0]?.message), /root of the path does not vouch for/);
  }
});

interface AnswerOrder {
  readonly status?: 'good' | 'unknown' | 'revoked';
  readonly thisUpdateMs?: number;
  readonly nextUpdateMs?: number;
  readonly producedAtMs?: number;
  readonly signer?: Holder;
  readonly issuer?: Holder;
}

/** An answer about `plain`; times count from now. */
function answerOf(order: AnswerOrder): OcspResponse {
  const { status = 'good', signer = root, issuer = root } = order;
  const from = (ms: number | undefined, otherwise: number): Date => new Date(Date.now() + (ms ?? otherwise));
  const request = parseOcspRequest(
    createOcspRequest({
      issuer: parseCertificate(issuer.der),
      serials: [parseCertificate(plain.der).serial],
    }),
  );
  const der = createOcspResponse(
    {
      answers: request.certIds.map(({ der: certId }) => ({
        certId,
        status:
          status === 'revoked'
            ? { kind: status, revokedAt: from(-hourMs, 0), reason: 'superseded' }
            : { kind: status },
      })),
      thisUpdate: from(order.thisUpdateMs, -minuteMs),
      nextUpdate: from(order.nextUpdateMs, hourMs),
      producedAt: from(order.producedAtMs, -minuteMs),
    },
    createOcspSigner(parseCertificate(signer.der), signer.keys.privateKey),
  );
  const response = parseOcspResponse(der);
  assert.ok(response.kind === 'response');
  return response;
}

const responderWith = (lines: readonly string[], issuer = root): Holder =>
  opensslCertificate({
    subject: '/CN=responder',
    issuer,
    extensions: ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid', ...lines],
  });

const answerRows: readonly (readonly [title: string, kind: string, make: () => AnswerOrder[]])[] = [
  ['good', 'good', () => [{}]],
  ['revoked', 'revoked', () => [{ status: 'revoked' }]],
  ['not known to its issuer', 'unknown', () => [{ status: 'unknown' }]],
  ['good and revoked', 'revoked', () => [{}, { status: 'revoked' }]],
  ['good and not known', 'unknown', () => [{}, { status: 'unknown' }]],
  ['good by an answer that is yet to be made', 'unknown', () => [{ producedAtMs: hourMs }]],
  ['good from an hour from now on', 'unknown', () => [{ thisUpdateMs: hourMs, nextUpdateMs: 2 * hourMs }]],
  ['good until an hour ago', 'unknown', () => [{ thisUpdateMs: -2 * hourMs, nextUpdateMs: -hourMs }]],
  ['good by a stranger', 'unknown', () => [{ signer: impostor }]],
  [
    'good by whom its issuer asks to answer',
    'good',
    () => [{ signer: responderWith(['extendedKeyUsage=OCSPSigning']) }],
  ],
  [
    'good by somebody whom its issuer made for something else',
    'unknown',
    () => [{ signer: responderWith(['extendedKeyUsage=serverAuth']) }],
  ],
  [
    'good by whom a stranger asks to answer',
    'unknown',
    () => [{ signer: responderWith(['extendedKeyUsage=OCSPSigning'], impostor) }],
  ],
  [
    'good by whom its issuer asks to answer with a key that may not sign',
    'unknown',
    () => [{ signer: responderWith(['extendedKeyUsage=OCSPSigning', 'keyUsage=critical,keyEncipherment']) }],
  ],
];

for (const [title, kind, make] of answerRows) {
  test(`an answer that it is ${title}: ${kind}`, () => {
    assert.equal(judge({ answers: make().map(answerOf) }).kind, kind);
  });
}

test('the most severe counts, whether a list or an answer says it', () => {
  const without = [madeCrl({ signer: root })];
  const listing = [madeCrl({ signer: root, lines: [{ revoked: plain }] })];
  assert.equal(judge({ lists: without, answers: [answerOf({ status: 'revoked' })] }).kind, 'revoked');
  assert.equal(judge({ lists: listing, answers: [answerOf({})] }).kind, 'revoked');
  assert.equal(judge({ lists: without, answers: [answerOf({ status: 'unknown' })] }).kind, 'unknown');
});

test('a thousand lists, and signers of one name, end in bounded work', () => {
  const lists = Array.from({ length: 300 }, (_, number) => madeCrl({ signer: impostor, number: number + 1 }));
  const path = pathOf(plain, root);
  const limits = revocationLimits();
  const certificates = Array.from({ length: 100 }, () => parseCertificate(impostor.der));
  const evidence = { crls: lists.map(parseAnyCrl), certificates, answers: [] };
  assert.equal(revocationStatus(path[0], path, evidence, { at: new Date(), limits }).kind, 'unknown');
  assert.equal(limits.signatures.spent, 128);
});
