import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pycaPython, webpkiProgram } from '../../scripts/validators.ts';
import { runProgram } from '../rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';
import { judgeByChromium } from './validators/chromium.ts';
import { type Judgement, judgeList, writeShapes } from './validators/judgement.ts';
import { judgeByNss } from './validators/nss.ts';
import { certificateShapes, type Shape } from './validators/shapes.ts';

/** A program that others use to judge certificates. */
interface Validator {
  readonly name: string;
  readonly judge: (directory: string, shapes: readonly Shape[]) => Promise<Judgement[]>;
  /** Whether it refuses a shape of ours all the same, for what it lacks itself; or rightly, for what is not made any more. */
  readonly refuses?: (shape: Shape) => boolean;
}

const source = (name: string): string => `${import.meta.dirname}/validators/${name}`;

async function compiled(directory: string, name: string, ...libraries: readonly string[]): Promise<string> {
  const program = `${directory}/${name}`;
  await runProgram('cc', ['-D_DEFAULT_SOURCE', '-o', program, source(`${name}.c`), ...libraries]);
  return program;
}

const isP521 = ({ algorithm }: Shape): boolean => algorithm === 'p521';
const isEdwards = ({ algorithm }: Shape): boolean => algorithm === 'ed25519';
const isConstrained = ({ permitted }: Shape): boolean => permitted !== 'any';
const boundsUris = ({ permitted }: Shape): boolean => permitted === 'uris';
const isAddress = ({ host = '' }: Shape): boolean => /^[0-9.]+$|:/.test(host);

const validators: readonly Validator[] = [
  { name: 'Go', judge: (directory) => judgeList(directory, ['go', 'run', source('verify.go')]) },
  { name: 'Java', judge: (directory) => judgeList(directory, ['java', source('Verify.java')]) },
  { name: 'NSS', judge: judgeByNss, refuses: isEdwards },
  {
    name: 'Chromium',
    judge: judgeByChromium,
    // Browsers know neither kind of key.
    refuses: (shape) => isEdwards(shape) || isP521(shape) || boundsUris(shape),
  },
  {
    name: 'rustls-webpki',
    judge: (directory) => judgeList(directory, [webpkiProgram]),
    // By ring; aws-lc-rs knows P-521 too.
    refuses: (shape) => isP521(shape) || boundsUris(shape),
  },
  {
    name: 'pyca',
    judge: (directory) => judgeList(directory, [pycaPython, source('verify.py')]),
    refuses: (shape) => isEdwards(shape) || boundsUris(shape),
  },
  {
    name: 'mbedTLS',
    judge: async (directory) =>
      judgeList(directory, [await compiled(directory, 'mbedtls', '-lmbedx509', '-lmbedcrypto')]),
    // It knows no name constraints and refuses what it does not know; of addresses it knows from 3.5 on.
    refuses: (shape) => isEdwards(shape) || isConstrained(shape) || isAddress(shape),
  },
  {
    name: 'wolfSSL',
    judge: async (directory) => judgeList(directory, [await compiled(directory, 'wolfssl', '-lwolfssl')]),
    // It judges names of every kind by the constraints on hosts, the URI of an identity too.
    refuses: (shape) => isConstrained(shape),
  },
];

let place: TemporaryDirectory;
let shapes: readonly Shape[];

before(async () => {
  place = temporaryDirectory();
  shapes = await certificateShapes(['p256', 'p384', 'p521', 'rsa3072', 'ed25519']);
  await writeShapes(place.path, shapes);
});
after(() => place[Symbol.dispose]());

for (const { name, judge, refuses = () => false } of validators) {
  test(`${name} takes every shape of certificate in every use, but for what it cannot judge`, async () => {
    const judgements = await judge(place.path, shapes);
    assert.equal(judgements.length, shapes.length);
    const wrong = shapes.flatMap((shape, index) => {
      const judgement = judgements[index] ?? '';
      const expected = refuses(shape) ? /^(refused|not asked)/ : /^(ok|not asked)/;
      return expected.test(judgement) ? [] : [`${shape.what}: ${judgement}`];
    });
    assert.deepEqual(wrong, []);
  });
}
