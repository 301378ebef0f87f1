import { Argument, InvalidArgumentError } from 'commander';
import type { OperationAnswer } from '../../admin/index.ts';
import { resultWords } from '../job/job-rows.ts';
import { note, type Row, row, warning } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';

/** A grant as the admin API has it. */
export type GrantView = OperationAnswer<'grant.show'>;

/** A grant in lines. */
export function* grantRows(grant: GrantView): Iterable<Row> {
  const { id, from, to, by, created, expires, certificate, sealed, revoked, job, path } = grant;
  yield row('grant', String(id), `${to} reads ${whatText(grant)}`);
  yield row('state', grant.state, `until ${formatTime(new Date(expires))}`);
  yield row('created', formatTime(new Date(created)), `by ${by}`);
  if (sealed !== undefined)
    yield row('sealed', formatTime(new Date(sealed)), `to the certificate ${certificate} of ${to}`);
  else if (job !== undefined)
    yield row('waits', `for the agent of ${from}`, `job ${job.id}`, job.state, ...resultWords(job));
  if (revoked !== undefined) yield row('revoked', formatTime(new Date(revoked.at)), `by ${revoked.by}`);
  if (grant.state === 'waiting' || grant.state === 'open') {
    yield note(`on ${to}: holdfast restore latest --grant ${from} --target DIR`);
    if (path === undefined)
      yield warning(
        `${to} gets the key of all that ${from} has saved and will save: revoking ends what it may fetch, not what it knows; --path grants a copy of one folder, with a key of its own`,
      );
  }
}

/** `all of web`, `/etc of web`. */
export function whatText({ from, path = 'all' }: Pick<GrantView, 'from' | 'path'>): string {
  return `${path} of ${from}`;
}

/** The argument that names a grant. */
export function grantArgument(): Argument {
  return new Argument('<id>', 'its number, as grant list shows it').argParser(parseId);
}

function parseId(text: string): number {
  const id = Number(text);
  if (/^\d{1,9}$/.test(text) && id >= 1) return id;
  throw new InvalidArgumentError('expected a number of grant list');
}
