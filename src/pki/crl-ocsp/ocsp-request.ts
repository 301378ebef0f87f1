import type { Bytes } from '../../base/index.ts';
import {
  type Certificate,
  type Extensions,
  noExtensions,
  readExtensions,
  type SerialNumber,
} from '../certificate/index.ts';
import {
  contextConstructed,
  type DerReader,
  type DerWriter,
  readDer,
  reading,
  tag,
  writeDer,
} from '../der/index.ts';
import { readGeneralName } from '../name/index.ts';
import {
  encodeCertId,
  type OcspCertId,
  type OcspHash,
  ocspOids,
  readCertId,
  readNonce,
  writeNonce,
} from './ocsp-cert-id.ts';

/** A question about certificates as read (RFC 6960 §4.1.1). */
export interface OcspRequest {
  /** At least one, at most 128. */
  readonly certIds: readonly OcspCertId[];
  /** 1 to 128 octets that the answer has to repeat (RFC 9654). */
  readonly nonce?: Bytes;
}

const maxCertIds = 128;

/**
 * Reads a request of version 1. Who signed it, if anybody, is passed over: the answer is the same for all. A critical
 * extension that is not known here makes the request one that cannot be answered, and thereby malformed.
 * @throws HoldfastError `ocsp_request_malformed`
 */
export function parseOcspRequest(der: Bytes): OcspRequest {
  return reading('ocsp_request_malformed', 'ocsp request', () =>
    readDer(der, (reader) =>
      reader.inside(tag.sequence, () => {
        const request = reader.inside(tag.sequence, () => readTbs(reader));
        if (reader.is(contextConstructed(0))) reader.element();
        return request;
      }),
    ),
  );
}

function readTbs(reader: DerReader): OcspRequest {
  readVersion(reader);
  if (reader.is(contextConstructed(1))) reader.inside(contextConstructed(1), () => readGeneralName(reader));
  const certIds = reader.list(tag.sequence, () => readSingle(reader));
  if (certIds.length > maxCertIds)
    throw reader.problem(`${certIds.length} certificates, at most ${maxCertIds} are asked for at once`);
  const extensions = readOptionalExtensions(reader, 2);
  return { certIds, ...readNonce(reader, extensions) };
}

/** 0 is the default, which some write all the same. */
function readVersion(reader: DerReader): void {
  if (!reader.is(contextConstructed(0))) return;
  const number = reader.inside(contextConstructed(0), () => reader.smallInteger());
  if (number !== 0) throw reader.problem(`version ${number} is not known`);
}

function readSingle(reader: DerReader): OcspCertId {
  return reader.inside(tag.sequence, () => {
    const certId = readCertId(reader);
    readOptionalExtensions(reader, 0);
    return certId;
  });
}

function readOptionalExtensions(reader: DerReader, number: number): Extensions {
  if (!reader.is(contextConstructed(number))) return noExtensions;
  const extensions = reader.inside(contextConstructed(number), () => readExtensions(reader));
  const unknown = extensions.unknownCritical.find((oid) => oid !== ocspOids.nonce);
  if (unknown !== undefined) throw reader.problem(`critical extension ${unknown} is not known`);
  return extensions;
}

/** What is to be asked. */
interface OcspRequestTemplate {
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
