/**
 * Every kind of record, in files by topic: what it is called, and what is said of it. A new kind is a value in one of them
 * and one line here; whatever else speaks of kinds (records as they are read, filters, replay) is a view of this table.
 */
import {
  authorityAdopted,
  certificateImported,
  importedRevoked,
  numbersImported,
  outsideCertificateRecorded,
  outsideHoldLifted,
  outsideRevoked,
} from './adopted.ts';
import { authorityCreated, clockAccepted, retired, storeAccepted, superseded } from './authority.ts';
import { backedUp, logLost, rehearsed, restored } from './backups.ts';
import { alarmOver, alarmRaised, clientBounded, trashEmptied, trashRestored } from './clients.ts';
import { escrowed, exported, keystoreRekeyed, rootOffline, rootOnline } from './custody.ts';
import { grantCreated, grantRevoked, grantSealed } from './grants.ts';
import { issued, renewed } from './issued.ts';
import { issuingReplaced, issuingRevoked, nameConstraintsChanged, rootRenewed } from './issuers.ts';
import { jobEnded, jobStarted, jobStopped } from './jobs.ts';
import { policyChanged, policyProposed, tlsBound, tlsUnbound } from './network.ts';
import { releaseProposed, releaseSigned } from './releases.ts';
import { replicationAdded, replicationRemoved } from './replications.ts';
import { approved, denied, refused, requested } from './requests.ts';
import { crlSigned, ocspSignerReplaced, revoked } from './revocation.ts';
import { scheduleAdded, scheduleRemoved, scheduleRun } from './schedules.ts';
import { setSent, setWithdrawn } from './sent-sets.ts';
import { bearerTokenCreated, bearerTokenRevoked, tokenCreated, tokenRevoked } from './tokens.ts';

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
  policyProposed,
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
  outsideRevoked,
  outsideHoldLifted,
  clientBounded,
  trashRestored,
  trashEmptied,
  alarmRaised,
  alarmOver,
  releaseProposed,
  releaseSigned,
  jobStarted,
  jobStopped,
  jobEnded,
  setSent,
  setWithdrawn,
  scheduleAdded,
  scheduleRun,
  scheduleRemoved,
  replicationAdded,
  replicationRemoved,
  grantCreated,
  grantSealed,
  grantRevoked,
} as const;

/** One of the table. */
export type AnyKind = (typeof kinds)[keyof typeof kinds];

/** Of the table, that of a name. */
export type KindNamed<Name extends AnyKind['name']> = Extract<AnyKind, { readonly name: Name }>;
