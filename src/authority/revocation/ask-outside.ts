import { dayMs } from '../../base/index.ts';
import { formatGeneralName, formatName } from '../../pki/index.ts';
import { askRevocation, type FetchEvidence, type RevocationStatus } from '../../trust/index.ts';
import { askAgainAt, namesPlace, type OutsideStatus, readAgain, readOutside } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import type { OutsideAnswer, Records } from '../records/index.ts';
import type { CrlSigning } from './sign-crl.ts';

/** How lists and answers are had. */
export interface AskOutsideOptions {
  readonly fetch: FetchEvidence;
  /** Ask though it is not due. */
  readonly early?: boolean;
}

/**
 * Asks the authorities outside whether they have revoked the root, or one above it, when that is due: by the addresses that
 * the certificates name. What is revoked, or not on hold any more, is decided on record; what else was learnt, or why nothing
 * was, is kept. Cheap when nothing is due. An authority whose clock is wrong asks nobody, since it could judge no answer.
 */
export async function askOutside(
  context: CrlSigning,
  { fetch, early = false }: AskOutsideOptions,
): Promise<void> {
  const { issuer, present, clock, clockGuard, records, log } = context;
  const { standing } = present.state;
  if (
    standing !== 'ready' ||
    present.policy.outsideRevocation === 'off' ||
    clockGuard.problem() !== undefined
  )
    return;
  const statuses = issuer.outside ?? [];
  const wanted = statuses.filter(({ certificate }) => namesPlace(certificate));
  if (!wanted.some((status) => early || isDue(status, clock.now()))) return;
  const path = [issuer.root.certificate, ...(await readOutside(records, issuer.root.certificate))];
  const known = { crls: [], certificates: path, answers: [] };
  const found = await askRevocation(path, known, { now: () => new Date(clock.now()) }, fetch);
  await records.transaction(async (tx) => {
    for (const status of wanted) {
      const answer = found[statuses.indexOf(status)];
      if (answer !== undefined) await note(tx, { status, answer, nowMs: clock.now(), log });
    }
  });
  await readAgain(context);
}

function isDue(status: OutsideStatus, nowMs: number): boolean {
  const isAhead = status.asked !== undefined && status.asked.at.getTime() > nowMs;
  return isAhead || askAgainAt(status) <= nowMs;
}

interface Learnt extends Pick<CrlSigning, 'log'> {
  readonly status: OutsideStatus;
  readonly answer: RevocationStatus;
  readonly nowMs: number;
}

async function note(tx: Records, learnt: Learnt): Promise<void> {
  const { status, answer } = learnt;
  await decide(tx, learnt);
  await tx.outsideStatuses.noteAnswer({
    fingerprint: status.certificate.fingerprint,
    asked_at: learnt.nowMs,
    ...(answer.kind === 'unknown' ? unknown(status, answer) : { failures: 0, problem: null }),
    ...known(learnt),
  });
}

/** What is revoked stays so, but for a hold: that is lifted, or becomes more. */
async function decide(tx: Records, { status, answer, log }: Learnt): Promise<void> {
  const { certificate, revoked } = status;
  const { fingerprint, serial, subject, issuer } = certificate;
  const about = { fingerprint, serial, subject: formatName(subject), issuer: formatName(issuer) };
  const isOpen = revoked === undefined || revoked.reason === 'certificateHold';
  if (answer.kind === 'revoked' && isOpen && answer.reason !== revoked?.reason) {
    const reason = answer.reason === 'removeFromCRL' ? 'unspecified' : answer.reason;
    const times = {
      revokedAt: answer.revokedAt.toISOString(),
      thisUpdate: answer.thisUpdate.toISOString(),
    };
    await log.decide(tx, kinds.outsideRevoked, { by: 'authority', details: { ...about, ...times, reason } });
  }
  if (answer.kind !== 'good' || revoked?.reason !== 'certificateHold') return;
  const saidMs = Math.min(...answer.by.map(({ thisUpdate }) => thisUpdate.getTime()));
  // An older list knows nothing of the hold, whoever brings it again.
  if (answer.by.length === 0 || saidMs <= revoked.saidAt.getTime()) return;
  const details = { ...about, thisUpdate: new Date(saidMs).toISOString() };
  await log.decide(tx, kinds.outsideHoldLifted, { by: 'authority', details });
}

function unknown(
  { certificate, asked }: OutsideStatus,
  { problems }: Extract<RevocationStatus, { kind: 'unknown' }>,
): Pick<OutsideAnswer, 'failures' | 'problem'> {
  const said = [...new Set(problems.map(({ message }) => message))].join('; ');
  const problem = said === '' ? placesOf(certificate) : said;
  return { failures: (asked?.failures ?? 0) + 1, problem: problem.slice(0, maxProblem) };
}

const maxProblem = 600;

/** Where nothing was asked, or nothing that came was about the certificate. */
function placesOf({ extensions }: OutsideStatus['certificate']): string {
  const places = extensions.crlPoints.flatMap(({ name }) => (name?.kind === 'full' ? name.names : []));
  const isAsked = [...places.map(formatGeneralName), ...extensions.ocspUrls].some((each) =>
    /https?:/i.test(each),
  );
  return isAsked
    ? 'no list and no answer is about it'
    : `only HTTP is asked, and it names ${places.map(formatGeneralName).join(', ') || 'no address'}`;
}

/** What says no day for the next answer counts for a day. */
const undatedMs = dayMs;

function known({ status, answer, nowMs }: Learnt): Pick<OutsideAnswer, 'known_at' | 'known_until'> {
  if (answer.kind === 'revoked') return { known_at: null, known_until: null };
  if (answer.kind === 'good') {
    const ends = answer.by.map(({ nextUpdate }) => nextUpdate?.getTime() ?? nowMs + undatedMs);
    return {
      known_at: nowMs,
      known_until: Math.min(...ends, ...(ends.length === 0 ? [nowMs + undatedMs] : [])),
    };
  }
  return {
    known_at: status.known?.at.getTime() ?? null,
    known_until: status.known?.until.getTime() ?? null,
  };
}
