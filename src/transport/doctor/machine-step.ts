import { X509Certificate } from 'node:crypto';
import { isHoldfastError } from '../../base/index.ts';
import { bad, type Found, failed, good } from './finding.ts';
import type { Step, Walk } from './walk.ts';

/** What this machine has to show: whether its key and its certificate belong together. */
export const machineStep: Step = {
  name: 'machine',
  goesOn: true,
  run: (walk) => Promise.resolve([ownState(walk)]),
};

function ownState(walk: Walk): Found {
  const { credentials, identity, problem } = walk.own;
  if (isHoldfastError(problem, 'node_not_joined')) return good('this machine has joined no network');
  if (problem !== undefined) return failed(problem);
  const [leaf] = credentials?.chain ?? [];
  if (leaf === undefined || credentials === undefined) return good('this machine shows no certificate');
  if (new X509Certificate(leaf).checkPrivateKey(credentials.privateKey))
    return good(`${identity?.role ?? 'node'} ${identity?.name ?? ''} of ${identity?.network ?? 'a network'}`);
  const { credentials: _, ...rest } = walk.own;
  walk.own = rest;
  return bad(
    'key_not_of_certificate',
    'the key and the certificate of this machine do not belong together: they are of two renewals',
  );
}
