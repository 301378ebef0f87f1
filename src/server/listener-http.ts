import { createServer, type RequestListener, type Server } from 'node:http';
import { secondMs } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import { storageHttpOptions } from './storage-http-options.ts';

/** How long those who prove nothing may say nothing between two requests, and how many requests a connection has. */
const strangersKeepAliveMs = 15 * secondMs;
const strangersMaxRequests = 1000;

/** The HTTP server behind a listener: one for those who have proved an identity, or a shorter one for everybody. */
export function listenerHttp({ clientCertificate }: ListenerPolicy, onRequest: RequestListener): Server {
  if (clientCertificate === 'require') return createServer(storageHttpOptions, onRequest);
  const server = createServer({ ...storageHttpOptions, keepAliveTimeout: strangersKeepAliveMs }, onRequest);
  server.maxRequestsPerSocket = strangersMaxRequests;
  return server;
}
