import { type Static, type TSchema, Type } from 'typebox';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import {
  auditExportInput,
  auditListInput,
  auditVerifyInput,
  exportAudit,
  listAudit,
  verifyAudit,
} from './audit.ts';
import {
  backUp,
  backUpTo,
  backupInput,
  backupToInput,
  listBackups,
  moveAway,
  rehearse,
  rehearseInput,
  undoMove,
  undoMoveInput,
} from './backups.ts';
import {
  acceptClock,
  caExportInput,
  caPermitInput,
  clockAcceptInput,
  exportCa,
  permitNames,
  showCa,
} from './ca.ts';
import {
  certificateListInput,
  certificateShowInput,
  listCertificates,
  showCertificate,
} from './certificates.ts';
import { crlInput, listCrls, showCrl } from './crls.ts';
import { exportKeys, keysExportInput } from './export-keys.ts';
import { certificateIssueInput, issueCertificate } from './issue-certificate.ts';
import { importPolicy, policyImportInput, policySetInput, setPolicy, showPolicy } from './policy.ts';
import {
  approveRequest,
  collectRequest,
  denyRequest,
  listRequests,
  requestApproveInput,
  requestCollectInput,
  requestDenyInput,
  requestListInput,
  requestShowInput,
  requestSubmitInput,
  showRequest,
  submitRequest,
} from './requests.ts';
import { certificateRevocableInput, certificateRevokeInput, findRevocable, revoke } from './revoke.ts';
import { issuerRevokeInput, revokeIssuer } from './revoke-issuer.ts';
import {
  bringOnline,
  bringOnlineInput,
  rekeyInput,
  rekeyKeystore,
  removeCopies,
  sealRoot,
  sealRootInput,
  takeOffline,
  takeOfflineInput,
} from './root-key.ts';
import { showStatus } from './status.ts';
import { acceptStore, storeAcceptInput } from './store.ts';
import { bindTls, listServerRoots, tlsBindInput, tlsUnbindInput, unbindTls } from './tls.ts';
import {
  createToken,
  listTokens,
  revokeToken,
  tokenCreateInput,
  tokenListInput,
  tokenRevokeInput,
} from './tokens.ts';
import { certificateVerifyInput, verifyCertificate } from './verify-certificate.ts';

/** One thing an administrator can do: who may, what it takes, what it gives. */
export interface Operation<Input extends TSchema, Answer> {
  readonly role: Identity['role'];
  /** Only for whoever is on the server's machine: what reads or writes files there, or moves keys. */
  readonly local: boolean;
  readonly input: Input;
  readonly handle: (context: AdminContext, input: Static<Input>, caller: Identity) => Promise<Answer>;
}

const nothing = Type.Object({}, { additionalProperties: false });

/** The whole admin API. A command, the console and another machine all come through this table. */
export const operations = {
  status: define(nothing, showStatus),
  'token.create': define(tokenCreateInput, createToken),
  'token.list': define(tokenListInput, listTokens),
  'token.revoke': define(tokenRevokeInput, revokeToken),
  'audit.list': define(auditListInput, listAudit),
  'audit.verify': define(auditVerifyInput, verifyAudit),
  'audit.export': define(auditExportInput, exportAudit),
  'ca.show': define(nothing, showCa),
  'ca.export': define(caExportInput, exportCa),
  'ca.crls': define(nothing, listCrls),
  'ca.crl': define(crlInput, showCrl),
  'ca.seal-root': define(sealRootInput, sealRoot, { local: true }),
  'ca.offline': define(takeOfflineInput, takeOffline, { local: true }),
  'ca.remove-copies': define(nothing, removeCopies, { local: true }),
  'ca.online': define(bringOnlineInput, bringOnline, { local: true }),
  'ca.backup': define(backupInput, backUp, { local: true }),
  'ca.backup-to': define(backupToInput, backUpTo, { local: true }),
  'ca.backups': define(nothing, listBackups),
  'ca.rehearse': define(rehearseInput, rehearse, { local: true }),
  'ca.move': define(backupInput, moveAway, { local: true }),
  'ca.move-undo': define(undoMoveInput, undoMove, { local: true }),
  'ca.export-keys': define(keysExportInput, exportKeys, { local: true }),
  'keystore.rekey': define(rekeyInput, rekeyKeystore, { local: true }),
  'ca.permit': define(caPermitInput, permitNames),
  'ca.revoke-issuer': define(issuerRevokeInput, revokeIssuer),
  'ca.clock-accept': define(clockAcceptInput, acceptClock),
  'store.accept': define(storeAcceptInput, acceptStore, { local: true }),
  'tls.bind': define(tlsBindInput, bindTls, { local: true }),
  'tls.unbind': define(tlsUnbindInput, unbindTls, { local: true }),
  'tls.list': define(nothing, listServerRoots),
  'cert.issue': define(certificateIssueInput, issueCertificate),
  'cert.list': define(certificateListInput, listCertificates),
  'cert.show': define(certificateShowInput, showCertificate),
  'cert.revocable': define(certificateRevocableInput, findRevocable),
  'cert.revoke': define(certificateRevokeInput, revoke),
  'cert.verify': define(certificateVerifyInput, verifyCertificate),
  'policy.show': define(nothing, showPolicy),
  'policy.set': define(policySetInput, setPolicy),
  'policy.import': define(policyImportInput, importPolicy),
  'request.submit': define(requestSubmitInput, submitRequest),
  'request.list': define(requestListInput, listRequests),
  'request.show': define(requestShowInput, showRequest),
  'request.approve': define(requestApproveInput, approveRequest),
  'request.deny': define(requestDenyInput, denyRequest),
  'request.collect': define(requestCollectInput, collectRequest),
} as const;

export type OperationName = keyof typeof operations;
export type OperationInput<Name extends OperationName> = Static<(typeof operations)[Name]['input']>;
export type OperationAnswer<Name extends OperationName> = Awaited<
  ReturnType<(typeof operations)[Name]['handle']>
>;

function define<Input extends TSchema, Answer>(
  input: Input,
  handle: Operation<Input, Answer>['handle'],
  { local = false }: { readonly local?: boolean } = {},
): Operation<Input, Answer> {
  return { role: 'admin', local, input, handle };
}
