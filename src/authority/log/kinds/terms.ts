import { Type } from 'typebox';
import { type Fingerprint, revocationReasons, type SerialNumber } from '../../../pki/index.ts';

/** `client/alpha`. */
export const IdentityLabel = Type.String();
/** `issuing-2`, of a certificate of the authority. */
export const IssuerLabel = Type.String();
/** ISO 8601. */
export const Time = Type.String();
export const Serial = Type.Unsafe<SerialNumber>(Type.String());
export const CertificateFingerprint = Type.Unsafe<Fingerprint>(Type.String());
export const Reason = Type.Enum([...revocationReasons]);
/** The number of a join code. */
export const Token = Type.Integer();
/** The number of a request. */
export const RequestId = Type.Integer();
/** A place in the log. */
export const Sequence = Type.Integer();
