import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Where a system says what is to be mounted, and what is. */
export interface MountTables {
  /** fstab(5) */
  readonly fstab: string;
  /** proc_pid_mountinfo(5) */
  readonly mountinfo: string;
}

const ofThisSystem: MountTables = { fstab: '/etc/fstab', mountinfo: '/proc/self/mountinfo' };

/**
 * The directory at or above `path` on which the system's table has a disk, and none is mounted: what is not found below it
 * may be on that disk. Undefined when there is none, or no such tables.
 */
export async function missingMount(path: string, tables = ofThisSystem): Promise<string | undefined> {
  const [wanted, mounted] = await Promise.all([column(tables.fstab, 1), column(tables.mountinfo, 4)]);
  if (mounted.length === 0) return undefined;
  const above = await directoriesAbove(path);
  return above.find((each) => wanted.includes(each) && !mounted.includes(each));
}

/** From `path`, as it is in truth as far as it is there, up to the directory before the root. */
async function directoriesAbove(path: string): Promise<string[]> {
  const found: string[] = [];
  let at = await inTruth(path);
  for (; at !== dirname(at); at = dirname(at)) found.push(at);
  return found;
}

async function inTruth(path: string): Promise<string> {
  const above = dirname(path);
  return await realpath(path).catch(async () =>
    above === path ? path : join(await inTruth(above), basename(path)),
  );
}

async function column(file: string, index: number): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const rows = text.split('\n').filter((line) => !line.startsWith('#'));
  return rows.flatMap((line) => line.trim().split(/\s+/)[index] ?? []).map(unescaped);
}

/** Both tables write a space, a tab, a line end and a backslash as three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
