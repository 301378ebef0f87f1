import { type StoredSnapshot, snapshotTime } from '../repository/index.ts';
import { formatTime } from './format.ts';
import type { Output } from './output.ts';

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
