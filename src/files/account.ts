import { accountName } from './libc.ts';

/** The name of a user, undefined for a number without one. Asked of the system (NSS) once for each number. */
export function userName(uid: number): string | undefined {
  return lookUp(users, 'getpwuid', uid);
}

/** The name of a group, undefined for a number without one. Asked of the system (NSS) once for each number. */
export function groupName(gid: number): string | undefined {
  return lookUp(groups, 'getgrgid', gid);
}

const users = new Map<number, string | undefined>();
const groups = new Map<number, string | undefined>();

function lookUp(
  known: Map<number, string | undefined>,
  kind: 'getpwuid' | 'getgrgid',
  id: number,
): string | undefined {
  if (!known.has(id)) known.set(id, accountName(kind, id));
  return known.get(id);
}
