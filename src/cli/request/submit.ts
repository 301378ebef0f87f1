import { Option } from 'commander';
import { roles } from '../../pki/index.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Word } from '../word.ts';
import { submit } from './submitting-requests.ts';

/** `holdfast request submit FILE|NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--fingerprint', '--root'));
    addServerOptions(command)
      .description('hand a request in at a server of a network, where a person or a join code decides on it')
      .argument('<file-or-name>', 'the friendly name of a pending request, or a file: PEM, DER or PKCS#7')
      .addOption(new Option('--profile <role>', 'what the certificate is to be for').choices(roles))
      .option('--name <name>', 'what the node is to be called (default: from the common name)')
      .option('--code <code>', 'a join code, which decides at once; - for one that is asked for, or on stdin')
      .addHelpText('after', examples);
  },
  run: submit,
};

/** Adds the options that say which server, and how it is known. */
export function addServerOptions<T extends import('commander').Command>(command: T): T {
  return command
    .option(
      '--server <url>',
      'the enrolment listener, e.g. https://vault.example:8444 (default: of this network)',
    )
    .option('--fingerprint <sha256>', 'of the root of its network, as its administrator says it')
    .option('--root <file>', 'the root of its network');
}

const examples = `
A machine that has joined knows its server. A stranger says whom to believe: the fingerprint of the root, or its file.

Examples:
  holdfast request submit vault.example --server https://vault.example:8444 --fingerprint SHA256:4f:1c:…
  holdfast request submit vault.csr --profile server --name web
`;
