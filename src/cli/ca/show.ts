import type { OperationAnswer } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { formatRemaining, formatTime } from '../terminal/format.ts';
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
export async function showCa(context: Context): Promise<void> {
  const { output } = context;
  const ca = await askAdmin(context, (admin) => admin.call('ca.show', {}));
  if (output.json) return output.value(ca);
  output.row('authority', ca.network, `epoch ${ca.epoch}`, ca.standing);
  if (ca.clock !== null) output.warn(ca.clock);
  for (const sentence of ca.copies ?? []) output.warn(sentence);
  for (const issuer of ca.certificates) sayIssuer(context, issuer);
}

function sayIssuer({ output, clock }: Context, issuer: Issuer): void {
  const { label, current, subject, fingerprint, serial, notBefore, notAfter, key } = issuer;
  const { revokedAt, revocationReason } = issuer;
  const state =
    revokedAt === undefined ? issuer.state : `revoked ${revokedAt.slice(0, 10)} (${revocationReason})`;
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  output.row(label, subject, current ? 'in use' : 'of before');
  output.row('', `valid ${notBefore.slice(0, 10)} to ${notAfter.slice(0, 10)}`, `${left} left`, state);
  output.row('', `key ${key}`, keyPlace(issuer));
  output.row('', fingerprint);
  output.row('', `serial ${serial}`);
  if (issuer.permitted.length > 0) output.row('', `permitted: ${issuer.permitted.join(', ')}`);
  if (issuer.excluded.length > 0) output.row('', `excluded: ${issuer.excluded.join(', ')}`);
}

function keyPlace({ keyPlace: place, keyFile, keySince }: Issuer): string {
  if (place === 'here') return 'here, in the keystore';
  if (place === 'gone') return 'not here';
  return `offline since ${formatTime(new Date(keySince ?? 0))}, in ${keyFile ?? ''}`;
}
