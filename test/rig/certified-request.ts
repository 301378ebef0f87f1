import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

/** An answer over HTTPS. */
export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** What is sent over HTTPS, with which certificate. */
export interface CertifiedRequest {
  /** The root to believe: `ca.pem` of an export. */
  readonly ca: string;
  /** Certificate and key: `client.pem` of an export for restic. Without, no certificate is shown. */
  readonly certificate?: string;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request as any program could make it; rejects when the server ends the connection without an answer. */
export async function certifiedRequest(url: string, sent: CertifiedRequest): Promise<HttpsAnswer> {
  const pem = sent.certificate === undefined ? undefined : readFileSync(sent.certificate);
  const outgoing = request(url, {
    agent: false,
    method: sent.method ?? 'GET',
    ...(sent.headers && { headers: sent.headers }),
    ca: readFileSync(sent.ca),
    ...(pem && { cert: pem, key: pem }),
  }).end(sent.body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}
