/**
 * Administration: one table of operations, whoever calls and by whatever way. A command, the console and another machine
 * get the same answers; this folder decides who may and what is valid, and leaves the deciding to `authority`.
 */
export type {
  AdminContext,
  BindingOrder,
  BindingTarget,
  Bound,
  BoundCertificate,
  CopyView,
  ListenerView,
  ReplicaDesk,
  ScrubDesk,
  ScrubView,
  ServerBindingDesk,
  StoreView,
  TrashDesk,
  TrashEmptied,
  TrashGroup,
  TrashOrder,
  TrashRestored,
} from './admin-context.ts';
export { type Answer, PresentWhen, TextOrNull, Time, TimeOrNull } from './answer.ts';
export { type AdminClient, callOperation, inProcessAdmin, localAdmin } from './call.ts';
export {
  bringBackup,
  bringReleaseFile,
  collectPages,
  fetchBackup,
  fetchCrl,
  logLines,
  newestRecords,
} from './collect-answers.ts';
export { connectAdmin, networkAdmin, operationPath } from './connect-admin.ts';
export { type CertificateView, describeCertificate, nameKey } from './describe-certificate.ts';
export {
  type Local,
  type OperationAnswer,
  type OperationInput,
  type OperationName,
  operations,
} from './operations.ts';
export { clientsOnPlain, plainClientsError } from './policy.ts';
export { callRosterOperation, inProcessRoster, type RosterContext } from './roster.ts';
export { type CertificateVerdict, verifyByEvidence } from './verify-certificate.ts';
