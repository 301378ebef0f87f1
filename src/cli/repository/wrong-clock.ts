import type { Clock } from '../../base/index.ts';
import { type StoredSnapshot, snapshotTime } from '../../repository/index.ts';
import { formatTime } from '../terminal/format.ts';
import type { Output } from '../terminal/output.ts';

/** Names a snapshot whose time cannot be right, and says what is made of it. */
export function warnOfFuture({ output }: { readonly output: Output }, snapshot: StoredSnapshot): void {
  const { id, hostname = 'its machine', arrivedMs } = snapshot;
  const said = `snapshot ${id.slice(0, 8)} says ${formatTime(snapshotTime(snapshot))}`;
  const clock = `the clock of ${hostname} was ahead`;
  output.warn(
    arrivedMs === undefined
      ? `${said}, which is yet to come: ${clock}, and it is never the latest; name it by its id`
      : `${said} and arrived ${formatTime(new Date(arrivedMs))}: ${clock}, and it counts from when it arrived`,
  );
}

/**
 * Names to who backs up a snapshot that is yet to come where nobody knows when it arrived: then this clock may be the wrong
 * one, and nobody will be able to tell later.
 */
export function warnOfOwnClock(
  { output, clock }: { readonly output: Output; readonly clock: Clock },
  snapshot: StoredSnapshot,
): void {
  const { id, hostname = 'its machine', arrivedMs } = snapshot;
  if (arrivedMs !== undefined) return;
  output.warn(
    `snapshot ${id.slice(0, 8)} of ${hostname} says ${formatTime(snapshotTime(snapshot))}, this machine ${formatTime(new Date(clock.now()))}: ` +
      'one of the two clocks is wrong; if it is this one, set it and back up again, or this backup may count as older than it is',
  );
}
