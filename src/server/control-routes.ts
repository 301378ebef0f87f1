import { callOperation, operationPath } from '../admin/index.ts';
import { answerEscrow, answerEscrowPage, answerRenew, answerTrust, refusalOf } from '../authority/index.ts';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  EnrolmentAnswer,
  EscrowPage,
  EscrowRequest,
  enrolPaths,
  parseMessage,
  RemovedSnapshots,
  RenewRequest,
  removedSnapshotsPath,
  TicketAnswer,
  TicketRequest,
} from '../enrol/index.ts';
import type { Role } from '../pki/index.ts';
import type { CertifiedPeer, Peer } from '../transport/index.ts';
import { jsonBody, queryOf } from './read-request.ts';
import { httpStatusOf } from './refuse.ts';
import { bytesReply, jsonReply } from './reply.ts';
import type { Call, Route } from './route.ts';

const control = { service: 'control', access: ['client', 'storage', 'server', 'admin'] } as const satisfies {
  service: string;
  access: readonly Role[];
};
const clients = { service: 'control', access: ['client'] } as const;

/** What a node may do for itself, with its certificate: renew it, ask whom to trust, leave its second key. */
export const controlRoutes: readonly Route[] = [
  {
    ...control,
    method: 'POST',
    path: enrolPaths.renew,
    forRenewal: true,
    does: 'Another certificate in place of the one that is shown.',
    body: jsonBody(RenewRequest),
    answer: EnrolmentAnswer,
    async handle({ authority, servers, log }, call) {
      const peer = certified(call);
      try {
        return jsonReply(await answerRenew(authority, call.body, { peer, servers: servers() }));
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        log.info('renewal refused', { ...peer.identity, error });
        return jsonReply(refusalOf(error), { status: httpStatusOf(error) });
      }
    },
  },
  {
    ...control,
    method: 'GET',
    path: enrolPaths.trust,
    does: 'The trust bundle, as its file has it.',
    handle: ({ authority }) => ({
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: answerTrust(authority),
    }),
  },
  {
    ...control,
    method: 'GET',
    path: enrolPaths.rootCrl,
    forRenewal: true,
    does: 'The newest revocation list of the root, DER; 304 for whoever names it by its number, as `If-None-Match: "NUMBER"`.',
    async handle({ authority }, { request: { headers } }) {
      const list = await authority.revocation.rootCrl();
      if (list === undefined) throw new HoldfastError('object_not_found', 'the root has signed no list yet');
      const told = { 'cache-control': 'no-store', etag: `"${list.number}"` };
      if (headers['if-none-match'] === told.etag) return { status: 304, headers: told };
      return bytesReply('application/pkix-crl', list.der, told);
    },
  },
  {
    ...clients,
    method: 'POST',
    path: enrolPaths.escrow,
    does: 'Keeps the second key of a repository, sealed for the recovery kit.',
    body: jsonBody(EscrowRequest),
    async handle({ authority }, call) {
      await answerEscrow(authority, call.body, known(call));
      return jsonReply({});
    },
  },
  {
    ...clients,
    method: 'GET',
    path: enrolPaths.escrow,
    does: 'What this client left, the newest first; with `?before=ID` from there on.',
    answer: EscrowPage,
    async handle({ authority }, call) {
      const { before } = queryOf(call.request);
      return jsonReply(await answerEscrowPage(authority, before, known(call)));
    },
  },
  {
    ...clients,
    method: 'GET',
    path: removedSnapshotsPath,
    does: 'The snapshots that were removed in the name of this client and rest in the trash.',
    answer: RemovedSnapshots,
    async handle({ trash }, call) {
      return jsonReply(await trash.snapshotsOf(known(call).identity.name));
    },
  },
  {
    ...clients,
    method: 'POST',
    path: enrolPaths.tickets,
    does: 'Tickets for packs on the plain data channel, each for one request; none where they go over TLS.',
    body: jsonBody(TicketRequest),
    answer: TicketAnswer,
    handle({ tickets }, call) {
      const { orders } = parseMessage(TicketRequest, call.body, 'the request for tickets');
      return jsonReply({ version: 1, channel: tickets.give(orders, known(call)) });
    },
  },
];

/** Who called a route that is open to certain roles alone. */
function known({ peer, request }: Call): Peer {
  if (peer === undefined) throw new TypeError(`${request.url} was called without a peer`);
  return peer;
}

/** Whoever is on the server's machine, or comes by a bearer token, has no certificate to renew. */
function certified({ peer }: Call): CertifiedPeer {
  if (peer?.by === 'certificate') return peer;
  throw new HoldfastError('operation_forbidden', 'this is for those who come with a certificate');
}

/** What an administrator sends at once: pieces of files. */
const maxOperationBytes = 1024 * 1024;

/** The admin API over HTTP: one route for the whole table. */
export const adminRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: operationPath(':name'),
    service: 'control',
    access: ['admin'],
    does: 'One operation of the table below.',
    body: jsonBody(undefined, maxOperationBytes),
    async handle({ admin }, { params: { name = '' }, body, peer }) {
      if (peer === undefined) throw new TypeError(`${name} was called without a peer`);
      return jsonReply(await callOperation(admin, name, body, peer.identity));
    },
  },
];
