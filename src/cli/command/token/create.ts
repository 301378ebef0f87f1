import { InvalidArgumentError, Option } from 'commander';
import type { DefineCommand } from '../../define-command.ts';
import { parseDuration } from '../../format.ts';

interface TokenOptions {
  readonly role: 'client' | 'storage' | 'admin';
  readonly expires?: number;
  readonly reissue?: boolean;
}

/** `holdfast token create NAME` */
export const defineTokenCreate: DefineCommand = (command, start) => {
  command
    .summary('make a one-time join code')
    .description('make a one-time join code for one role and one name')
    .argument('<name>', 'name of the machine in the network, e.g. laptop')
    .addOption(
      new Option('--role <role>', 'what it may be').choices(['client', 'storage', 'admin']).default('client'),
    )
    .option(
      '--expires <duration>',
      'how long the code can be used, e.g. 90m, 24h, 7d (default: 24h)',
      duration,
    )
    .option('--reissue', 'for a name that was issued before: the same identity on another machine')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast token create laptop\n  holdfast token create nas --expires 1h\n',
    )
    .action(async (name: string, options: TokenOptions) => {
      const { createToken } = await import('../../creating-tokens.ts');
      await createToken(start(command), name, options);
    });
};

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('expected a number and s, m, h, d or w, e.g. 24h');
  return ms;
}
