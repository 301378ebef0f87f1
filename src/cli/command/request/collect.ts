import type { CollectOptions } from '../../collecting-requests.ts';
import type { DefineCommand } from '../../define-command.ts';
import { addRules, atMostOne } from '../../word-rules.ts';
import { addServerOptions } from './submit.ts';

/** `holdfast request collect [HANDLE|NAME]` */
export const defineRequestCollect: DefineCommand = (command, start) => {
  addRules(command, atMostOne('--fingerprint', '--root'));
  addServerOptions(command)
    .summary('collect the certificate of a request that was handed in')
    .description('collect the certificate of a request that was handed in, once it is approved')
    .argument('[handle-or-name]', 'of the request (default: the one that was handed in from here)')
    .option('--out <file>', 'also write the certificate and what leads to the root, in PEM')
    .addHelpText('after', examples)
    .action(async (what: string | undefined, options: CollectOptions) => {
      const { collect } = await import('../../collecting-requests.ts');
      await collect(start(command), what, options);
    });
};

const examples = `
Examples:
  holdfast request collect
  holdfast request collect vault.example --out vault.pem
`;
