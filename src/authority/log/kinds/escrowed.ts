import { hash } from 'node:crypto';
import { Type } from 'typebox';
import type { Bytes } from '../../../base/index.ts';
import { identityOf } from '../../records/index.ts';
import { logKind } from '../log-kind.ts';

/** A node left the password of a repository, sealed to the recovery key. */
export const escrowed = logKind({
  name: 'escrowed',
  details: Type.Object({
    repository: Type.String(),
    bytes: Type.Integer(),
    /** Of what was left, in hexadecimal; the first records did not say it. */
    sha256: Type.Optional(Type.String()),
  }),
  attachment: {
    as: 'sealed',
    isOf: ({ sha256 }, sealed) => hash('sha256', sealed) === sha256,
    find: async (records, { details: { repository, sha256 }, by }) => {
      const all = await records.escrows.ofRepository(identityOf(by), repository);
      return all.find((sealed) => hash('sha256', sealed) === sha256);
    },
    open: async (_tx, _decision, sealed) => sealed,
  },
  async apply(tx, { details: { repository }, by, atMs }, sealed: Bytes) {
    const owner = await tx.identities.find(identityOf(by));
    if (owner !== undefined) await tx.escrows.insert(owner.id, { repository, sealed, storedAtMs: atMs });
  },
});
