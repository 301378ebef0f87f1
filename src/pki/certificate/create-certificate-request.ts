import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import { contextConstructed, type DerWriter, tag, writeDer } from '../der/index.ts';
import { exportPublicKey, signerOf, writeSigned } from '../key/index.ts';
import { type GeneralName, type Name, writeName } from '../name/index.ts';
import { extensionRequestOid } from './certificate-request.ts';
import { writeSubjectAltNames } from './write-extensions.ts';

/** What a request asks for. */
export interface RequestTemplate {
  readonly subject: Name;
  readonly subjectAltNames?: readonly GeneralName[];
}

/**
 * Signs a request (RFC 2986 §4) with the key it is for and returns its DER.
 * A `TypeError` for a template that cannot be written. @throws HoldfastError `key_unsupported`
 */
export function createCertificateRequest(template: RequestTemplate, privateKey: KeyObject): Bytes {
  const { subject, subjectAltNames = [] } = template;
  const signer = signerOf(privateKey);
  const spki = exportPublicKey(privateKey);
  const writeInfo = (writer: DerWriter) => {
    writer.smallInteger(0);
    writeName(writer, subject);
    writer.element(spki);
    writer.inside(contextConstructed(0), () =>
      writeAttributes(writer, subjectAltNames, subject.length === 0),
    );
  };
  return writeDer((writer) =>
    writeSigned(writer, signer, () => writer.inside(tag.sequence, () => writeInfo(writer))),
  );
}

function writeAttributes(writer: DerWriter, names: readonly GeneralName[], subjectIsEmpty: boolean): void {
  if (names.length === 0) return;
  writer.inside(tag.sequence, () => {
    writer.oid(extensionRequestOid);
    writer.inside(tag.set, () =>
      writer.inside(tag.sequence, () => writeSubjectAltNames(writer, names, subjectIsEmpty)),
    );
  });
}
