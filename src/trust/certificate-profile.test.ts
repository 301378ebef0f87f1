import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorityLines, opensslCertificate } from '../../test/rig/openssl-certificates.ts';
import type { Holder } from '../../test/rig/sample-certificates.ts';
import { isHoldfastError } from '../base/index.ts';
import type { RuleSet } from './certificate-profile.ts';
import { validatePath } from './validate-path.ts';

/* Certificates as openssl makes them when it is told to: what is wrong with one, and by which rules that counts. */

const leafLines = [
  'basicConstraints=critical,CA:false',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=serverAuth',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid',
  'subjectAltName=DNS:a.example',
];

/** `lines`, with those of the same name as one of `changes` taken out, and the changes put in; a bare name only takes out. */
function changed(lines: readonly string[], changes: readonly string[]): string[] {
  const nameOf = (line: string): string => line.split('=')[0] as string;
  const gone = new Set(changes.map(nameOf));
  return [
    ...lines.filter((line) => !gone.has(nameOf(line))),
    ...changes.filter((line) => line.includes('=')),
  ];
}

const root = opensslCertificate({ subject: '/CN=root', extensions: authorityLines });

const leafWith = (changes: readonly string[], subject = '/CN=a.example', issuer = root): Holder =>
  opensslCertificate({ subject, issuer, extensions: changed(leafLines, changes) });

const authorityWith = (changes: readonly string[], issuer?: Holder): Holder =>
  opensslCertificate({
    subject: issuer === undefined ? '/CN=other root' : '/CN=issuing',
    extensions: changed(authorityLines, changes),
    ...(issuer !== undefined && { issuer }),
  });

/** For what is issued by somebody who does not say which key that is. */
const someKey = ['authorityKeyIdentifier', '2.5.29.35=DER:30:03:80:01:01'];

type Chain = readonly [leaf: Holder, intermediates: readonly Holder[], anchor: Holder];

const leaf = (changes: readonly string[], subject?: string): Chain => [leafWith(changes, subject), [], root];

function issuing(changes: readonly string[]): Chain {
  const authority = authorityWith(changes, root);
  return [leafWith([], undefined, authority), [authority], root];
}

function anchor(changes: readonly string[]): Chain {
  const authority = authorityWith(changes);
  return [leafWith([], undefined, authority), [], authority];
}

const rows: readonly (readonly [title: string, refusedBy: string, pattern: RegExp, make: () => Chain])[] = [
  ['a server that keeps every rule', '', /./, () => leaf([])],
  [
    'an unknown critical extension',
    'private public chosen',
    /critical extensions that are not known here: 1\.2\.3\.4/,
    () => leaf(['1.2.3.4=critical,ASN1:NULL']),
  ],
  [
    'a critical subject key identifier',
    'private public chosen',
    /marks its subjectKeyId as critical/,
    () => leaf(['subjectKeyIdentifier=critical,hash']),
  ],
  [
    'a critical authority key identifier',
    'private public chosen',
    /marks its authorityKeyId as critical/,
    () => leaf(['authorityKeyIdentifier=critical,keyid']),
  ],
  [
    'a critical authority information access',
    'private public chosen',
    /marks its authorityInfoAccess as critical/,
    () => leaf(['authorityInfoAccess=critical,OCSP;URI:http://a.example/']),
  ],
  [
    'a critical address of changes',
    'private public chosen',
    /marks its freshestCrl as critical/,
    () => leaf(['freshestCRL=critical,URI:http://a.example/delta.crl']),
  ],
  [
    'a key usage without a single use',
    'private public chosen',
    /key usage without a single use/,
    () => leaf(['keyUsage', '2.5.29.15=critical,DER:03:01:00']),
  ],
  [
    'name constraints in a leaf',
    'private public chosen',
    /name constraints but is not an authority/,
    () => leaf(['nameConstraints=critical,permitted;DNS:example']),
  ],
  [
    'neither subject nor critical names',
    'private public chosen',
    /neither a subject nor critical alternative names/,
    () => leaf([], '/'),
  ],
  ['no subject but critical names', '', /./, () => leaf(['subjectAltName=critical,DNS:a.example'], '/')],
  [
    'a root that does not mark as critical that it is one',
    'private public',
    /does not mark as critical that it is an authority/,
    () => anchor(['basicConstraints=CA:true']),
  ],
  [
    'an authority that does not mark as critical that it is one',
    'public',
    /does not mark as critical that it is an authority/,
    () => issuing(['basicConstraints=CA:true']),
  ],
  [
    'name constraints that are not critical',
    'private',
    /does not mark its name constraints as critical/,
    () => issuing(['nameConstraints=permitted;DNS:example']),
  ],
  [
    'a name outside of constraints that are not critical',
    'private public chosen',
    /constraints|may not certify/,
    () => issuing(['nameConstraints=permitted;DNS:elsewhere']),
  ],
  [
    'a name constraint with a leading period',
    'private public chosen',
    /has the name constraint DNS:\.example, which has a leading period; expected example,/,
    () => issuing(['nameConstraints=critical,permitted;DNS:.example']),
  ],
  [
    'an authority without a subject key identifier',
    'private public',
    /without a subject key identifier/,
    () => {
      const authority = authorityWith(['subjectKeyIdentifier=none'], root);
      return [leafWith(someKey, undefined, authority), [authority], root];
    },
  ],
  [
    'a certificate that does not name the key of its issuer',
    'private public',
    /does not name the key of its issuer/,
    () => leaf(['authorityKeyIdentifier=none']),
  ],
  [
    'a leaf with keyCertSign that is no authority',
    'private public',
    /may sign certificates \(keyCertSign\), but is not an authority/,
    () => leaf(['keyUsage=critical,digitalSignature,keyCertSign']),
  ],
  [
    'a host name with an underscore',
    'private public',
    /dns:a_b\.example, which is no host name/,
    () => leaf(['subjectAltName=DNS:a.example,DNS:a_b.example']),
  ],
  ['a wildcard among the names', '', /./, () => leaf(['subjectAltName=DNS:a.example,DNS:*.example'])],
  [
    'a root that names its own key with issuer and number',
    'public',
    /names its own key by something else/,
    () => anchor(['authorityKeyIdentifier=keyid,issuer:always']),
  ],
  [
    'a root with purposes',
    'public',
    /root that names purposes/,
    () => anchor(['extendedKeyUsage=serverAuth']),
  ],
  [
    'an authority in the place of a server',
    'public',
    /is an authority and not a server/,
    () => leaf(['basicConstraints=critical,CA:true']),
  ],
  ['a server without purposes', 'public', /does not say what it is for/, () => leaf(['extendedKeyUsage'])],
  [
    'a server for any purpose',
    'public',
    /is for any purpose/,
    () => leaf(['extendedKeyUsage=anyExtendedKeyUsage']),
  ],
  [
    'a server whose purposes are critical',
    'public',
    /marks its purposes as critical/,
    () => leaf(['extendedKeyUsage=critical,serverAuth']),
  ],
  [
    'critical names beside a subject',
    'public',
    /marks its names as critical/,
    () => leaf(['subjectAltName=critical,DNS:a.example']),
  ],
  [
    'a common name that is none of the names',
    'public',
    /calls itself "b\.example", which is none of its names: a\.example/,
    () => leaf([], '/CN=b.example'),
  ],
  [
    'a common name that is an address in hexadecimal',
    'public',
    /calls itself "0xC0A80101"/,
    () => leaf(['subjectAltName=IP:192.168.1.1'], '/CN=0xC0A80101'),
  ],
  ['a common name that nobody takes for a host', '', /./, () => leaf([], '/CN=the mail server')],
  [
    'an old root of version 1',
    'private public',
    /not an authority/,
    () => {
      const old = opensslCertificate({ subject: '/CN=old root' });
      return [leafWith(someKey, undefined, old), [], old];
    },
  ],
  [
    'an authority of version 1 between',
    'private public chosen',
    /not an authority|name the key/,
    () => {
      const old = opensslCertificate({ subject: '/CN=old', issuer: root });
      return [leafWith(someKey, undefined, old), [old], root];
    },
  ],
];

const ruleSets: readonly RuleSet[] = ['private', 'public', 'chosen'];

for (const [title, refusedBy, pattern, make] of rows) {
  test(`${title}: refused by ${refusedBy === '' ? 'no rules' : `the rules ${refusedBy}`}`, () => {
    const [leaf, intermediates, anchor] = make();
    for (const rules of ruleSets) {
      const judge = () =>
        validatePath({
          leaf: leaf.der,
          intermediates: intermediates.map(({ der }) => der),
          anchors: [anchor.der],
          at: new Date(),
          purpose: 'serverAuth',
          rules,
        });
      if (!refusedBy.split(' ').includes(rules)) assert.deepEqual(judge()[0].subject, leaf.subject, rules);
      else assert.throws(judge, (error) => isRefused(error, pattern), rules);
    }
  });
}

function isRefused(error: unknown, pattern: RegExp): boolean {
  assert.ok(isHoldfastError(error, 'certificate_not_allowed'), String(error));
  assert.match(error.message, pattern);
  return true;
}
