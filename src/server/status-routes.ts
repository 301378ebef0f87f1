import type { FastifyInstance } from 'fastify';
import { statusPaths } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import type { ServerContext } from './server-context.ts';

/** What anybody may know: that the server is there, and the certificates that certificates point to. */
export function mountStatus(app: FastifyInstance, { authority, servers }: ServerContext): void {
  app.get('/-/health', () => ({ status: 'ok', network: authority.network }));
  app.get('/-/status/servers', () => ({ network: authority.network, servers: servers() }));
  app.get<{ Params: { label: string } }>(statusPaths.certificate(':label'), async (request, reply) => {
    const certificate = await authority.issuerCertificate(request.params.label);
    if (certificate === undefined)
      throw new HoldfastError('object_not_found', 'there is no such certificate');
    return reply
      .type('application/pkix-cert')
      .header('cache-control', 'public, max-age=86400')
      .send(Buffer.from(certificate.der));
  });
}
