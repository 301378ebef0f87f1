import { readFile } from 'node:fs/promises';
import { HoldfastError, whyNotRead } from '../../base/index.ts';
import type { OpenedPlace, OpeningOptions } from '../opened-place.ts';
import { webAgent } from '../web-peer.ts';
import { S3Client } from './s3-client.ts';
import type { S3Place } from './s3-place.ts';
import { readS3Settings, type S3Settings } from './s3-settings.ts';
import { S3Store } from './s3-store.ts';

/** Requests that may be under way at once; further ones wait for a connection. */
const maxSockets = 64;

/**
 * Opens a repository at a service that speaks S3, by what the environment and the files of AWS say. Nothing is asked of it yet.
 * @throws HoldfastError `credentials_missing`, `usage` for an address that is none, `tls_required` for one without TLS
 */
export async function openS3(
  { endpoint: said, bucket: name, prefix }: S3Place,
  { environment, clock, line }: OpeningOptions,
): Promise<OpenedPlace> {
  const settings = await readS3Settings(environment);
  const endpoint = said ?? settledEndpoint(settings);
  checkProtected(endpoint, environment['HOLDFAST_PLAIN_S3']);
  const { rootsFile, credentials } = settings;
  const roots = rootsFile === undefined ? [] : [await readRoots(rootsFile)];
  const agent = webAgent(endpoint, { roots, maxSockets });
  const region = settings.region ?? regionIn(endpoint) ?? defaultRegion;
  const client = new S3Client({ endpoint, name, region, credentials }, { agent, clock });
  const store = new S3Store({ client, prefix, clock, line });
  const route = `over ${endpoint.protocol === 'https:' ? 'TLS' : 'plain HTTP'} to S3 at ${endpoint.host}`;
  return { store, route, [Symbol.dispose]: () => agent.destroy() };
}

const defaultRegion = 'us-east-1';

/** Where AWS is, unless the settings name another service. */
function settledEndpoint({ endpoint, region = defaultRegion }: S3Settings): URL {
  const url = URL.parse(endpoint ?? `https://s3.${region}.amazonaws.com`);
  if (url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '') return url;
  throw new HoldfastError('usage', 'the settings of AWS name an endpoint that is no address', {
    hint: 'write it so, in the environment or in ~/.aws/config: AWS_ENDPOINT_URL=https://HOST',
  });
}

/** Many services have their region in their name: `s3.eu-central-1.amazonaws.com`. */
function regionIn({ hostname }: URL): string | undefined {
  return /^s3\.(?:dualstack\.)?([a-z]{2}-[a-z0-9-]+)\./.exec(hostname)?.[1];
}

/** Whoever stands in between could answer in place of the service, and say that nothing is there. */
function checkProtected({ protocol, hostname, host }: URL, allowed = ''): void {
  if (protocol === 'https:' || isLoopback(hostname) || allowed.split(',').includes(host)) return;
  throw new HoldfastError('tls_required', `${host} is to be spoken to without TLS, and is another machine`, {
    hint: `write https://, or, where the line is yours alone, name that host: HOLDFAST_PLAIN_S3=${host}`,
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

async function readRoots(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new HoldfastError('path_not_found', `${path}, named by AWS_CA_BUNDLE: ${whyNotRead(cause)}`, {
      cause,
    });
  }
}
