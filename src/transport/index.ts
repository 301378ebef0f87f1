/**
 * TLS from policy. `listen` and `TlsDialer` are the two ends; `PeerGate` says who a peer is, on every request. TLS itself
 * only keeps secrets and proves who holds which key: whom to believe is judged by `trust` on the certificates as they
 * were presented, on both ends, and no session is resumed. Certificates and trust change while connections go on.
 */

export { checkTlsChoice } from './check-tls-choice.ts';
export { causeIn, examine } from './doctor/examine.ts';
export {
  bad,
  type Examination,
  type Finding,
  failed,
  good,
  type OwnPart,
  poor,
  weaker,
} from './doctor/walk.ts';
export {
  askHttp,
  discardBody,
  type HttpAnswer,
  type HttpRequest,
  isHttpSuccess,
  plainHttp,
  receiveBytes,
  receivePieces,
  receiveText,
} from './http-client.ts';
export {
  type BackOff,
  isOutOfReach,
  isPassingStatus,
  isUnheard,
  Line,
  type LineOptions,
  mayBeDone,
  mostHopeful,
  type Outage,
  onceOnly,
  Streak,
} from './line.ts';
export {
  type ConnectionHandler,
  type Listener,
  type ListenerWork,
  type ListenOptions,
  listen,
  serveHttp,
} from './listen.ts';
export { machineName, machineNames, whereNameLeads } from './machine.ts';
export {
  type CertifiedPeer,
  type LocalPeer,
  namedIdentity,
  type Peer,
  peerCertificates,
  type TokenPeer,
} from './peer.ts';
export { type Greeting, isToldToPeer, PeerGate, type PeerGateOptions } from './peer-gate.ts';
export { PinnedDialer } from './pinned-dialer.ts';
export { formatQuota, isQuotaLow, type QuotaState, quotaHeader, readQuota } from './quota-header.ts';
export {
  type Credentials,
  everyListener,
  Hot,
  isPublicRoot,
  noBindings,
  outsideRoots,
  type TlsBindings,
  webRoots,
} from './secure-context.ts';
export {
  evidenceFetcher,
  evidenceOf,
  ServerRevocation,
  type Verdict,
  type VerdictFile,
} from './server-revocation.ts';
export {
  expectedSeal,
  isSealed,
  sealBytes,
  sealHeader,
  Ticket,
  TicketOffice,
  TicketOrder,
  ticketHeader,
  ticketLifetimeMs,
} from './ticket.ts';
export { TlsDialer } from './tls-dialer.ts';
export { TokenGate } from './token-gate.ts';
export { answerMalformed, transportError } from './transport-error.ts';
export {
  acceptedConnection,
  type ConnectionInfo,
  pointingToDoctor,
  presentedChain,
} from './verified-connection.ts';
