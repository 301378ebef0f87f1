import type { OperationAnswer } from '../../admin/index.ts';
import { readWaiting } from '../../authority/index.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { waitingRows, waitingView } from '../home/waiting-authority.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { formatAge, formatRemaining, formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast ca show` */
export const word: Word = {
  define: (command) => {
    command
      .description("show the authority's own certificates, of all generations, and where their keys are")
      .addHelpText('after', '\nExamples:\n  holdfast ca show\n  holdfast ca show --json\n');
  },
  run: showCa,
};

type Ca = OperationAnswer<'ca.show'>;
type Issuer = Ca['certificates'][number];

/** `holdfast ca show`: every certificate of the authority's own, and who has its key. */
async function showCa(context: Context): Promise<Answer> {
  const { path } = await openHome(context.home);
  const waiting = await readWaiting(path);
  if (waiting !== undefined) return { value: { waiting: waitingView(waiting) }, rows: waitingRows(waiting) };
  const ca = await askAdmin(context, (admin) => admin.call('ca.show', {}));
  return { value: ca, rows: authorityRows(context, ca) };
}

function* authorityRows({ clock }: Context, ca: Ca): Iterable<Row> {
  yield row('authority', ca.network, `epoch ${ca.epoch}`, ca.standing);
  if (ca.clock !== null) yield warning(ca.clock);
  for (const sentence of ca.copies ?? []) yield warning(sentence);
  for (const issuer of ca.certificates) yield* issuerRows(issuer, clock.now());
  for (const each of ca.outside ?? []) yield* outsideRows(each, clock.now());
  for (const sentence of ca.warnings ?? []) yield warning(sentence);
}

type Outside = NonNullable<Ca['outside']>[number];

/** What authorities outside say of the root, and of those above it. */
function* outsideRows(outside: Outside, nowMs: number): Iterable<Row> {
  const { subject, issuer, notAfter, fingerprint } = outside;
  yield row('outside', subject, issuer === subject ? 'signed itself' : `signed by ${issuer}`);
  const said = issuer === subject ? [] : [saidOf(outside, nowMs)];
  yield row('', `ends ${notAfter.slice(0, 10)}`, ...said);
  yield row('', fingerprint);
}

function saidOf(
  { revocation, revokedAt, revocationReason, learntAt, goodUntil }: Outside,
  nowMs: number,
): string {
  if (revocation === 'revoked') return `revoked ${revokedAt?.slice(0, 10)} (${revocationReason})`;
  if (revocation === 'not named') return 'names no place that says whether it is revoked';
  if (revocation === 'unknown' || learntAt === undefined) return 'whether it is revoked is not known';
  return `not revoked, learnt ${formatAge(nowMs - Date.parse(learntAt))}, good until ${goodUntil?.slice(0, 16)}Z`;
}

function* issuerRows(issuer: Issuer, nowMs: number): Iterable<Row> {
  const { label, current, subject, fingerprint, serial, notBefore, notAfter, key } = issuer;
  const { revokedAt, revocationReason } = issuer;
  const state =
    revokedAt === undefined ? issuer.state : `revoked ${revokedAt.slice(0, 10)} (${revocationReason})`;
  const left = formatRemaining(new Date(notAfter).getTime() - nowMs);
  yield row(label, subject, current ? 'in use' : 'of before');
  yield row('', `valid ${notBefore.slice(0, 10)} to ${notAfter.slice(0, 10)}`, `${left} left`, state);
  yield row('', `key ${key}`, keyPlace(issuer));
  yield row('', fingerprint);
  yield row('', `serial ${serial}`);
  if (issuer.permitted.length > 0) yield row('', `permitted: ${issuer.permitted.join(', ')}`);
  if (issuer.excluded.length > 0) yield row('', `excluded: ${issuer.excluded.join(', ')}`);
}

function keyPlace({ keyPlace: place, keyFile, keySince }: Issuer): string {
  if (place === 'here') return 'here, in the keystore';
  if (place === 'gone') return 'not here';
  return `offline since ${formatTime(new Date(keySince ?? 0))}, in ${keyFile ?? ''}`;
}
