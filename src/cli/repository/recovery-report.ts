import type { Connection, EscrowedRepository, EscrowProof } from '../../agent/index.ts';
import { kitEscrowLine } from '../../enrol/index.ts';
import type { StoredSnapshot } from '../../repository/index.ts';
import type { Context } from '../program/context.ts';
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
export function sayFound({ output }: Context, { connection, found, snapshots, reissued }: Recovery): void {
  const { repository, fingerprint, proof } = found;
  const newest = snapshots.at(-1);
  const { role, name, network } = connection.node.identity;
  const ended = reissued ? ['older certificates of this name are revoked'] : [];
  output.row(role, 'enrolled', `${name} of ${network}`, ...ended);
  output.row('found', plural(snapshots.length, 'snapshot'));
  if (newest !== undefined) {
    const from = newest.hostname === undefined ? [] : [`of ${newest.hostname}`];
    output.row('newest', newest.id.slice(0, 8), formatTime(timeOf(newest)), ...from, newest.paths.join(', '));
  }
  output.row('sealed', fingerprint, saidOf[proof]);
  if (proof === 'known') return;
  output.warn(
    `only the server says that this is of ${name}: whoever has the server could have made password and repository ${repository.id.slice(0, 8)}`,
  );
}

const saidOf: Readonly<Record<EscrowProof, string>> = {
  known: 'as it is known',
  none: 'nothing proves it',
  contradicted: 'NOT what is known',
};

/** That this machine has its repository again. */
export function sayRecovered(
  { output }: Context,
  { connection: { node, server }, location, found, snapshots }: Recovery,
): void {
  const { repository, fingerprint, proof } = found;
  const { network, role, name } = node.identity;
  const newest = snapshots.at(-1);
  if (output.json) {
    return output.value({
      network,
      role,
      name,
      server,
      certificate: { serial: node.certificate.serial, notAfter: node.certificate.notAfter.toISOString() },
      repository: repository.id,
      escrow: { fingerprint, proof },
      snapshots: snapshots.length,
      newest: newest && { id: newest.id, time: timeOf(newest).toISOString(), paths: newest.paths },
    });
  }
  output.row('repository', 'opened with the recovery kit', location, 'this machine has a key of its own now');
  if (proof !== 'known')
    output.row('kit', 'write on it', kitEscrowLine({ node: `${role}/${name}`, fingerprint }));
  output.row('next', newest === undefined ? 'holdfast backup PATH' : 'holdfast restore latest --target DIR');
}

function timeOf({ timeNs }: StoredSnapshot): Date {
  return new Date(Number(timeNs / 1_000_000n));
}
