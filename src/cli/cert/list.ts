import { Option } from 'commander';
import { collectPages, type OperationAnswer } from '../../admin/index.ts';
import { parseIdentityUri, type Role, roles } from '../../pki/index.ts';
import { askAdmin } from '../home/administering.ts';
import { parseDurationOption, parseLimit } from '../options/option-values.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, table } from '../terminal/answer.ts';
import { formatRemaining, formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast cert list` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atMostOne('--imported', '--role'),
      atMostOne('--imported', '--name'),
      atMostOne('--imported', '--expiring'),
    );
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
      .option(
        '--imported',
        'what the root had issued before ca adopt; --search takes any part of the subject too',
      )
      .option('--limit <n>', 'how many at most (default: 1000)', parseLimit)
      .addHelpText('after', examples);
  },
  run: listCertificates,
};

const examples = `
Examples:
  holdfast cert list
  holdfast cert list --expiring 30d
  holdfast cert list --role client --state revoked
  holdfast cert list --search nas.example --json
  holdfast cert list --imported --state valid
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
  readonly imported?: boolean;
}

/** `holdfast cert list`: what the authority has issued. */
async function listCertificates(context: Context, options: CertificateListOptions): Promise<Answer> {
  const { clock } = context;
  if (options.imported === true) return await listImported(context, options);
  const filter = filterOf(options);
  const certificates = await askAdmin(context, (admin) =>
    collectPages<CertificateView>(
      ({ after, limit }) => admin.call('cert.list', { ...filter, after: after?.serial, limit }),
      options.limit ?? defaultLimit,
    ),
  );
  return { value: certificates, rows: certificateTable(certificates, clock.now()) };
}

type ImportedView = OperationAnswer<'cert.imported'>[number];

/** `holdfast cert list --imported`: what the root had issued before. */
async function listImported(
  context: Context,
  { state, search, limit: wanted = defaultLimit }: CertificateListOptions,
): Promise<Answer> {
  const imported = await askAdmin(context, (admin) =>
    collectPages<ImportedView>(
      ({ after, limit }) => admin.call('cert.imported', { state, search, after: after?.id, limit }),
      wanted,
    ),
  );
  return { value: imported, rows: importedTable(imported, context.clock.now()) };
}

function* importedTable(imported: readonly ImportedView[], nowMs: number): Iterable<Row> {
  yield table(
    [
      { heading: 'Serial' },
      { heading: 'Subject', shrink: true },
      { heading: 'Ends in', align: 'right' },
      { heading: 'State' },
    ],
    imported.map(({ serial, subject, notAfter, state, revocationReason }) => [
      serial,
      subject ?? '',
      notAfter === null ? 'not known' : formatRemaining(new Date(notAfter).getTime() - nowMs),
      revocationReason === null ? state : `${state} (${revocationReason})`,
    ]),
    'no certificate of before was found',
  );
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
