import { Check } from 'typebox/value';
import { HoldfastError, isErrorCode, minuteMs, openSocketPlace, systemErrorCode } from '../base/index.ts';
import {
  answerMalformed,
  askHttp,
  type HttpRequest,
  isUnheard,
  type Line,
  mayBeDone,
  pointingToDoctor,
  receiveText,
  type TlsDialer,
  transportError,
} from '../transport/index.ts';
import { type AdminClient, firstProblem } from './call.ts';
import { type OperationAnswer, type OperationInput, type OperationName, operations } from './operations.ts';

const maxAnswerBytes = 64 * 1024 * 1024;
/** An operation may think for long, and says nothing meanwhile. */
const pace = { idleMs: 30 * minuteMs, leastBytes: 1 };

/** The path of an operation over HTTP, on the socket as on any listener with `control`. */
export const operationPath = (name: string): string => `/-/admin/${name}`;

/**
 * The admin API of the server that listens on `socketPath`, or undefined when nobody listens there.
 * `connection_closed` and the like when the server goes away during a call, `home_not_private` when it could be somebody else's.
 */
export async function connectAdmin(
  socketPath: string,
  signal?: AbortSignal,
): Promise<AdminClient | undefined> {
  const client = socketAdmin(socketPath, signal);
  try {
    await client.call('status', {});
    return client;
  } catch (error) {
    if (error instanceof HoldfastError && isAbsent(error.cause)) return undefined;
    throw error;
  }
}

/** Each call looks anew at who owns the place of the socket. */
function socketAdmin(socketPath: string, signal?: AbortSignal): AdminClient {
  return {
    async call<Name extends OperationName>(name: Name, input: OperationInput<Name>) {
      await using place = await openSocketPlace(socketPath);
      const address = place?.address ?? socketPath;
      const to = { url: new URL('http://localhost'), socketPath: address };
      return await clientOf({ where: socketPath, to, signal }).call(name, input);
    },
  };
}

/** How a server of the network is reached. */
interface NetworkWay {
  readonly server: string;
  readonly dialer: TlsDialer;
  readonly line: Line;
}

/**
 * The admin API of a server of the network, over mutual TLS with an admin's certificate. A connection that cannot be made
 * is tried again; what was sent is not, since it may have been done. Errors as {@link TlsDialer}.
 */
export function networkAdmin({ server, dialer, line }: NetworkWay, signal?: AbortSignal): AdminClient {
  const to = { url: new URL(server), agent: dialer.agent() };
  const client = clientOf({ where: server, to, signal });
  const isUnsafe = (failure: HoldfastError): boolean => !isUnheard(failure);
  return { call: (name, input) => line.attempt({ signal, isUnsafe }, () => client.call(name, input)) };
}

/** The way to a server: what it is called in messages, and where it is. */
interface AdminTarget {
  readonly where: string;
  readonly to: Pick<HttpRequest, 'url' | 'agent' | 'socketPath'>;
  readonly signal: AbortSignal | undefined;
}

function clientOf(target: AdminTarget): AdminClient {
  return {
    async call<Name extends OperationName>(name: Name, input: OperationInput<Name>) {
      const { status, body } = await post(target, operationPath(name), JSON.stringify(input));
      if (status !== 200) throw remoteError(target, status, body);
      return parseAnswer(name, body, target.where);
    },
  };
}

async function post(
  { where, to, signal }: AdminTarget,
  path: string,
  text: string,
): Promise<{ status: number; body: unknown }> {
  const json = Buffer.from(text);
  const headers = { 'content-type': 'application/json' };
  const body = { chunks: [json], size: json.length };
  try {
    const url = new URL(path, to.url);
    const answer = await askHttp({ ...to, method: 'POST', url, headers, body, pace, signal });
    return { status: answer.status, body: parseJson(await receiveText(answer, maxAnswerBytes), where) };
  } catch (cause) {
    const error =
      to.agent === undefined
        ? transportError(cause, where)
        : pointingToDoctor(transportError(cause, where), to.url.host);
    const code = error instanceof HoldfastError ? error.code : 'connection_lost';
    if (error instanceof HoldfastError && !mayBeDone(error)) throw error;
    signal?.throwIfAborted();
    throw new HoldfastError(code, `the server behind ${where} does not answer`, {
      hint: 'look at the log of the server: holdfast serve --verbose',
      cause,
    });
  }
}

/** A refusal that tells nothing has no body. */
function parseJson(text: string, where: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw answerMalformed(where, 'what it answers is no JSON', error);
  }
}

const maxTextLength = 4000;

/** What this program has no word for is a refusal, in the words of whoever refused. */
function remoteError({ to }: AdminTarget, status: number, body: unknown): unknown {
  const { code, message, hint, names } = Object(body) as Readonly<Record<string, unknown>>;
  const error = new HoldfastError(
    isErrorCode(code) ? code : 'refused_by_peer',
    textOf(message) ?? `the server answered ${status}`,
    { hint: textOf(hint), names: namesOf(names) },
  );
  // Over the socket there is nobody in between.
  return to.agent === undefined ? error : pointingToDoctor(error, to.url.host);
}

const maxNames = 1000;

function namesOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.slice(0, maxNames).flatMap((each) => textOf(each) ?? []) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, maxTextLength) : undefined;
}

function isAbsent(cause: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(systemErrorCode(cause) ?? '');
}

/**
 * What a server answered, when it is as the operation says; fields that a newer one adds are let through.
 * @throws HoldfastError `answer_malformed`, naming the first field that is missing or wrong
 */
function parseAnswer<Name extends OperationName>(
  name: Name,
  input: unknown,
  where: string,
): OperationAnswer<Name> {
  const { answer } = operations[name];
  if (Check(answer, input)) return input as OperationAnswer<Name>;
  const problem = firstProblem(answer, input, 'the whole');
  throw new HoldfastError('answer_malformed', `${where}: of what it answers to ${name}, ${problem}`, {
    hint: 'it may be of another version than this program: compare holdfast --version on both sides',
  });
}
