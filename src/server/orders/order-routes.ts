import { JobReport, Orders, orderPaths, parseMessage } from '../../enrol/index.ts';
import { goneWith } from '../held-requests.ts';
import { jsonBody } from '../read-request.ts';
import { jsonReply } from '../reply.ts';
import type { Call, Route } from '../route.ts';

const clients = { service: 'control', access: ['client'] } as const;

/** What a client learns of what it is to do, and says of it. */
export const orderRoutes: readonly Route[] = [
  {
    ...clients,
    method: 'GET',
    path: orderPaths.orders,
    does: 'What this client is to do. For whoever names what it knows, as `If-None-Match: TAG`, the answer is held until that is something else, and is 304 after 50 seconds.',
    answer: Orders,
    async handle({ orders }, call) {
      const { headers, socket } = call.request;
      using gone = goneWith(socket);
      const { signal } = gone;
      const told = await orders.ordersOf({
        node: nameOf(call),
        known: headers['if-none-match'],
        gone: signal,
      });
      const headersOut = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
      if (told === undefined) return { status: 304, headers: { ...headersOut } };
      return { headers: { ...headersOut, etag: told.tag }, body: told.text };
    },
  },
  {
    ...clients,
    method: 'POST',
    path: orderPaths.report,
    does: 'That this client begins a job of its own, or with `outcome` what came of it. Status 409 for one that is over.',
    body: jsonBody(JobReport),
    async handle({ authority }, call) {
      const { outcome, id, created } = parseMessage(JobReport, call.body, 'the report of a job');
      const claim = { node: nameOf(call), id, created };
      if (outcome === undefined) await authority.jobs.begin(claim);
      else await authority.jobs.end({ ...claim, outcome });
      return jsonReply({});
    },
  },
];

function nameOf({ peer, request }: Call): string {
  if (peer === undefined) throw new TypeError(`${request.url} was called without a peer`);
  return peer.identity.name;
}
