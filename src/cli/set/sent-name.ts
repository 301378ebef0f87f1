import type { readSentSets } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';

/** @throws HoldfastError `set_unknown` for a name that the server does not send, and that was not refused */
export function checkIsSent(
  { sets, unread, refused }: Awaited<ReturnType<typeof readSentSets>>,
  name: string,
): void {
  const names = [...new Set([...sets.map((set) => set.name), ...unread, ...refused])];
  if (names.includes(name)) return;
  const those = names.length === 0 ? 'none' : names.join(', ');
  throw new HoldfastError(
    'set_unknown',
    `the server sends this machine no set ${JSON.stringify(name.slice(0, 80))}, but ${those}`,
    { hint: 'holdfast set sent shows what it sends' },
  );
}
