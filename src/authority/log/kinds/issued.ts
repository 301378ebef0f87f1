import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint, IdentityLabel, RequestId, Serial, Time, Token } from './terms.ts';

const details = Type.Object({
  identity: IdentityLabel,
  serial: Serial,
  fingerprint: CertificateFingerprint,
  notAfter: Time,
  /** It ends with what issued it, and not when its profile says. */
  clipped: Type.Optional(Type.Boolean()),
  /** The join code it came by. */
  token: Type.Optional(Token),
  /** The request it was approved for. */
  request: Type.Optional(RequestId),
  /** The certificate it was asked for with. */
  renews: Type.Optional(Serial),
  /** Its key was made beside the authority. */
  withKey: Type.Optional(Type.Boolean()),
  /** It is from before a restore from keys alone, and was seen now. */
  issuedBefore: Type.Optional(Type.Boolean()),
});

/** A certificate, the first of its key or by another right than the one before. */
export const issued = logKind({ name: 'issued', details });

/** The next certificate of an identity. */
export const renewed = logKind({ name: 'renewed', details });
