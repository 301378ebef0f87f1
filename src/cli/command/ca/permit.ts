import type { DefineCommand } from '../../define-command.ts';
import { addRules, exactlyOne } from '../../word-rules.ts';

/** `holdfast ca permit NAMES` */
export const defineCaPermit: DefineCommand = (command, start) => {
  addRules(command, exactlyOne('names', '--none'));
  command
    .summary('say which names may be certified')
    .description(
      'say which host names and addresses may be certified from now on, in a new issuing certificate that the root signs',
    )
    .argument('[names...]', 'domains and address ranges, e.g. example.com,10.0.0.0/8')
    .option('--none', 'restrict nothing any longer')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast ca permit example.com 10.0.0.0/8\n  holdfast ca permit --none\n',
    )
    .action(async (names: readonly string[]) => {
      const { permitNames } = await import('../../permitting-names.ts');
      await permitNames(start(command), names);
    });
};
