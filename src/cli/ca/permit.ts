import { withAdmin } from '../home/administering.ts';
import { addRules, exactlyOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast ca permit NAMES` */
export const word: Word = {
  define: (command) => {
    addRules(command, exactlyOne('names', '--none'));
    command
      .description(
        'say which host names and addresses may be certified from now on, in a new issuing certificate that the root signs',
      )
      .argument('[names...]', 'domains and address ranges, e.g. example.com,10.0.0.0/8')
      .option('--none', 'restrict nothing any longer')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca permit example.com 10.0.0.0/8\n  holdfast ca permit --none\n',
      );
  },
  run: permitNames,
};

/** `holdfast ca permit`: which names may be certified from now on; none of them lifts every restriction. */
async function permitNames(context: Context, names: readonly string[]): Promise<Answer> {
  const issuer = await withAdmin(context, (admin) => admin.call('ca.permit', { names: [...names] }));
  return {
    value: issuer,
    rows: [
      row('issuing', issuer.label, `valid to ${issuer.notAfter.slice(0, 10)}`),
      row('permitted', issuer.permitted.join(', ') || 'any name'),
    ],
  };
}
