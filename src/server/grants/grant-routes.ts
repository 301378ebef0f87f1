import { Grants, grantPaths, parseMessage, SealedGrant } from '../../enrol/index.ts';
import { jsonBody } from '../read-request.ts';
import { jsonReply } from '../reply.ts';
import type { Call, Route } from '../route.ts';

const clients = { service: 'control', access: ['client'] } as const;

/** What a client learns of its grants, and leaves for them. */
export const grantRoutes: readonly Route[] = [
  {
    ...clients,
    method: 'GET',
    path: grantPaths.grants,
    does: 'The grants of this client that are not over: those that it is to seal, with the certificate to seal to, and those that it was given.',
    answer: Grants,
    async handle({ authority }, call) {
      return jsonReply(await authority.grants.toldTo(nameOf(call)));
    },
  },
  {
    ...clients,
    method: 'POST',
    path: grantPaths.grants,
    does: 'What this client has sealed for a grant of its own; the first stands.',
    body: jsonBody(SealedGrant),
    async handle({ authority }, call) {
      const { version: _, ...sealed } = parseMessage(SealedGrant, call.body, 'what was sealed');
      await authority.grants.seal(sealed, `client/${nameOf(call)}`);
      return jsonReply({});
    },
  },
];

function nameOf({ peer, request }: Call): string {
  if (peer === undefined) throw new TypeError(`${request.url} was called without a peer`);
  return peer.identity.name;
}
