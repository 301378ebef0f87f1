import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startServer } from './server-process.ts';

/** What nginx shows, and whom it believes: paths of PEM files. */
interface NginxFiles {
  readonly certificate: string;
  readonly key: string;
  readonly clientRoots: string;
}

/** Starts nginx in `directory` as one process that asks for a client certificate and answers 200 to everything. */
export async function startNginx(
  directory: string,
  port: number,
  { certificate, key, clientRoots }: NginxFiles,
): Promise<ServerProcess> {
  mkdirSync(directory, { recursive: true });
  const config = `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.3;
    ssl_verify_client on;
    ssl_verify_depth 2;
    ssl_client_certificate ${clientRoots};
    location / { return 200 "answered"; }
  }
}
`;
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, config);
  const words = ['-p', directory, '-c', file, '-e', 'stderr'];
  return await startServer({ program: '/usr/sbin/nginx', words, env: {}, directory }, port);
}
