import type { Connection, EscrowedRepository, EscrowProof } from '../../agent/index.ts';
import { kitEscrowLine } from '../../enrol/index.ts';
import type { StoredSnapshot } from '../../repository/index.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { formatTime, plural } from '../terminal/format.ts';

/** What is said of a recovery. */
export interface Recovery {
  readonly connection: Connection;
  /** Where the repository is. */
  readonly location: string;
  readonly found: EscrowedRepository;
  /** All of the repository, the oldest first. */
  readonly snapshots: readonly StoredSnapshot[];
  /** Whether a reissue code was used, which ends what this name had before. */
  readonly reissued: boolean;
}

/** What the kit opened, before anything of it is kept. */
export function* foundRows({ connection, found, snapshots, reissued }: Recovery): Iterable<Row> {
  const { repository, fingerprint, proof } = found;
  const newest = snapshots.at(-1);
  const { role, name, network } = connection.node.identity;
  const ended = reissued ? ['older certificates of this name are revoked'] : [];
  yield row(role, 'enrolled', `${name} of ${network}`, ...ended);
  yield row('found', plural(snapshots.length, 'snapshot'));
  if (newest !== undefined) {
    const from = newest.hostname === undefined ? [] : [`of ${newest.hostname}`];
    yield row('newest', newest.id.slice(0, 8), formatTime(timeOf(newest)), ...from, newest.paths.join(', '));
  }
  yield row('sealed', fingerprint, saidOf[proof]);
  if (proof === 'known') return;
  yield warning(
    `only the server says that this is of ${name}: whoever has the server could have made password and repository ${repository.id.slice(0, 8)}`,
  );
}

const saidOf: Readonly<Record<EscrowProof, string>> = {
  known: 'as it is known',
  none: 'nothing proves it',
  contradicted: 'NOT what is known',
};

/** That this machine has its repository again. */
export function recoveredAnswer(recovery: Recovery): Answer {
  const { connection, found, snapshots } = recovery;
  const { node, server } = connection;
  const { network, role, name } = node.identity;
  const newest = snapshots.at(-1);
  const value = {
    network,
    role,
    name,
    server,
    certificate: { serial: node.certificate.serial, notAfter: node.certificate.notAfter.toISOString() },
    repository: found.repository.id,
    escrow: { fingerprint: found.fingerprint, proof: found.proof },
    snapshots: snapshots.length,
    newest: newest && { id: newest.id, time: timeOf(newest).toISOString(), paths: newest.paths },
  };
  return { value, rows: recoveredRows(recovery) };
}

function* recoveredRows({ connection, location, found, snapshots }: Recovery): Iterable<Row> {
  const { fingerprint, proof } = found;
  const { role, name } = connection.node.identity;
  yield row('repository', 'opened with the recovery kit', location, 'this machine has a key of its own now');
  if (proof !== 'known')
    yield row('kit', 'write on it', kitEscrowLine({ node: `${role}/${name}`, fingerprint }));
  yield row('next', snapshots.length === 0 ? 'holdfast backup PATH' : 'holdfast restore latest --target DIR');
}

function timeOf({ timeNs }: StoredSnapshot): Date {
  return new Date(Number(timeNs / 1_000_000n));
}
