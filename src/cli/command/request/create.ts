import { Option } from 'commander';
import { roles } from '../../../pki/index.ts';
import type { RequestCreateOptions } from '../../creating-requests.ts';
import type { DefineCommand } from '../../define-command.ts';
import { RepeatableOption } from '../../repeatable-option.ts';
import { addRules, atMostOne, needs } from '../../word-rules.ts';
import { addServerOptions } from './submit.ts';

/** `holdfast request create` */
export const defineRequestCreate: DefineCommand = (command, start) => {
  addRules(
    command,
    atMostOne('--submit', '--out'),
    atMostOne('--submit', '--force'),
    ...['--name', '--code', '--server', '--fingerprint', '--root'].map((word) => needs(word, '--submit')),
    atMostOne('--fingerprint', '--root'),
  );
  addServerOptions(command)
    .summary('make a key and a certificate request for it')
    .description(
      'make a key and a certificate request for it; asks on a terminal, unless --cn or --names is given',
    )
    .option('--friendly-name <name>', 'what the request is called on this machine (default: the common name)')
    .option('--key <kind>', 'p256, p384, p521, ed25519, rsa2048, rsa3072 or rsa4096 (default: p256)')
    .option('--cn <name>', 'common name (default: the first of --names)')
    .option('--o <name>', 'organisation')
    .option('--ou <name>', 'organisational unit')
    .option('--l <city>', 'city')
    .option('--st <state>', 'state or province')
    .option('--c <country>', 'country, two letters')
    .option('--email <address>', 'mail address')
    .addOption(
      new RepeatableOption(
        '--names <list>',
        'host names and addresses, with commas (default: the common name, where it is one)',
      ),
    )
    .option('--out <file>', 'where the request goes (default: FRIENDLY-NAME.csr)')
    .option('--force', 'write over a file that is there')
    .option('--submit', 'hand it in at once instead of saving it for later')
    .addOption(new Option('--profile <role>', 'what it is to be for').choices(roles))
    .option('--name <name>', 'what the node is to be called (default: from the common name)')
    .option('--code <code>', 'a join code, which decides at once; - for one that is asked for, or on stdin')
    .addHelpText('after', examples)
    .action(async (options: RequestCreateOptions) => {
      const { createRequest } = await import('../../creating-requests.ts');
      await createRequest(start(command), options);
    });
};

const examples = `
The key stays in this machine's keystore, pending, until its certificate comes: holdfast request complete FILE.

Examples:
  holdfast request create
  holdfast request create --names vault.example,192.0.2.7 --o 'Example Ltd' --c DE --key rsa3072 --out vault.csr
  holdfast request create --cn laptop --profile client --submit --server https://vault.example:8444 --fingerprint SHA256:4f:1c:…
`;
