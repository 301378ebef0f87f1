/**
 * Every kind of record, each in a file of its own: what it is called, and what is said of it. A new kind is a new file and
 * one line here; whatever else speaks of kinds (records as they are read, filters, replay) is a view of this table.
 */
import {
  authorityAdopted,
  certificateImported,
  importedRevoked,
  numbersImported,
  outsideCertificateRecorded,
} from './adopted.ts';
import { approved } from './approved.ts';
import { authorityCreated } from './authority-created.ts';
import { backedUp } from './backed-up.ts';
import { bearerTokenCreated, bearerTokenRevoked } from './bearer-token.ts';
import { clockAccepted } from './clock-accepted.ts';
import { crlSigned } from './crl-signed.ts';
import { denied } from './denied.ts';
import { escrowed } from './escrowed.ts';
import { exported } from './exported.ts';
import { issued, renewed } from './issued.ts';
import { issuingReplaced } from './issuing-replaced.ts';
import { issuingRevoked } from './issuing-revoked.ts';
import { keystoreRekeyed } from './keystore-rekeyed.ts';
import { logLost } from './log-lost.ts';
import { nameConstraintsChanged } from './name-constraints-changed.ts';
import { ocspSignerReplaced } from './ocsp-signer-replaced.ts';
import { policyChanged } from './policy-changed.ts';
import { refused } from './refused.ts';
import { rehearsed } from './rehearsed.ts';
import { requested } from './requested.ts';
import { restored } from './restored.ts';
import { retired } from './retired.ts';
import { revoked } from './revoked.ts';
import { rootOffline, rootOnline } from './root-offline.ts';
import { rootRenewed } from './root-renewed.ts';
import { storeAccepted } from './store-accepted.ts';
import { superseded } from './superseded.ts';
import { tlsBound, tlsUnbound } from './tls-bound.ts';
import { tokenCreated } from './token-created.ts';
import { tokenRevoked } from './token-revoked.ts';

export const kinds = {
  authorityCreated,
  issuingReplaced,
  issuingRevoked,
  tokenCreated,
  tokenRevoked,
  issued,
  renewed,
  revoked,
  refused,
  escrowed,
  requested,
  approved,
  denied,
  policyChanged,
  exported,
  crlSigned,
  ocspSignerReplaced,
  rootOffline,
  rootOnline,
  nameConstraintsChanged,
  backedUp,
  restored,
  logLost,
  rehearsed,
  clockAccepted,
  keystoreRekeyed,
  superseded,
  retired,
  tlsBound,
  tlsUnbound,
  storeAccepted,
  authorityAdopted,
  outsideCertificateRecorded,
  certificateImported,
  numbersImported,
  importedRevoked,
  bearerTokenCreated,
  bearerTokenRevoked,
  rootRenewed,
} as const;

/** One of the table. */
export type AnyKind = (typeof kinds)[keyof typeof kinds];

/** Of the table, that of a name. */
export type KindNamed<Name extends AnyKind['name']> = Extract<AnyKind, { readonly name: Name }>;
