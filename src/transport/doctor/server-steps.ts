import { randomBytes } from 'node:crypto';
import {
  type ErrorCode,
  errorRow,
  HoldfastError,
  isErrorCode,
  isHoldfastError,
  secondMs,
} from '../../base/index.ts';
import { formatName, parseCertificate, parseName } from '../../pki/index.ts';
import { isPassingStatus } from '../line.ts';
import { clocksApart, serverTime } from '../why-refused.ts';
import { certificateWish } from './certificate-request.ts';
import { answerMs, Conversation, type ProbeRequest, type ProbeResponse } from './conversation.ts';
import { inBetween } from './speaker.ts';
import { handshake } from './speaks-step.ts';
import { bad, type Found, failed, good, letPass, poor, type Step, type Walk, weaker } from './walk.ts';

/** Whether the clocks of both sides agree, and then whether the certificates of both are within their time. */
export const clockStep: Step = {
  name: 'clock',
  async run(walk) {
    if (walk.leaf === undefined) return [];
    const authorization = walk.path && walk.own.authorization;
    walk.talk = new Conversation(handshake(walk), { leaf: walk.leaf.der, authorization });
    const theirs = await serverTime(walk.talk);
    // Who takes a request and does not answer would do so with the next.
    if (isHoldfastError(theirs)) return [failed(theirs)];
    const apart = theirs === undefined ? undefined : clocksApart(walk.clock, theirs);
    if (apart !== undefined) return [wrongClock(walk, apart)];
    const own = ownTime(walk);
    const untimely = walk.untimely && letPass(walk, failed(walk.untimely));
    if (untimely?.level === 'failed') return [untimely];
    const passed = untimely === undefined ? [] : [untimely];
    if (own !== undefined) return [...passed, own];
    return [
      ...passed,
      theirs === undefined
        ? good('the server does not say what time it is')
        : good(
            `the clocks of both sides agree to ${Math.ceil(Math.abs(theirs - walk.clock.now()) / secondMs)} s`,
          ),
    ];
  },
};

/** Clocks that differ keep nobody from connecting whose certificates are within their time by both. */
function wrongClock(walk: Walk, { code, message, hint }: HoldfastError): Found {
  const keepsApart = walk.policy.verifyServer && walk.untimely !== undefined;
  const isHarmless = !keepsApart && ownTime(walk) === undefined;
  return isHarmless ? poor(code, message, hint) : bad(code, message, hint);
}

function ownTime({ own: { credentials }, clock }: Walk): Found | undefined {
  const [der] = credentials?.chain ?? [];
  if (der === undefined) return undefined;
  const { notBefore, notAfter } = parseCertificate(der);
  const nowMs = clock.now();
  if (notAfter.getTime() < nowMs)
    return bad(
      'certificate_expired',
      `the certificate of this machine ended ${notAfter.toISOString()}`,
      'renew it: holdfast cert renew',
    );
  return notBefore.getTime() > nowMs
    ? bad(
        'certificate_not_yet_valid',
        `the certificate of this machine begins ${notBefore.toISOString()}, which is later than its clock`,
      )
    : undefined;
}

const trustPath = '/-/control/trust';

/** Whether the server asks for a certificate, and takes ours. */
export const clientCertificateStep: Step = {
  name: 'client',
  async run(walk) {
    const { shaken, talk, own, server } = walk;
    if (shaken === undefined || talk === undefined) return [];
    const wish = certificateWish(shaken);
    if (wish === undefined) return [good('the server asks nobody for a certificate')];
    if (walk.asStranger === true)
      return [good(`the server asks for a certificate${ofWhom(wish.authorities)}`)];
    if (own.credentials === undefined && own.authorization !== undefined)
      return [good('this machine shows a bearer token in place of a certificate')];
    if (own.credentials === undefined) {
      const isOurs = server !== undefined || walk.leaf?.identity !== undefined;
      return [
        own.problem === undefined || !isOurs
          ? bad('certificate_required', `${walk.host} asks for a certificate, and this machine shows none`)
          : failed(own.problem),
      ];
    }
    const unlisted = unlistedBy(walk, wish.authorities);
    const answer = await tryAsking(talk, { method: 'GET', path: trustPath });
    const refusal = isHoldfastError(answer) ? cutOrRefused(walk, answer) : certificateRefusal(walk, answer);
    if (refusal !== undefined && unlisted !== undefined && refusal.code === 'refused_by_peer')
      return [bad('client_authority_not_listed', unlisted)];
    if (refusal !== undefined) return [failed(refusal)];
    return unlisted === undefined
      ? [good('the server takes the certificate of this machine')]
      : [poor('client_authority_not_listed', `${unlisted}; it takes the certificate all the same`)];
  },
};

/** Who asks for a certificate and answers nothing once it was shown has refused it, be the alert that says so lost or not. */
function cutOrRefused({ host, talk }: Walk, error: HoldfastError): HoldfastError {
  return talk?.hasAnswered !== true && isHoldfastError(error, 'connection_reset', 'connection_closed')
    ? new HoldfastError(
        'refused_by_peer',
        `${host} asks for a certificate, and ends the connection once it has seen that of this machine`,
        { cause: error },
      )
    : error;
}

async function tryAsking(talk: Conversation, asked: ProbeRequest): Promise<ProbeResponse | HoldfastError> {
  try {
    return await talk.ask(asked);
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

/** What the server says of the certificate; that it says no more of another's is all that strangers are told. */
function certificateRefusal({ host }: Walk, answer: ProbeResponse): HoldfastError | undefined {
  const told = toldBy(answer);
  if (told !== undefined && errorRow(told.code).kind === 'certificate')
    return new HoldfastError(told.code, `${host} refuses the certificate of this machine: ${told.message}`, {
      hint: reissue(told.code),
    });
  return (answer.status === 403 || answer.status === 401) && told === undefined
    ? new HoldfastError(
        'refused_by_peer',
        `${host} refuses the certificate of this machine with status ${answer.status} and does not say why`,
      )
    : undefined;
}

function reissue(code: ErrorCode): string | undefined {
  return code === 'certificate_expired'
    ? 'renew it: holdfast cert renew'
    : code === 'certificate_revoked'
      ? 'join again, with a code from holdfast token create NAME --reissue at the server'
      : undefined;
}

interface Told {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

function toldBy({ text, headers }: ProbeResponse): Told | undefined {
  const said: unknown = headers['holdfast-code'];
  try {
    const {
      code = said,
      message = '',
      hint,
    } = JSON.parse(text === '' ? '{}' : text) as {
      code?: unknown;
      message?: unknown;
      hint?: unknown;
    };
    if (!isErrorCode(code)) return undefined;
    return { code, message: String(message), hint: typeof hint === 'string' ? hint : undefined };
  } catch {
    return undefined;
  }
}

function unlistedBy(
  { own: { credentials }, host }: Walk,
  authorities: readonly Uint8Array[],
): string | undefined {
  if (authorities.length === 0 || credentials === undefined) return undefined;
  const ours = credentials.chain.map((der) => formatName(parseCertificate(der).issuer));
  const listed = authorities.map(readableName);
  if (listed.some((name) => ours.includes(name))) return undefined;
  return `${host} asks for certificates of ${listed.slice(0, 4).join(' or ')}, and that of this machine is by ${ours[0] ?? 'nobody'}`;
}

function ofWhom(authorities: readonly Uint8Array[]): string {
  return authorities.length === 0 ? '' : ` of ${authorities.map(readableName).join(' or ')}`;
}

function readableName(der: Uint8Array): string {
  try {
    return formatName(parseName(der));
  } catch {
    return 'an authority whose name cannot be read';
  }
}

/** Whether this machine may do there what it is for. */
export const rightsStep: Step = {
  name: 'rights',
  async run(walk) {
    const { talk, own } = walk;
    if (talk === undefined) return [];
    const first = await tryAsking(talk, { method: 'GET', path: trustPath });
    if (isHoldfastError(first)) return [failed(first)];
    const foreign = elsewhere(walk, first);
    if (foreign !== undefined) return [foreign];
    const told = toldBy(first);
    if (told?.code === 'service_elsewhere') return [otherPort(walk, told)];
    if (first.status !== 200 && told !== undefined) return [refused(told, walk)];
    const path = repositoryPath(walk);
    if (path === undefined)
      return [good(`${own.identity?.role ?? 'whoever comes'} may speak with the server`)];
    const answer = await tryAsking(talk, { method: 'GET', path: `${path}config` });
    if (isHoldfastError(answer)) return [failed(answer)];
    const found = toldBy(answer);
    if (found?.code === 'service_elsewhere') return [otherPort(walk, found)];
    const code = found?.code;
    walk.hasRepository = answer.status === 200;
    if (walk.hasRepository) return [good(`the repository ${path} may be used`)];
    return [
      code === 'repository_missing' || code === 'object_not_found'
        ? good(`the repository ${path} may be used; there is none yet`)
        : refused({ code: code ?? 'refused_by_peer', message: '' }, walk),
    ];
  },
};

/** A server of ours, at a port that is for something else: it says where to go. */
function otherPort({ host, port }: Walk, { code, message, hint }: Told): Found {
  return bad(code, `${host}:${port}: ${message}`, hint);
}

function refused({ code, message }: Told, { host }: Walk): Found {
  return bad(code, `${host} refuses: ${message || errorRow(code).happened}`);
}

/** That what answers is no server of ours. */
function elsewhere(walk: Walk, answer: ProbeResponse): Found | undefined {
  const { status, headers } = answer;
  if (toldBy(answer) !== undefined || (status === 200 && isObject(answer.text))) return undefined;
  const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const between = inBetween({ status, headers: flat }, walk.host);
  if (between !== undefined) return bad('proxy_answered', `${walk.host}: ${between}`);
  if (isPassingStatus(status))
    return bad('server_unavailable', `${walk.host} answers with status ${status}${byWhom(flat['server'])}`);
  if (answer.text.startsWith('{"code"'))
    return bad(
      'server_unavailable',
      `${walk.host} could not answer, with status ${status}`,
      'its log says why: holdfast serve --verbose',
    );
  return bad(
    'server_not_holdfast',
    `what answers at ${walk.host}:${walk.port} is no Holdfast server${byWhom(flat['server'])}`,
  );
}

function byWhom(server: string | undefined): string {
  return server === undefined ? '' : `, but ${server}`;
}

/** Of the repository that is used there: that of the address, or this client's own. */
function repositoryPath({ url, own: { identity } }: Walk): string | undefined {
  if (url.pathname !== '/') return url.pathname.replace(/\/?$/, '/');
  return identity?.role === 'client' ? `/${identity.name}/` : undefined;
}

const megabyte = 1_000_000;
const little = 16_000;

/**
 * Whether there is room at the server: a megabyte is sent under a name that is not its own, which has to be written as every
 * object is, and is refused in the end, so that nothing stays.
 */
export const spaceStep: Step = {
  name: 'space',
  async run(walk) {
    const { talk } = walk;
    const path = repositoryPath(walk);
    if (talk === undefined || path === undefined) return [];
    if (walk.hasRepository !== true) return [good('not tried, since there is no repository yet')];
    const much = await tryWriting(talk, path, megabyte);
    // A line over which that does not get in time is slow, and may lead to a server that is well; one that is cut may have been so
    // by a server that takes no more, whose answer got lost.
    const isSlow = isHoldfastError(much, 'connection_stalled');
    const isCut = isHoldfastError(much, 'connection_reset', 'connection_closed');
    const answer = isSlow || isCut ? await tryWriting(talk, path, little) : much;
    if (isHoldfastError(answer)) return [failed(answer)];
    const code = toldBy(answer)?.code;
    if (code === 'object_corrupt' && isCut) return [failed(much)];
    if (code === 'object_corrupt') {
      walk.megabyteMs = isSlow ? 'slow' : answer.ms;
      return [good(`there is room for ${isSlow ? '16 kB' : 'a megabyte'}`)];
    }
    return [
      refused(
        { code: code ?? 'storage_failed', message: toldBy(answer)?.message ?? `status ${answer.status}` },
        walk,
      ),
    ];
  },
};

function tryWriting(talk: Conversation, path: string, bytes: number): Promise<ProbeResponse | HoldfastError> {
  return tryAsking(talk, {
    method: 'POST',
    path: `${path}data/${randomBytes(32).toString('hex')}`,
    headers: { 'content-type': 'application/octet-stream' },
    body: randomBytes(bytes),
  });
}

/** How long things take. */
export const speedStep: Step = {
  name: 'speed',
  run({ reached, megabyteMs }) {
    const [first] = reached;
    const round = first === undefined ? [] : [`a round trip in ${first.ms.toFixed(1)} ms`];
    if (megabyteMs === 'slow')
      return Promise.resolve([
        weaker(
          `${[...round, `a megabyte takes longer than ${answerMs / secondMs} s`].join(', ')}: the line is slow`,
          'a first backup takes long over it, and goes on where it was cut: holdfast backup',
        ),
      ]);
    const much = megabyteMs === undefined ? [] : [`a megabyte in ${megabyteMs.toFixed(0)} ms`];
    return Promise.resolve([good([...round, ...much].join(', '))]);
  },
};

/** Whether it begins as an object of JSON does, however that is laid out. */
function isObject(text: string): boolean {
  return text.trimStart().startsWith('{') && text.includes('"');
}
