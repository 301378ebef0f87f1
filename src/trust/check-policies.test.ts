import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authorityLines, opensslCertificate } from '../../test/rig/openssl-certificates.ts';
import type { Holder } from '../../test/rig/sample-certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { isHoldfastError } from '../base/index.ts';
import { certificatePem } from '../pki/index.ts';
import type { PolicyRequest } from './check-policies.ts';
import { pathLimits } from './path-limits.ts';
import { validatePath } from './validate-path.ts';

/* The same paths are judged here and by the system's openssl with -policy_check. */

const root = opensslCertificate({ subject: '/CN=root', extensions: authorityLines });

/** The names of the policies below: `a` is 1.2.3.1, `b` 1.2.3.2 and so on, `any` is anyPolicy. */
const oidOf = (name: string): string =>
  name === 'any' ? '2.5.29.32.0' : `1.2.3.${name.charCodeAt(0) - 'a'.charCodeAt(0) + 1}`;

/** What one certificate says of policies. */
interface Said {
  readonly policies?: string;
  /** `a:b` when a of the issuer is b of the subject. */
  readonly maps?: string;
  readonly constraints?: string;
  readonly inhibitAny?: number;
  /** Whether it has the name of its issuer. */
  readonly selfIssued?: true;
}

function linesOf({ policies, maps, constraints, inhibitAny }: Said): string[] {
  const list = (text: string): string[] => text.split(' ').filter((each) => each !== '');
  return [
    ...(policies === undefined ? [] : [`certificatePolicies=${list(policies).map(oidOf).join(',')}`]),
    ...(maps === undefined
      ? []
      : [
          `policyMappings=critical,${list(maps)
            .map((pair) => pair.split(':').map(oidOf).join(':'))
            .join(',')}`,
        ]),
    ...(constraints === undefined ? [] : [`policyConstraints=critical,${constraints}`]),
    ...(inhibitAny === undefined ? [] : [`inhibitAnyPolicy=critical,${inhibitAny}`]),
  ];
}

/** The certificates below the root, from the authority under it to the leaf. */
function issue(said: readonly Said[]): Holder[] {
  const made: Holder[] = [];
  let name = 'root';
  for (const [index, each] of said.entries()) {
    name = each.selfIssued === true ? name : `number ${index}`;
    const isLeaf = index === said.length - 1;
    const basics = isLeaf
      ? ['keyUsage=critical,digitalSignature', 'authorityKeyIdentifier=keyid']
      : authorityLines;
    made.push(
      opensslCertificate({
        subject: `/CN=${name}`,
        issuer: made.at(-1) ?? root,
        extensions: [...basics, ...linesOf(each)],
      }),
    );
  }
  return made;
}

const pem = (holders: readonly Holder[]): string => holders.map(({ der }) => certificatePem(der)).join('');

function isTakenByOpenssl(chain: readonly Holder[], request: PolicyRequest): boolean {
  using directory = temporaryDirectory();
  const file = (name: string, content: string): string => {
    writeFileSync(join(directory.path, name), content);
    return join(directory.path, name);
  };
  const flags = [
    ...(request.acceptable ?? []).flatMap((oid) => ['-policy', oid]),
    ...(request.explicit === true ? ['-explicit_policy'] : []),
    ...(request.inhibitMapping === true ? ['-inhibit_map'] : []),
    ...(request.inhibitAny === true ? ['-inhibit_any'] : []),
  ];
  const files = [
    '-CAfile',
    file('root.pem', pem([root])),
    '-untrusted',
    file('between.pem', pem(chain.slice(0, -1))),
    file('leaf.pem', pem(chain.slice(-1))),
  ];
  const { status } = spawnSync('openssl', ['verify', '-policy_check', ...flags, ...files], { stdio: 'pipe' });
  return status === 0;
}

function judge(chain: readonly Holder[], policies: PolicyRequest, limits = pathLimits()): number {
  const [leaf, ...between] = chain.map(({ der }) => der).reverse() as [Uint8Array, ...Uint8Array[]];
  return validatePath({
    leaf,
    intermediates: between,
    anchors: [root.der],
    at: new Date(),
    purpose: 'clientAuth',
    policies,
    limits,
  }).length;
}

type Row = readonly [
  title: string,
  said: readonly Said[],
  request: Omit<PolicyRequest, 'acceptable'> & { acceptable?: string },
  taken: boolean,
];

const rows: readonly Row[] = [
  ['no policy at all, none asked for', [{}, {}], {}, true],
  ['no policy at all, one asked for', [{}, {}], { explicit: true }, false],
  [
    'one policy all the way',
    [{ policies: 'a' }, { policies: 'a' }],
    { explicit: true, acceptable: 'a' },
    true,
  ],
  [
    'another policy than the one asked for',
    [{ policies: 'a' }, { policies: 'a' }],
    { explicit: true, acceptable: 'b' },
    false,
  ],
  ['a policy that the authority has not', [{ policies: 'a' }, { policies: 'b' }], { explicit: true }, false],
  [
    'a policy below an authority for any',
    [{ policies: 'any' }, { policies: 'b' }],
    { explicit: true, acceptable: 'b' },
    true,
  ],
  [
    'any policy below an authority for any',
    [{ policies: 'any' }, { policies: 'any' }],
    { explicit: true, acceptable: 'b' },
    true,
  ],
  [
    'any policy where it stands for none',
    [{ policies: 'any' }, { policies: 'a' }],
    { explicit: true, inhibitAny: true },
    false,
  ],
  [
    'any policy after as many certificates as it may be for',
    [{ policies: 'a', inhibitAny: 0 }, { policies: 'any' }],
    { explicit: true },
    false,
  ],
  [
    'any policy in a certificate that renews its authority',
    [{ policies: 'a', inhibitAny: 0 }, { policies: 'any', selfIssued: true }, { policies: 'a' }],
    { explicit: true, acceptable: 'a' },
    true,
  ],
  [
    'a mapped policy',
    [{ policies: 'a', maps: 'a:b' }, { policies: 'b' }],
    { explicit: true, acceptable: 'a' },
    true,
  ],
  [
    'a mapped policy by its name below',
    [{ policies: 'a', maps: 'a:b' }, { policies: 'b' }],
    { explicit: true, acceptable: 'b' },
    false,
  ],
  [
    'the policy that was mapped away',
    [{ policies: 'a', maps: 'a:b' }, { policies: 'a' }],
    { explicit: true },
    false,
  ],
  [
    'a mapped policy where none may be',
    [{ policies: 'a', maps: 'a:b' }, { policies: 'b' }],
    { explicit: true, inhibitMapping: true },
    false,
  ],
  [
    'a mapping that an authority above forbids',
    [
      { policies: 'a', constraints: 'inhibitPolicyMapping:0' },
      { policies: 'a', maps: 'a:b' },
      { policies: 'b' },
    ],
    { explicit: true },
    false,
  ],
  [
    'a mapping of what any policy stands for',
    [{ policies: 'any' }, { policies: 'any', maps: 'c:d' }, { policies: 'd' }],
    { explicit: true, acceptable: 'c' },
    true,
  ],
  [
    'two policies that become one',
    [{ policies: 'a b', maps: 'a:c b:c' }, { policies: 'c' }],
    { explicit: true, acceptable: 'b' },
    true,
  ],
  [
    'an authority that asks for a policy',
    [{ policies: 'a', constraints: 'requireExplicitPolicy:0' }, {}],
    {},
    false,
  ],
  [
    'an authority that asks for a policy later than the path is long',
    [{ constraints: 'requireExplicitPolicy:4' }, {}],
    {},
    true,
  ],
  [
    'a leaf that asks for a policy itself',
    [{ policies: 'a' }, { policies: 'b', constraints: 'requireExplicitPolicy:0' }],
    {},
    false,
  ],
  ['mapping any policy to one', [{ policies: 'any', maps: 'any:b' }, { policies: 'b' }], {}, false],
  ['mapping one policy to any', [{ policies: 'a', maps: 'a:any' }, { policies: 'b' }], {}, false],
];

for (const [title, said, { acceptable, ...request }, taken] of rows) {
  test(`${title}: ${taken ? 'taken' : 'refused'}, by openssl too`, () => {
    const chain = issue(said);
    const asked = { ...request, ...(acceptable !== undefined && { acceptable: [oidOf(acceptable)] }) };
    assert.equal(isTakenByOpenssl(chain, asked), taken);
    if (taken) assert.equal(judge(chain, asked), said.length + 1);
    else assert.throws(() => judge(chain, asked), refused);
  });
}

function refused(error: unknown): boolean {
  return isHoldfastError(error, 'certificate_not_allowed') && /polic/.test(error.message);
}

test('policies that map to each other in every way cost what the certificates are long', () => {
  const many = Array.from('abcdefghijklmnop');
  const maps = many.flatMap((from) => many.map((to) => `${from}:${to}`)).join(' ');
  const crossing = { policies: many.join(' '), maps };
  const chain = issue([crossing, crossing, crossing, crossing, crossing, { policies: 'a' }]);
  const limits = pathLimits();
  assert.equal(judge(chain, { explicit: true, acceptable: ['1.2.3.16'] }, limits), 7);
  assert.ok(limits.policies.spent < 10 * many.length ** 2, `${limits.policies.spent} steps`);
});

test('more policies than can be judged are refused', () => {
  const chain = issue([{ policies: 'a' }, { policies: 'a' }]);
  const limits = pathLimits();
  while (limits.policies.spent < 19_999) limits.policies.spend();
  assert.throws(() => judge(chain, {}, limits), /more policies than can be judged/);
});

test('a policy that is there twice makes a certificate malformed', () => {
  const twice = opensslCertificate({
    subject: '/CN=twice',
    issuer: root,
    extensions: ['2.5.29.32=DER:30:0c:30:04:06:02:2a:03:30:04:06:02:2a:03'],
  });
  assert.throws(() => judge([twice], {}), { code: 'certificate_unknown_authority' });
});

test('a critical policy that is qualified in an unknown way is refused, and one that is not critical is let be', () => {
  const qualified = (mark: string): Holder =>
    opensslCertificate({
      subject: '/CN=qualified',
      issuer: root,
      extensions: [
        'authorityKeyIdentifier=keyid',
        `2.5.29.32=${mark}DER:30:11:30:0f:06:02:2a:03:30:09:30:07:06:03:2a:03:04:05:00`,
      ],
    });
  assert.equal(judge([qualified('')], {}), 2);
  assert.throws(() => judge([qualified('critical,')], {}), /qualifies its policies/);
});
