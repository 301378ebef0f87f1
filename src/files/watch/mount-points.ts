/** What is mounted where in the eyes of this process (proc(5)). */
export const mountInfoFile = '/proc/self/mountinfo';

/** Each mount of `/proc/self/mountinfo` (proc(5)), which is read as latin1: its number, a space, and where it is, raw. */
export function mountPoints(text: string): ReadonlySet<string> {
  return new Set(
    text
      .split('\n')
      .map((line) => line.split(' '))
      .filter((fields) => fields.length > mountPointField)
      .map((fields) => `${fields[0]} ${unescape(fields[mountPointField] ?? '')}`),
  );
}

const mountPointField = 4;

/** Spaces, tabs, line ends and backslashes are `\040` and the like. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
