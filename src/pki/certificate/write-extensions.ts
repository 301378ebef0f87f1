import type { Bytes } from '../../base/index.ts';
import { type DerWriter, type ObjectIdentifier, tag } from '../der/index.ts';
import {
  type GeneralName,
  type NameConstraints,
  writeGeneralNames,
  writeNameConstraints,
} from '../name/index.ts';
import { extensionOids } from './extensions.ts';
import { writeAuthorityInfoAccess, writeAuthorityKeyId, writeCrlUrls } from './issuer-extensions.ts';
import {
  type BasicConstraints,
  type ExtendedKeyUsage,
  type KeyUsage,
  writeBasicConstraints,
  writeExtendedKeyUsage,
  writeKeyUsage,
} from './usage-extensions.ts';

/** The extensions of a certificate to be written; what is undefined or an empty list is left out. */
export interface ExtensionTemplate {
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly subjectAltNames?: readonly GeneralName[];
  /** `keyIdentifier` of the subject's key when it is not given. */
  readonly subjectKeyId?: Bytes;
  /** The issuer's subject key identifier. */
  readonly authorityKeyId?: Bytes;
  readonly nameConstraints?: NameConstraints;
  readonly crlUrls?: readonly string[];
  readonly ocspUrls?: readonly string[];
  readonly issuerUrls?: readonly string[];
  /** For who signs OCSP answers (RFC 6960 §4.2.2.2.1). */
  readonly ocspNoCheck?: boolean;
}

/**
 * Writes Extensions. Critical are those of which RFC 5280 §4.2.1 says so: basicConstraints, keyUsage, nameConstraints,
 * and the names when the subject is empty (§4.2.1.6).
 */
export function writeExtensions(
  writer: DerWriter,
  template: ExtensionTemplate,
  subjectIsEmpty: boolean,
): void {
  writer.inside(tag.sequence, () => {
    writeConstraints(writer, template);
    writeKeyIds(writer, template);
    writeSubjectAltNames(writer, template.subjectAltNames ?? [], subjectIsEmpty);
    writeAddresses(writer, template);
    if (template.ocspNoCheck === true) {
      writeExtension(writer, extensionOids.ocspNoCheck, false, () => writer.null());
    }
  });
}

/** Writes the extension with the subject's names, or nothing when there are none. */
function writeSubjectAltNames(writer: DerWriter, names: readonly GeneralName[], critical: boolean): void {
  if (names.length === 0) return;
  writeExtension(writer, extensionOids.subjectAltNames, critical, () => writeGeneralNames(writer, names));
}

function writeConstraints(writer: DerWriter, template: ExtensionTemplate): void {
  const { basicConstraints, keyUsage = [], extendedKeyUsage = [], nameConstraints } = template;
  if (basicConstraints !== undefined) {
    writeExtension(writer, extensionOids.basicConstraints, true, () =>
      writeBasicConstraints(writer, basicConstraints),
    );
  }
  if (keyUsage.length > 0) {
    writeExtension(writer, extensionOids.keyUsage, true, () => writeKeyUsage(writer, keyUsage));
  }
  if (extendedKeyUsage.length > 0) {
    writeExtension(writer, extensionOids.extendedKeyUsage, false, () =>
      writeExtendedKeyUsage(writer, extendedKeyUsage),
    );
  }
  if (nameConstraints !== undefined) {
    writeExtension(writer, extensionOids.nameConstraints, true, () =>
      writeNameConstraints(writer, nameConstraints),
    );
  }
}

function writeKeyIds(writer: DerWriter, { subjectKeyId, authorityKeyId }: ExtensionTemplate): void {
  if (subjectKeyId !== undefined) {
    writeExtension(writer, extensionOids.subjectKeyId, false, () =>
      writer.content(tag.octetString, subjectKeyId),
    );
  }
  if (authorityKeyId !== undefined) {
    writeExtension(writer, extensionOids.authorityKeyId, false, () =>
      writeAuthorityKeyId(writer, authorityKeyId),
    );
  }
}

function writeAddresses(writer: DerWriter, template: ExtensionTemplate): void {
  const { crlUrls = [], ocspUrls = [], issuerUrls = [] } = template;
  if (crlUrls.length > 0) {
    writeExtension(writer, extensionOids.crlDistributionPoints, false, () => writeCrlUrls(writer, crlUrls));
  }
  if (ocspUrls.length + issuerUrls.length > 0) {
    const write = () => writeAuthorityInfoAccess(writer, { ocspUrls, issuerUrls });
    writeExtension(writer, extensionOids.authorityInfoAccess, false, write);
  }
}

/** Writes one extension, whose value is what `write` writes. */
export function writeExtension(
  writer: DerWriter,
  oid: ObjectIdentifier,
  critical: boolean,
  write: () => void,
): void {
  writer.inside(tag.sequence, () => {
    writer.oid(oid);
    if (critical) writer.boolean(true);
    writer.inside(tag.octetString, write);
  });
}
