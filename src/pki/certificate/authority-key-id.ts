import type { Bytes } from '../../base/index.ts';
import { context, contextConstructed, type DerReader, type DerWriter, tag } from '../der/index.ts';
import { type GeneralName, readGeneralNames } from '../name/index.ts';
import { readSerialNumber, type SerialNumber } from './serial-number.ts';

/** Which key signed the certificate (RFC 5280 §4.2.1.1). */
export interface AuthorityKeyId {
  /** The issuer's subject key identifier. */
  readonly keyId?: Bytes;
  /** The issuer's own issuer and serial number: both or neither. */
  readonly issuer?: readonly GeneralName[];
  readonly serial?: SerialNumber;
}

export function readAuthorityKeyId(reader: DerReader): AuthorityKeyId {
  return reader.inside(tag.sequence, () => {
    const keyId = reader.is(context(0)) ? { keyId: reader.content(context(0)) } : {};
    if (reader.done) return keyId;
    const issuer = readGeneralNames(reader, contextConstructed(1));
    return { ...keyId, issuer, serial: readSerialNumber(reader, context(2)) };
  });
}

/** Writes the form with a key identifier alone, the one that RFC 5280 asks of issuers. */
export function writeAuthorityKeyId(writer: DerWriter, keyId: Bytes): void {
  writer.inside(tag.sequence, () => writer.content(context(0), keyId));
}
