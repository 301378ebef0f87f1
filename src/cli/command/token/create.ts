import { InvalidArgumentError, Option } from 'commander';
import type { TokenRequest } from '../../creating-tokens.ts';
import type { DefineCommand } from '../../define-command.ts';
import { parseDuration } from '../../format.ts';
import { RepeatableOption } from '../../repeatable-option.ts';

const roles = ['client', 'storage', 'server', 'admin'];

/** `holdfast token create NAME|PATTERN` */
export const defineTokenCreate: DefineCommand = (command, start) => {
  command
    .summary('make a join code')
    .description('make a join code for one role and one name, or for several names of a pattern')
    .argument('<name>', "name of the machine in the network, e.g. laptop, or a pattern such as 'web-*'")
    .addOption(new Option('--role <role>', 'what it may be').choices(roles).default('client'))
    .option('--uses <n>', 'how many machines may use the code of a pattern (default: 1)', parseUses)
    .addOption(new RepeatableOption('--names <list>', 'host names and addresses of a server or storage node'))
    .option(
      '--expires <duration>',
      'how long the code can be used, e.g. 90m, 24h, 7d (default: 24h)',
      duration,
    )
    .option('--reissue', 'for a name that was issued before: the same identity on another machine')
    .addHelpText('after', examples)
    .action(async (name: string, options: TokenRequest) => {
      const { createToken } = await import('../../creating-tokens.ts');
      await createToken(start(command), name, options);
    });
};

function parseUses(text: string): number {
  const uses = Number(text);
  if (Number.isInteger(uses) && uses >= 1 && uses <= 100_000) return uses;
  throw new InvalidArgumentError('expected a number from 1 to 100000');
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0)
    throw new InvalidArgumentError('expected a number and s, m, h, d or w, e.g. 24h');
  return ms;
}

const examples = `
Examples:
  holdfast token create laptop
  holdfast token create 'web-*' --uses 10 --expires 7d
  holdfast token create nas --role storage --names nas.example,192.0.2.5
  holdfast token create --reissue laptop
`;
