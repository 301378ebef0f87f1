import { InvalidArgumentError } from 'commander';
import { newestRecords, type OperationAnswer, type OperationInput } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime, momentOf } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast audit list` */
export const word: Word = {
  define: (command) => {
    command
      .description("list what the authority's log says was decided, and refused, the newest first")
      .option('--kind <kind>', 'only records of this kind, e.g. issued, revoked, refused')
      .option('--by <who>', 'only what this one did, e.g. admin/local, client/laptop')
      .option('--since <time>', 'not before: a date, a time, or how long ago, e.g. 2026-11-21, 7d')
      .option('--until <time>', 'not after')
      .option('--limit <n>', 'how many at most (default: 100)', parseLimit)
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast audit list --kind refused --since 7d\n  holdfast audit list --by admin/local --json\n',
      );
  },
  run: listAudit,
};

function parseLimit(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 1');
}

/** What `audit list` takes. */
export interface AuditListOptions {
  readonly kind?: string;
  readonly by?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
}

type LogRecord = OperationAnswer<'audit.list'>['records'][number];
type Filter = Omit<OperationInput<'audit.list'>, 'before' | 'limit'>;

const defaultLimit = 100;
const maxShown = 64;

/** `holdfast audit list`: what was decided, the newest first. */
async function listAudit(context: Context, options: AuditListOptions): Promise<Answer> {
  const { clock } = context;
  const { kind, by, since, until, limit = defaultLimit } = options;
  const filter = {
    ...(kind !== undefined && { kind: kind as NonNullable<Filter['kind']> }),
    by,
    since: since && momentOf(since, clock.now()),
    until: until && momentOf(until, clock.now()),
  };
  const records = await askAdmin(context, (admin) => newestRecords(admin, filter, limit));
  return {
    value: records,
    rows: [
      table(
        [
          { heading: 'No.', align: 'right' },
          { heading: 'Time' },
          { heading: 'What' },
          { heading: 'By' },
          { heading: 'Details', shrink: true },
        ],
        records.map(({ sequence, at, kind: what, by: who, details }) => [
          String(sequence),
          formatTime(new Date(at)),
          what,
          who,
          describe(details),
        ]),
        'no record was found',
      ),
    ],
  };
}

function describe(details: LogRecord['details']): string {
  return Object.entries(details)
    .map(([key, value]) => `${key}=${shorten(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(' ');
}

/** In a table, that is; --json has all of it. */
function shorten(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
