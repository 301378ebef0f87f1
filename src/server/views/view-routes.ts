import {
  parseMessage,
  SignedNetworkView,
  StorageNodes,
  StorageReport,
  viewPaths,
} from '../../enrol/index.ts';
import { goneWith } from '../held-requests.ts';
import { jsonBody } from '../read-request.ts';
import { jsonReply } from '../reply.ts';
import type { Call, Route } from '../route.ts';

const storageNodes = { service: 'control', access: ['storage'] } as const;

/** What storage nodes learn of the network, and say of themselves; and where clients find them. */
export const viewRoutes: readonly Route[] = [
  {
    ...storageNodes,
    method: 'GET',
    path: viewPaths.view,
    does: 'The view of the network that storage nodes go by, signed. For whoever names the one that it has, as `If-None-Match: TAG`, the answer is held until there is another one, and is 304 after 50 seconds.',
    answer: SignedNetworkView,
    async handle({ views }, call) {
      const { headers, socket } = call.request;
      using gone = goneWith(socket);
      const { signal } = gone;
      const told = await views.viewFor({ node: nameOf(call), known: headers['if-none-match'], gone: signal });
      const out = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
      if (told === undefined) return { status: 304, headers: out };
      return { headers: { ...out, etag: told.tag }, body: told.text };
    },
  },
  {
    ...storageNodes,
    method: 'POST',
    path: viewPaths.report,
    does: 'How this storage node is, by its own word, and on which port it serves; what it said before is forgotten.',
    body: jsonBody(StorageReport),
    async handle({ authority, views }, call) {
      const report = parseMessage(StorageReport, call.body, 'the report of a storage node');
      if (await authority.storageNodes.note(nameOf(call), report)) views.changed();
      return jsonReply({});
    },
  },
  {
    service: 'control',
    access: ['client'],
    method: 'GET',
    path: viewPaths.nodes,
    does: 'The storage nodes that clients may back up to beside the server, and where they are.',
    answer: StorageNodes,
    async handle({ authority }) {
      const nodes = await authority.storageNodes.list();
      return jsonReply({ version: 1, nodes: nodes.map(({ name, servers }) => ({ name, servers })) });
    },
  },
];

function nameOf({ peer, request }: Call): string {
  if (peer === undefined) throw new TypeError(`${request.url} was called without a peer`);
  return peer.identity.name;
}
