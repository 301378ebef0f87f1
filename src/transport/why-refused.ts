import { randomBytes } from 'node:crypto';
import { type Bytes, type Clock, HoldfastError, isHoldfastError, minuteMs, secondMs } from '../base/index.ts';
import { type Certificate, equalNames, formatName, parseCertificate } from '../pki/index.ts';
import { serverAddress, type ValidPath, verifyServerName } from '../trust/index.ts';
import { Conversation } from './doctor/conversation.ts';
import { type HandshakeOptions, shakeHands } from './doctor/shake-hands.ts';
import { peerCertificates } from './peer.ts';

/** A server whose certificates were looked at, and how it can be asked once more. */
export interface LookedAt {
  /** What it showed: DER, the leaf first. */
  readonly chain: readonly Bytes[];
  /** Whether a chain is believed at a moment; throws a HoldfastError where it is not. */
  readonly judge: (chain: readonly Bytes[], at: Date) => ValidPath;
  readonly handshake: HandshakeOptions;
  readonly clock: Clock;
}

/**
 * The cause behind `error`, by which the certificates of a server were refused: the same for a command that dials and for
 * doctor. `issuers` are certificates of authorities that this machine has itself; no address is followed that the server names.
 *
 * Takes a handshake more, by a name that nobody has, where nobody is known to vouch for the server; and where its certificates
 * would be good at another time, a request that tells nothing, for the time that it has. Six seconds at most.
 */
export async function whyRefused(
  seen: LookedAt,
  error: HoldfastError,
  issuers: readonly Bytes[],
): Promise<HoldfastError> {
  if (isHoldfastError(error, 'certificate_unknown_authority')) {
    return missingIssuer(seen, issuers) ?? (await interception(seen)) ?? nobodyBelieved(seen) ?? error;
  }
  if (!isUntimely(error)) return error;
  const judged = judgeInTime(seen);
  if (isHoldfastError(judged)) return judged;
  const [leaf] = judged.path;
  const theirs = await serverTime(new Conversation(seen.handshake, { leaf: leaf.der }));
  return typeof theirs === 'number' ? (clocksApart(seen.clock, theirs) ?? error) : error;
}

function isUntimely(error: unknown): error is HoldfastError {
  return isHoldfastError(error, 'certificate_expired', 'certificate_not_yet_valid');
}

/** A path that is believed, and what is wrong with its time. */
export interface JudgedInTime {
  readonly path: ValidPath;
  readonly untimely?: HoldfastError;
}

/** The path of a server's certificates as it stands within its time; why there is none. */
export function judgeInTime({ chain, judge, clock }: LookedAt): JudgedInTime | HoldfastError {
  const now = caught(() => judge(chain, new Date(clock.now())));
  if (!isHoldfastError(now)) return { path: now };
  if (!isUntimely(now)) return now;
  const parts = readableCertificates(chain);
  const begin = Math.max(...parts.map(({ notBefore }) => notBefore.getTime()));
  const end = Math.min(...parts.map(({ notAfter }) => notAfter.getTime()));
  const at = new Date(now.code === 'certificate_expired' ? end - secondMs : begin + secondMs);
  const path = caught(() => judge(chain, at));
  if (isHoldfastError(path)) return isUntimely(path) ? now : path;
  return { path, untimely: now };
}

/** What `work` gives, or the HoldfastError that it throws. */
export function caught<T>(work: () => T): T | HoldfastError {
  try {
    return work();
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

/** Those that can be read at all. */
export function readableCertificates(chain: readonly Bytes[]): readonly Certificate[] {
  return chain.flatMap((der) => {
    const read = caught(() => parseCertificate(der));
    return isHoldfastError(read) ? [] : [read];
  });
}

/** That the server leaves out a certificate of its chain, where one of `issuers` makes it lead to who is believed. */
export function missingIssuer(
  { chain, judge, clock, handshake: { host } }: LookedAt,
  issuers: readonly Bytes[],
): HoldfastError | undefined {
  if (issuers.length === 0) return undefined;
  const judged = caught(() => judge([...chain, ...issuers], new Date(clock.now())));
  if (isHoldfastError(judged, 'certificate_unknown_authority')) return undefined;
  const missing = formatName(topOf(chain)?.issuer ?? []);
  return new HoldfastError(
    'certificate_chain_incomplete',
    `${host} does not send the certificate of ${missing}, which leads from its own to a root that is believed here`,
  );
}

/** That somebody in between makes a certificate for whatever name is called; asks for one by a name that nobody has. */
export async function interception({ chain, handshake }: LookedAt): Promise<HoldfastError | undefined> {
  const host = `holdfast-doctor-${randomBytes(6).toString('hex')}.example`;
  const shaken = await shakeHands({ ...handshake, host, credentials: undefined });
  if (shaken.kind === 'failed') return undefined;
  const [leaf] = readableCertificates(peerCertificates(shaken.socket) ?? []);
  shaken.socket.destroy();
  if (leaf === undefined || isHoldfastError(caught(() => verifyServerName(leaf, host)))) return undefined;
  const root = formatName(topOf(chain)?.issuer ?? []);
  return new HoldfastError(
    'connection_intercepted',
    `${handshake.host}: somebody in between makes certificates for whatever name is called, by the root ${root}, and reads along`,
  );
}

/** That a server is believed by nobody here, and who vouches for it; undefined for one that shows nothing that can be read. */
export function nobodyBelieved({ chain, handshake: { host, port } }: LookedAt): HoldfastError | undefined {
  const [leaf] = readableCertificates(chain);
  const top = topOf(chain);
  if (leaf === undefined || top === undefined) return undefined;
  const url = `https://${serverAddress(host, port)}`;
  const isAlone = equalNames(leaf.subject, leaf.issuer);
  const by = isAlone ? 'vouches for itself' : `comes from ${formatName(top.issuer)}`;
  return new HoldfastError(
    'certificate_unknown_authority',
    `${host} shows the certificate ${formatName(leaf.subject)}, which ${by}, and whom nobody trusts here`,
    isAlone
      ? {
          hint: `find out who answers at that address; where it is to vouch for itself, compare fingerprints: holdfast trust accept ${url}`,
        }
      : {},
  );
}

/** The last certificate of a chain as it was sent. */
export function topOf(sent: readonly Bytes[]): Certificate | undefined {
  const [leaf, ...others] = readableCertificates(sent);
  const chain = leaf === undefined ? [] : [leaf];
  for (;;) {
    const last = chain.at(-1);
    const issuer =
      last && others.find((each) => equalNames(each.subject, last.issuer) && !chain.includes(each));
    if (issuer === undefined) return last;
    chain.push(issuer);
  }
}

/** What time a server says it is, asked for by a request that tells nothing: undefined where it says none, an error where it stalls. */
export async function serverTime(talk: Conversation): Promise<number | HoldfastError | undefined> {
  try {
    const { headers } = await talk.ask({ method: 'HEAD', path: '/' });
    const time = Date.parse(headers.date ?? '');
    return Number.isNaN(time) ? undefined : time;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error.code === 'connection_stalled' ? error : undefined;
  }
}

/** Clocks that differ by less are right enough for certificates. */
const clockTolerance = 5 * minuteMs;

/** That the clocks of both sides differ by more than certificates bear. */
export function clocksApart(clock: Clock, theirs: number): HoldfastError | undefined {
  const ours = clock.now();
  if (Math.abs(theirs - ours) <= clockTolerance) return undefined;
  const apart = Math.round(Math.abs(theirs - ours) / minuteMs);
  const side = ours < theirs ? 'behind' : 'ahead of';
  return new HoldfastError(
    'clock_wrong',
    `the clock of this machine is ${apart} min ${side} that of the server: ${new Date(ours).toISOString()} and ${new Date(theirs).toISOString()}`,
    { hint: 'set the clock that is wrong; of this machine: timedatectl set-ntp true' },
  );
}
