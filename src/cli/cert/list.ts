import { InvalidArgumentError, Option } from 'commander';
import type { OperationAnswer } from '../../admin/index.ts';
import { parseIdentityUri, type Role, roles } from '../../pki/index.ts';
import { askAdmin, collectPages } from '../home/administering.ts';
import { parseDurationOption } from '../options/duration-option.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, table } from '../terminal/answer.ts';
import { formatRemaining, formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

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
        parseDurationOption,
      )
      .option('--search <text>', 'only what begins so: serial number, fingerprint, name or host name')
      .option('--limit <n>', 'how many at most (default: 1000)', parseLimit)
      .addHelpText('after', examples);
  },
  run: listCertificates,
};

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

type CertificateView = OperationAnswer<'cert.show'>;

const defaultLimit = 1000;

/** What `cert list` is narrowed down by. */
interface CertificateListOptions {
  readonly role?: Role;
  readonly name?: string;
  readonly state?: 'valid' | 'expired' | 'revoked';
  /** Milliseconds. */
  readonly expiring?: number;
  readonly search?: string;
  readonly limit?: number;
}

/** `holdfast cert list`: what the authority has issued. */
async function listCertificates(context: Context, options: CertificateListOptions): Promise<Answer> {
  const { clock } = context;
  const filter = filterOf(options);
  const certificates = await askAdmin(context, (admin) =>
    collectPages<CertificateView>(
      ({ after, limit }) => admin.call('cert.list', { ...filter, after: after?.serial, limit }),
      options.limit ?? defaultLimit,
    ),
  );
  return { value: certificates, rows: certificateTable(certificates, clock.now()) };
}

function* certificateTable(certificates: readonly CertificateView[], nowMs: number): Iterable<Row> {
  yield table(
    [
      { heading: 'Serial' },
      { heading: 'Identity', shrink: true },
      { heading: 'Valid from' },
      { heading: 'Ends in', align: 'right' },
      { heading: 'State' },
    ],
    certificates.map(({ serial, identity, notBefore, notAfter, state }) => [
      serial.slice(0, 16),
      shortIdentity(identity),
      formatTime(new Date(notBefore)),
      formatRemaining(new Date(notAfter).getTime() - nowMs),
      state,
    ]),
    'no certificate was found',
  );
}

/** `client/laptop`: the network is the same for all of them, and a terminal narrow. */
function shortIdentity(uri = ''): string {
  const identity = parseIdentityUri(uri);
  return identity === undefined ? uri : `${identity.role}/${identity.name}`;
}

/** The options of every command (`--json`) come along with those of this one. */
function filterOf({ role, name, state, expiring, search }: CertificateListOptions) {
  return {
    role,
    name,
    state,
    expiringWithinMs: expiring,
    search,
  };
}
