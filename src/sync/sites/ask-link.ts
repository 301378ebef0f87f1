import type { Agent } from 'node:https';
import type { Socket } from 'node:net';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError, isErrorCode, isHoldfastError, secondMs } from '../../base/index.ts';
import {
  answerMalformed,
  askHttp,
  type HttpAnswer,
  type HttpRequest,
  isHttpSuccess,
  receiveText,
  transportError,
} from '../../transport/index.ts';
import { LinkHello, LinkRefusal, linkPath, linkVersions } from './link-messages.ts';

/** One node of a site, over connections that were judged. */
export interface LinkLine {
  /** `host:port` */
  readonly address: string;
  readonly agent: Agent;
  readonly signal?: AbortSignal | undefined;
}

const maxAnswerBytes = 2 * 1024 * 1024;
const pace = { idleMs: 60 * secondMs, leastBytes: 1 };

/** A question and its answer in JSON. */
interface LinkQuestion<Schema extends TSchema> {
  /** Behind {@link linkPath}. */
  readonly path: string;
  /** What is sent; nothing is a GET. */
  readonly message?: unknown;
  readonly answer: Schema;
}

/** Asks a node of a site, and gives its answer with the connection that it came over. Errors: those of {@link askLink} */
export async function askForAnswer<Schema extends TSchema>(
  line: LinkLine,
  { path, message, answer: schema }: LinkQuestion<Schema>,
): Promise<{ readonly value: Static<Schema>; readonly socket: Socket }> {
  const http = await askLink(line, { path, message });
  const { socket } = http.message;
  const text = await receiveText(http, maxAnswerBytes);
  const value = parseJson(text);
  if (!isHttpSuccess(http)) throw refusalIn(value, http);
  if (Check(schema, value)) return { value, socket };
  throw answerMalformed(line.address, 'what it answers on the link is not what this version knows');
}

/** Sends a question. @throws HoldfastError what a connection fails by; `link_service_down` where no program takes connections */
async function askLink(
  { address, agent, signal }: LinkLine,
  { path, message }: { readonly path: string; readonly message?: unknown },
): Promise<HttpAnswer> {
  const json = message === undefined ? undefined : Buffer.from(JSON.stringify(message));
  const request: HttpRequest = {
    method: json === undefined ? 'GET' : 'POST',
    url: new URL(`https://${address}${linkPath}${path}`),
    headers: {
      'holdfast-link': String(linkVersions.at(-1)),
      ...(json && { 'content-type': 'application/json' }),
    },
    agent,
    pace,
    ...(json && { body: { chunks: [json], size: json.length } }),
    ...(signal && { signal }),
  };
  try {
    return await askHttp(request);
  } catch (cause) {
    const error = transportError(cause, address);
    if (!isHoldfastError(error, 'connection_refused')) throw error;
    throw serviceDown(
      `${address}: the machine is there, and no program takes connections at that port`,
      error,
    );
  }
}

/**
 * Asks which versions a node speaks, and gives the connection that it has answered over.
 * @throws HoldfastError `link_service_down` where something else answers, `link_versions_differ`, and as {@link askForAnswer}
 */
export async function greetNode(line: LinkLine): Promise<Socket> {
  try {
    const { value, socket } = await askForAnswer(line, { path: 'hello', answer: LinkHello });
    if (value.holdfastLink.some((version) => linkVersions.includes(version))) return socket;
    throw new HoldfastError(
      'link_versions_differ',
      `${line.address} speaks version ${value.holdfastLink.join(', ')} of the link, by Holdfast ${value.program}; this program speaks ${linkVersions.join(', ')}`,
    );
  } catch (error) {
    if (!isHoldfastError(error, 'answer_malformed', 'tls_failed', 'operation_unknown')) throw error;
    throw serviceDown(`${line.address}: something answers there, and it does not speak of links`, error);
  }
}

function serviceDown(found: string, cause: unknown): HoldfastError {
  return new HoldfastError('link_service_down', found, { cause });
}

/** A refusal in the words of whoever refused, as far as this program knows them. */
function refusalIn(value: unknown, { status, host }: HttpAnswer): HoldfastError {
  if (Check(LinkRefusal, value) && isErrorCode(value.code))
    return new HoldfastError(value.code, `${host} refused: ${(value.message ?? value.code).slice(0, 2000)}`);
  if (status === 403)
    return new HoldfastError('link_refused', `${host} does not take the certificate of this site`);
  return answerMalformed(host, `it answers ${status} on the link`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
