import type { Bytes } from '../../base/index.ts';
import { type Extensions, writeExtension } from '../certificate/index.ts';
import {
  type DerReader,
  type DerWriter,
  type ObjectIdentifier,
  readDer,
  registerOids,
  tag,
} from '../der/index.ts';

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

/** The identifiers of OCSP that are no extension of a certificate (RFC 6960 §4.2.1, RFC 9654 §2.1). */
export const ocspOids = {
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(ocspOids));
