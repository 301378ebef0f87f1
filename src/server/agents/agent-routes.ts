import { AgentReport, agentPaths, maxReportBytes } from '../../enrol/index.ts';
import { jsonBody } from '../read-request.ts';
import { jsonReply } from '../reply.ts';
import type { Route } from '../route.ts';

/** What agents tell the server. */
export const agentRoutes: readonly Route[] = [
  {
    service: 'control',
    access: ['client'],
    method: 'POST',
    path: agentPaths.report,
    does: 'How the backup sets of this client stand, by its own word and clock; what it said before is forgotten.',
    body: jsonBody(AgentReport, maxReportBytes),
    async handle({ reports }, { body, peer }) {
      if (peer === undefined) throw new TypeError(`${agentPaths.report} was called without a peer`);
      await reports.take(peer.identity.name, body);
      return jsonReply({});
    },
  },
];
