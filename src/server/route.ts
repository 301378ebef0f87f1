import type { IncomingMessage } from 'node:http';
import type { TSchema } from 'typebox';
import type { AdminContext } from '../admin/index.ts';
import type { Authority } from '../authority/index.ts';
import type { Log } from '../base/index.ts';
import type { Role } from '../pki/index.ts';
import type { Service } from '../policy/index.ts';
import type { Peer } from '../transport/index.ts';
import type { AgentReports } from './agents/agent-reports.ts';
import type { DownloadLimit } from './download-limit.ts';
import type { EnrolLimit } from './enrol-limit.ts';
import type { Metrics } from './metrics.ts';
import type { OrderDesk } from './orders/order-desk.ts';
import type { Body } from './read-request.ts';
import type { NoteRefusal } from './refuse.ts';
import type { Reply } from './reply.ts';
import type { StoreTrash } from './store-trash.ts';
import type { TicketGate } from './ticket-gate.ts';
import type { ViewDesk } from './views/view-desk.ts';

/** Who may call a route: anybody, or a peer with one of these roles. */
export type Access = 'anybody' | readonly Role[];

/** One request, read: what a route works on. */
export interface Call {
  readonly request: IncomingMessage;
  /** What stands where the path has `:word`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** As the route's `body` reads it; undefined where nothing was sent, or the route takes nothing. */
  readonly body: unknown;
  /** Who sent it; undefined where anybody may. */
  readonly peer: Peer | undefined;
}

/**
 * One route, whole: which requests, the service of a listener that it belongs to, who may, what it takes and does. The table of
 * access, the mounting and the reference are read from these values, and from nothing else.
 */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** Whether HEAD is answered as well, for what caches and browsers fetch. */
  readonly head?: true;
  /** `/-/status/:label.cer`: a word after a colon stands for one segment, a star at the end for the rest. */
  readonly path: string;
  readonly service: Service;
  readonly access: Access;
  /** Also for a peer whose issuer is revoked: what it needs for another certificate. */
  readonly forRenewal?: true;
  /** Its listener says whether it is there and for whom; `access` is the least that anybody needs elsewhere than on the machine itself. */
  readonly byListener?: true;
  /** What certificates point to, and what is signed by itself: answered on a plain port also where that is for nothing else. */
  readonly evidence?: true;
  /** What a page of another site has a browser send is refused. */
  readonly sameSite?: true;
  /** What it does, in a sentence, for the reference. */
  readonly does: string;
  readonly body?: Body;
  /** What it answers, where that is JSON. */
  readonly answer?: TSchema;
  readonly handle: (context: ServerContext, call: Call) => Reply | Promise<Reply>;
  /** Says a failure otherwise than as JSON. */
  readonly failed?: (context: ServerContext, error: Error, request: IncomingMessage) => Reply;
}

/** What the routes work on. */
export interface ServerContext {
  readonly authority: Authority;
  readonly admin: AdminContext;
  /** `https://host:port` of the listeners with storage and control, best first: what nodes are told. */
  readonly servers: () => readonly string[];
  readonly enrolLimit: EnrolLimit;
  readonly downloads: DownloadLimit;
  /** What clients are to do, to whom each waits for. */
  readonly orders: Pick<OrderDesk, 'ordersOf'>;
  /** What storage nodes go by. */
  readonly views: Pick<ViewDesk, 'viewFor' | 'changed'>;
  readonly tickets: TicketGate;
  readonly reports: Pick<AgentReports, 'take'>;
  readonly trash: Pick<StoreTrash, 'snapshotsOf'>;
  readonly noteRefusal: NoteRefusal;
  readonly metrics: Pick<Metrics, 'text'>;
  readonly log: Log;
}
