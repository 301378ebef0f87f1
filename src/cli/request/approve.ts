import { Option } from 'commander';
import { RepeatableOption } from '../options/repeatable-option.ts';
import type { Word } from '../word.ts';
import { approveRequest } from './deciding-requests.ts';
import { requestId } from './request-id.ts';

/** `holdfast request approve ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('issue the certificate that a request asks for, or one that says less')
      .argument('<id>', 'its number in request list', requestId)
      .option('--name <name>', 'what the node is called, instead of what was asked')
      .addOption(
        new Option('--profile <role>', 'the role it has, instead of what was asked').choices([
          'server',
          'storage',
          'client',
          'admin',
        ]),
      )
      .addOption(new RepeatableOption('--names <list>', 'only these of the names it asks for; none for none'))
      .addHelpText('after', examples);
  },
  run: approveRequest,
};

const examples = `
Examples:
  holdfast request approve 3
  holdfast request approve 3 --name vault --names vault.example.com
  holdfast request approve 4 --profile client --names none
`;
