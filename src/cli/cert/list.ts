import { InvalidArgumentError, Option } from 'commander';
import { roles } from '../../pki/index.ts';
import { parseDuration } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { listCertificates } from './certificates.ts';

/** `holdfast cert list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the certificates that were issued, the newest first')
      .addOption(new Option('--role <role>', 'only of this role').choices(roles))
      .option('--name <name>', 'only of the node with this name')
      .addOption(new Option('--state <state>', 'only these').choices(['valid', 'expired', 'revoked']))
      .option(
        '--expiring <duration>',
        'only those that end so soon and are not renewed yet, the soonest first; e.g. 30d',
        duration,
      )
      .option('--search <text>', 'only what begins so: serial number, fingerprint, name or host name')
      .option('--limit <n>', 'how many at most (default: 1000)', parseLimit)
      .addHelpText('after', examples);
  },
  run: listCertificates,
};

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('expected a number and s, m, h, d or w, e.g. 30d');
  return ms;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100_000) return limit;
  throw new InvalidArgumentError('expected a number from 1 to 100000');
}

const examples = `
Examples:
  holdfast cert list
  holdfast cert list --expiring 30d
  holdfast cert list --role client --state revoked
  holdfast cert list --search nas.example --json
`;
