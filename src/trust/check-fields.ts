import { equalBytes } from '../base/index.ts';
import { type Certificate, extensionOids } from '../pki/index.ts';
import { notAllowed } from './not-allowed.ts';
import { isSelfIssued } from './self-issued.ts';

const neverCritical = [
  extensionOids.authorityKeyId,
  extensionOids.subjectKeyId,
  extensionOids.authorityInfoAccess,
];

/**
 * Checks that the fields of a certificate say what they may say (RFC 5280 §4), in an anchor or below one.
 *
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkFields(certificate: Certificate, isAnchor: boolean): void {
  const { all, unknownCritical, basicConstraints, nameConstraints, subjectKeyId } = certificate.extensions;
  // §4.1.2.2; a few old roots have it
  if (!isAnchor && certificate.serial === '00') throw notAllowed(certificate, 'has the serial number zero');
  if (unknownCritical.length > 0) {
    throw notAllowed(
      certificate,
      `has critical extensions that are not known here: ${unknownCritical.join(', ')}`,
    );
  }
  // §4.2.1.1, §4.2.1.2, §4.2.2.1
  const critical = neverCritical.find((oid) => all.get(oid)?.critical);
  if (critical !== undefined) throw notAllowed(certificate, `marks extension ${critical} as critical`);
  // §4.2.1.10
  if (nameConstraints !== undefined && basicConstraints?.ca !== true) {
    throw notAllowed(certificate, 'has name constraints but is not an authority');
  }
  // §4.2.1.2
  if (basicConstraints?.ca === true && subjectKeyId === undefined) {
    throw notAllowed(certificate, 'is an authority without a subject key identifier');
  }
  // §4.1.2.6
  if (certificate.subject.length === 0 && all.get(extensionOids.subjectAltNames)?.critical !== true) {
    throw notAllowed(certificate, 'has neither a subject nor critical alternative names');
  }
  if (certificate.issuer.length === 0) throw notAllowed(certificate, 'has no issuer');
  checkAuthorityKeyId(certificate, isAnchor);
}

/** §4.2.1.1: a certificate names its issuer's key; a root can only name its own, and need not. */
function checkAuthorityKeyId(certificate: Certificate, isAnchor: boolean): void {
  const { authorityKeyId, subjectKeyId } = certificate.extensions;
  if (!isAnchor && authorityKeyId?.keyId === undefined) {
    throw notAllowed(certificate, 'does not name the key of its issuer');
  }
  if (!isAnchor || authorityKeyId === undefined || !isSelfIssued(certificate)) return;
  const { keyId, issuer, serial } = authorityKeyId;
  if (issuer !== undefined || serial !== undefined || keyId === undefined) {
    throw notAllowed(certificate, 'names its own key by something else than its identifier');
  }
  if (subjectKeyId === undefined || !equalBytes(keyId, subjectKeyId)) {
    throw notAllowed(certificate, 'is a root but names the key of another');
  }
}
