import {
  type Bytes,
  type Clock,
  dayMs,
  HoldfastError,
  hourMs,
  isHoldfastError,
  type Log,
  minuteMs,
  secondMs,
} from '../base/index.ts';
import { type Certificate, parseOcspResponse } from '../pki/index.ts';
import {
  askRevocation,
  type FetchEvidence,
  type RevocationEvidence,
  type RevocationStatus,
  type RootList,
  revocationStatus,
  type ValidPath,
} from '../trust/index.ts';
import { askHttp, isHttpSuccess, receiveBytes } from './http-client.ts';
import { transportError } from './transport-error.ts';

/** What was learned of a path, and until when nobody has to be asked again. */
export interface Verdict {
  /** The fingerprints of the path. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
  /** Why nothing is known; left out where nobody on the path is revoked. */
  readonly unknown?: string;
}

/** Where verdicts are kept between runs, so that a check costs no round trip for each connection. */
export interface VerdictFile {
  read(): Promise<readonly Verdict[]>;
  write(verdicts: readonly Verdict[]): Promise<void>;
}

interface ServerRevocationOptions {
  /** `soft` goes on where nothing can be had, and says so. */
  readonly mode: 'soft' | 'hard';
  readonly file: VerdictFile;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is known of a server's path at the moment of its handshake. */
interface ShownPath {
  readonly path: ValidPath;
  /** The OCSP answer that came with the handshake. */
  readonly staple: Bytes | undefined;
  /** What the roots of the network are known to have revoked. */
  readonly rootLists: readonly RootList[];
  /** Whether it ends in a root of the network, whose server says itself whom of the issuers the root has revoked. */
  readonly isOwn: boolean;
}

/** For all addresses together: whoever waits wants to make a backup. */
const askingMs = 5 * secondMs;
/** How long nobody is asked again who gave no answer. */
const silenceMs = 10 * minuteMs;
/** What fails sooner may be tried again in the next run: it holds nobody up. */
const slowMs = secondMs;
/** What says no day for the next answer counts for this long. */
const undatedMs = hourMs;
const longestMs = 7 * dayMs;
const maxVerdicts = 32;

/**
 * Whether a server's certificate, or one above it, has been revoked: by the answer stapled to the handshake, by lists that
 * are known, and else by the addresses that the certificates name. What was had counts until its own next update, in this
 * run and the next ones.
 */
export class ServerRevocation {
  readonly #options: ServerRevocationOptions;
  readonly #asked = new Map<string, Promise<Verdict>>();
  /** Of this run. */
  readonly #known = new Map<string, Verdict>();

  constructor(options: ServerRevocationOptions) {
    this.#options = options;
  }

  /** @throws HoldfastError `certificate_revoked`, and in mode `hard` `revocation_unknown` */
  async check(shown: ShownPath): Promise<void> {
    const { mode, log, clock } = this.#options;
    const known = evidenceOf(shown);
    // The network's issuers are on the lists of its roots, which a server gives to whoever comes to it.
    const open = this.#open(shown.isOwn && mode === 'soft' ? shown.path.slice(0, 2) : shown.path, known);
    if (open === undefined) return;
    const { unknown } = await this.#verdict(open, known);
    if (unknown === undefined) return;
    if (mode === 'hard') throw notKnown(open, unknown);
    if (namesAnything(open)) log.warn('whether the server is revoked is not known', { why: unknown });
    else log.debug('the server names no place that says whether it is revoked', { at: clock.now() });
  }

  /** What is still to be found out once the answer at hand has been looked at; undefined for nothing. */
  #open(path: readonly Certificate[], known: RevocationEvidence): readonly Certificate[] | undefined {
    const at = new Date(this.#options.clock.now());
    const statuses = path.slice(0, -1).map((each) => revocationStatus(each, path, known, { at }));
    refuseRevoked(statuses);
    return statuses.some(({ kind }) => kind === 'unknown') ? path : undefined;
  }

  async #verdict(path: readonly Certificate[], known: RevocationEvidence): Promise<Verdict> {
    const { clock, mode, file } = this.#options;
    const key = path.map(({ fingerprint }) => fingerprint).join(' ');
    const kept = this.#known.get(key) ?? (await file.read()).find((verdict) => verdict.path === key);
    const counts = kept !== undefined && kept.untilMs > clock.now() && (mode === 'soft' || !kept.unknown);
    if (counts) return kept;
    // Connections that are opened together ask once.
    const asking = this.#asked.get(key) ?? this.#ask(key, path, known);
    this.#asked.set(key, asking);
    return await asking.finally(() => this.#asked.delete(key));
  }

  async #ask(key: string, path: readonly Certificate[], known: RevocationEvidence): Promise<Verdict> {
    const { clock, file } = this.#options;
    const now = (): Date => new Date(clock.now());
    const begun = performance.now();
    const statuses = await this.#answers(path, known, now);
    const verdict = verdictOf(key, statuses, clock.now());
    this.#known.set(key, verdict);
    if (verdict.unknown !== undefined && performance.now() - begun < slowMs) return verdict;
    const others = (await file.read()).filter((each) => each.path !== key && each.untilMs > clock.now());
    await file.write([verdict, ...others].slice(0, maxVerdicts));
    return verdict;
  }

  async #answers(
    path: readonly Certificate[],
    known: RevocationEvidence,
    now: () => Date,
  ): Promise<readonly RevocationStatus[]> {
    const fetch = evidenceFetcher(AbortSignal.timeout(askingMs));
    try {
      const statuses = await askRevocation(path, known, { now }, fetch);
      refuseRevoked(statuses);
      return statuses;
    } catch (error) {
      if (isHoldfastError(error)) throw error;
      const slow = new HoldfastError('revocation_unknown', `no answer within ${askingMs / secondMs} s`, {
        cause: error,
      });
      return [{ kind: 'unknown', problems: [slow] }];
    }
  }
}

/** What is known of a path without asking anybody. */
export function evidenceOf({ path, staple, rootLists }: Omit<ShownPath, 'isOwn'>): RevocationEvidence {
  return {
    crls: rootLists.map(({ crl }) => crl),
    certificates: path.slice(1),
    answers: staple === undefined ? [] : answersIn(staple),
  };
}

/** Bytes that are no answer say nothing. */
function answersIn(staple: Bytes): RevocationEvidence['answers'] {
  try {
    const answer = parseOcspResponse(staple);
    return answer.kind === 'response' ? [answer] : [];
  } catch (error) {
    if (isHoldfastError(error)) return [];
    throw error;
  }
}

/** The one nearest to the root says most. */
function refuseRevoked(statuses: readonly RevocationStatus[]): void {
  const revoked = statuses.findLast(({ kind }) => kind === 'revoked');
  if (revoked?.kind !== 'revoked') return;
  const { code, message, cause } = revoked.error;
  throw new HoldfastError(code, `the server's chain: ${message}`, {
    cause: cause ?? revoked.error,
    hint: 'ask the administrator of the server, who gives it another certificate; nothing was told to it',
  });
}

function verdictOf(path: string, statuses: readonly RevocationStatus[], nowMs: number): Verdict {
  const problems = statuses.flatMap((each) => (each.kind === 'unknown' ? [each.problems] : []));
  if (problems.length > 0) {
    const why = [...new Set(problems.flat().map(({ message }) => message))].join('; ');
    return {
      path,
      untilMs: nowMs + silenceMs,
      unknown: why === '' ? 'no list and no answer is about it' : why,
    };
  }
  const ends = statuses.flatMap((each) => (each.kind === 'good' ? each.by : []));
  const next = ends.map(({ nextUpdate }) => nextUpdate?.getTime() ?? nowMs + undatedMs);
  return {
    path,
    untilMs: Math.min(nowMs + longestMs, ...next, ...(ends.length === 0 ? [nowMs + undatedMs] : [])),
  };
}

function namesAnything(path: readonly Certificate[]): boolean {
  return path
    .slice(0, -1)
    .some(({ extensions: { crlPoints, ocspUrls } }) => crlPoints.length + ocspUrls.length > 0);
}

function notKnown([leaf]: readonly Certificate[], why: string): HoldfastError {
  return new HoldfastError(
    'revocation_unknown',
    `whether certificate ${leaf?.serial} of the server, or one above it, is revoked is not known: ${why}`,
    { hint: 'try again when these addresses answer; or go on without: holdfast client set revocation soft' },
  );
}

const timeoutMs = 30 * secondMs;

/**
 * Gets lists and answers about revocation over HTTP, plain or not, since what comes is signed: each within 30 seconds, no
 * more of it than may be, and from the address that was named alone.
 */
export function evidenceFetcher(signal: AbortSignal): FetchEvidence {
  return async ({ url, maxBytes, post }) => {
    try {
      const order = {
        url: new URL(url),
        agent: false as const,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      };
      const answer = await askHttp(
        post === undefined
          ? { ...order, method: 'GET' }
          : {
              ...order,
              method: 'POST',
              headers: { 'content-type': post.type },
              body: { chunks: [post.body], size: post.body.length },
            },
      );
      if (isHttpSuccess(answer)) return await receiveBytes(answer, maxBytes);
      answer.close();
      throw new Error(`status ${answer.status}`);
    } catch (cause) {
      signal.throwIfAborted();
      throw notHad(url, cause);
    }
  };
}

/** By the code of why there was no answer, where there was none. */
function notHad(url: string, cause: unknown): HoldfastError {
  const isLate = cause instanceof Error && cause.name === 'TimeoutError';
  const why = transportError(cause, new URL(url).host);
  const code = isHoldfastError(why) ? why.code : isLate ? 'connection_stalled' : 'revocation_unknown';
  return new HoldfastError(code, `${url} cannot be had: ${reasonOf(why)}`, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
