import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReplicationRule } from '../../authority/index.ts';
import { isHoldfastError } from '../../base/index.ts';
import type { Role } from '../../pki/index.ts';
import { MemoryStore } from '../../storage/index.ts';
import { namespaceFolder } from '../storage-path.ts';
import { ReplicaGate } from './replica-gate.ts';

const rule = (from: string, ...to: string[]): ReplicationRule => ({
  from,
  to,
  keep: to.length,
  removeAfterMs: 0,
  rate: undefined,
  zone: 'UTC',
});

/** The gate of `safe`, which keeps copies of what `vault` stores, as `cellar` does, and is copied to `cellar` itself. */
const gate = new ReplicaGate({
  self: 'safe',
  rules: async () => [rule('vault', 'safe', 'cellar'), rule('safe', 'cellar'), rule('attic', 'cellar')],
  storeFor: (namespace) => new MemoryStore(namespaceFolder(namespace)),
});

/** Where somebody is let to, or that he is not. */
async function entered(who: string, origin: string, isReading: boolean): Promise<string> {
  const [role = '', name = ''] = who.split('/');
  try {
    const namespace = { origin, client: 'laptop', repository: 'photos' };
    return (await gate.enter({ role: role as Role, name, namespace, isReading })).location;
  } catch (error) {
    assert.ok(isHoldfastError(error, 'namespace_forbidden'), String(error));
    return 'refused';
  }
}

describe('the gate of copies', () => {
  const copy = '.replicas/vault/laptop/photos';
  const own = 'laptop/photos';
  for (const [who, origin, reads, writes] of [
    ['server/vault', 'vault', copy, copy],
    ['storage/cellar', 'vault', copy, 'refused'],
    ['storage/attic', 'vault', 'refused', 'refused'],
    ['storage/cellar', 'safe', own, 'refused'],
    ['server/vault', 'safe', 'refused', 'refused'],
    ['storage/attic', 'attic', 'refused', 'refused'],
    ['storage/cellar', 'attic', 'refused', 'refused'],
    ['client/laptop', 'vault', copy, 'refused'],
    ['client/laptop', 'safe', own, 'refused'],
    ['client/desk', 'vault', 'refused', 'refused'],
    ['client/vault', 'vault', 'refused', 'refused'],
  ] as const)
    it(`lets ${who} into what laptop stores at ${origin} as the rules say`, async () => {
      assert.equal(await entered(who, origin, true), reads);
      assert.equal(await entered(who, origin, false), writes);
    });
});
