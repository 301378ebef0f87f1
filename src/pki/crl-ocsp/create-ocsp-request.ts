import type { Bytes } from '../../base/index.ts';
import type { Certificate, SerialNumber } from '../certificate/index.ts';
import { contextConstructed, type DerWriter, tag, writeDer } from '../der/index.ts';
import { encodeCertId, type OcspHash } from './ocsp-cert-id.ts';
import { writeNonce } from './ocsp-nonce.ts';

/** What is to be asked. */
export interface OcspRequestTemplate {
  readonly issuer: Certificate;
  /** Of certificates that the issuer issued; at least one. */
  readonly serials: readonly SerialNumber[];
  /** SHA-1 unless said: the one that every responder knows. */
  readonly hash?: OcspHash;
  /** 1 to 128 octets; 32 are usual (RFC 9654). */
  readonly nonce?: Bytes;
}

/** The DER of a request, not signed (RFC 6960 §4.1.1). A `TypeError` for a template that cannot be written. */
export function createOcspRequest({ issuer, serials, hash = 'sha1', nonce }: OcspRequestTemplate): Bytes {
  if (serials.length === 0) throw new TypeError('an ocsp request that asks for nothing');
  return writeDer((writer) =>
    writer.inside(tag.sequence, () =>
      writer.inside(tag.sequence, () => {
        writer.inside(tag.sequence, () => {
          for (const serial of serials) writeSingle(writer, encodeCertId(issuer, serial, hash));
        });
        if (nonce !== undefined) writer.inside(contextConstructed(2), () => writeNonce(writer, nonce));
      }),
    ),
  );
}

function writeSingle(writer: DerWriter, certId: Bytes): void {
  writer.inside(tag.sequence, () => writer.element(certId));
}
