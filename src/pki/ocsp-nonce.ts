import type { Bytes } from '../base/index.ts';
import { type DerReader, readDer } from './der-reader.ts';
import { tag } from './der-tag.ts';
import type { DerWriter } from './der-writer.ts';
import type { Extensions } from './extensions.ts';
import { ocspOids } from './ocsp-oids.ts';
import { writeExtension } from './write-extensions.ts';

/** RFC 9654 §2.1. */
const maxNonceBytes = 128;

/** The nonce among the extensions of a request or an answer, of 1 to 128 octets, when there is one. */
export function readNonce(reader: DerReader, { all }: Extensions): { nonce?: Bytes } {
  const extension = all.get(ocspOids.nonce);
  if (extension === undefined) return {};
  const nonce = readDer(extension.value, (inner) => inner.content(tag.octetString));
  if (nonce.length === 0 || nonce.length > maxNonceBytes)
    throw reader.problem(`nonce has ${nonce.length} octets instead of 1 to ${maxNonceBytes}`);
  return { nonce };
}

/** Writes Extensions with a nonce alone. A `TypeError` for one of a length that no reader would take. */
export function writeNonce(writer: DerWriter, nonce: Bytes): void {
  if (nonce.length === 0 || nonce.length > maxNonceBytes)
    throw new TypeError(`a nonce of ${nonce.length} octets`);
  writer.inside(tag.sequence, () =>
    writeExtension(writer, ocspOids.nonce, false, () => writer.content(tag.octetString, nonce)),
  );
}
