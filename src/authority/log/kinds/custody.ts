import { hash } from 'node:crypto';
import { Type } from 'typebox';
import type { Bytes } from '../../../base/index.ts';
import { identityOf } from '../../records/index.ts';
import { CertificateFingerprint, IssuerLabel, logKind } from '../log-kind.ts';

/** The key of the root was taken to a file. */
export const rootOffline = logKind({
  name: 'root offline',
  details: Type.Object({ root: CertificateFingerprint, label: IssuerLabel, file: Type.String() }),
  async apply(tx, { details: { label, file }, atMs }) {
    await tx.issuers.moveKey(label, { file, atMs });
  },
});

/** The key of the root is in the keystore again. */
export const rootOnline = logKind({
  name: 'root online',
  details: Type.Object({ root: CertificateFingerprint, label: IssuerLabel }),
  async apply(tx, { details }) {
    await tx.issuers.moveKey(details.label, undefined);
  },
});

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

/** Keys of the authority left its keystore: all in one file, or the key of a label in the clear. */
export const exported = logKind({
  name: 'exported',
  details: Type.Object({
    /** The format of the file with all keys. */
    as: Type.Optional(Type.String()),
    keys: Type.Optional(Type.Array(Type.String())),
    /** Those that were not here. */
    missing: Type.Optional(Type.Array(Type.String())),
    key: Type.Optional(IssuerLabel),
    /** The file that it was written to. */
    to: Type.Optional(Type.String()),
    /** Of the file with all keys. */
    sha256: Type.Optional(Type.String()),
  }),
});

/** The keystore is encrypted anew. */
export const keystoreRekeyed = logKind({
  name: 'keystore rekeyed',
  details: Type.Object({ openedBy: Type.String() }),
});
