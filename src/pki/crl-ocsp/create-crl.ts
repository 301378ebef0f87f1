import type { KeyObject } from 'node:crypto';
import { type Bytes, fromHex } from '../../base/index.ts';
import {
  extensionOids,
  type SerialNumber,
  writeAuthorityKeyId,
  writeExtension,
  writeSerialNumber,
} from '../certificate/index.ts';
import { contextConstructed, type DerWriter, tag, writeDer, writeTime } from '../der/index.ts';
import { type Signer, signerOf, writeSigned } from '../key/index.ts';
import { type Name, writeName } from '../name/index.ts';
import { crlOids } from './crl.ts';
import { type RevocationReason, writeReason } from './revocation-reason.ts';

/** One line of a CRL to be written. */
export interface CrlEntry {
  readonly serial: SerialNumber;
  /** Cut to whole seconds. */
  readonly revokedAt: Date;
  readonly reason: RevocationReason;
}

/** What a CRL is to say. */
export interface CrlTemplate {
  readonly issuer: Name;
  /** The issuer's subject key identifier. */
  readonly authorityKeyId: Bytes;
  /** Greater than that of every CRL before it; below 2^159 (RFC 5280 §5.2.3). */
  readonly number: bigint;
  /** Cut to whole seconds, like `nextUpdate`. */
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** The entries, in pieces that {@link encodeCrlEntries} made, so that a long list need not be written in one go. */
  readonly entries: readonly Bytes[];
}

const bytesOfEntry = 52;

/**
 * Signs a CRL (version 2, RFC 5280 §5.1) for all of an issuer's certificates and all reasons, and returns its DER.
 * A `TypeError` for a template that cannot be written. @throws HoldfastError `key_unsupported`
 */
export function createCrl(template: CrlTemplate, issuerKey: KeyObject): Bytes {
  if (template.nextUpdate <= template.thisUpdate) throw new TypeError('a CRL that ends before it begins');
  const signer = signerOf(issuerKey);
  const entriesLength = template.entries.reduce((sum, { length }) => sum + length, 0);
  const write = (writer: DerWriter) => writeSigned(writer, signer, () => writeTbs(writer, template, signer));
  return writeDer(write, entriesLength + 2048);
}

/** The DER of entries, in their order. The reason is left out when it is `unspecified` (RFC 5280 §5.3.1). */
export function encodeCrlEntries(entries: readonly CrlEntry[]): Bytes {
  return writeDer((writer) => {
    for (const entry of entries) writeEntry(writer, entry);
  }, bytesOfEntry * entries.length);
}

function writeTbs(writer: DerWriter, template: CrlTemplate, signer: Signer): void {
  const { issuer, thisUpdate, nextUpdate, entries } = template;
  writer.inside(tag.sequence, () => {
    writer.smallInteger(1);
    writer.element(signer.algorithm);
    writeName(writer, issuer);
    writeTime(writer, thisUpdate);
    writeTime(writer, nextUpdate);
    // A list without entries is left out (RFC 5280 §5.1.2.6).
    if (entries.some(({ length }) => length > 0)) {
      writer.inside(tag.sequence, () => {
        for (const piece of entries) writer.element(piece);
      });
    }
    writer.inside(contextConstructed(0), () => writeExtensions(writer, template));
  });
}

function writeExtensions(writer: DerWriter, { authorityKeyId, number }: CrlTemplate): void {
  writer.inside(tag.sequence, () => {
    writeExtension(writer, extensionOids.authorityKeyId, false, () =>
      writeAuthorityKeyId(writer, authorityKeyId),
    );
    writeExtension(writer, crlOids.crlNumber, false, () => writer.unsignedInteger(magnitudeOf(number)));
  });
}

function magnitudeOf(number: bigint): Bytes {
  if (number < 0n || number >= 1n << 159n) throw new TypeError(`not the number of a CRL: ${number}`);
  const digits = number.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

function writeEntry(writer: DerWriter, { serial, revokedAt, reason }: CrlEntry): void {
  writer.inside(tag.sequence, () => {
    writeSerialNumber(writer, serial);
    writeTime(writer, revokedAt);
    if (reason === 'unspecified') return;
    writer.inside(tag.sequence, () =>
      writeExtension(writer, crlOids.reasonCode, false, () => writeReason(writer, reason)),
    );
  });
}
