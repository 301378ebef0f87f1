import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { HoldfastError, isSystemError } from '../../base/index.ts';

/** Where web servers have what they give to everybody, as they are installed. */
const webRoots = [
  '/var/www',
  '/srv/www',
  '/srv/http',
  '/usr/share/nginx/html',
  '/usr/local/www',
  '/usr/share/httpd/noindex',
  '/var/lib/tomcat/webapps',
];
/** What such folders are called anywhere. */
const webNames: ReadonlySet<string> = new Set(['wwwroot', 'htdocs', 'public_html', 'www-data', 'webroot']);

/**
 * Refuses a folder that is inside one which is served to others: what lies there can be fetched by everybody. `served` are the
 * folders that this machine itself serves.
 * @throws HoldfastError `site_folder_served`
 */
export async function checkNotServed(path: string, served: readonly string[]): Promise<void> {
  const real = await realPath(path);
  const within = [...webRoots, ...served];
  const folders = await Promise.all(within.map((folder) => realPath(folder)));
  const found = folders.find((folder) => isInside(real, folder)) ?? webAncestor(real);
  if (found === undefined) return;
  throw new HoldfastError('site_folder_served', `${path} is inside ${found}, which is served to others`);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

function webAncestor(path: string): string | undefined {
  if (webNames.has(basename(path).toLowerCase())) return path;
  return dirname(path) === path ? undefined : webAncestor(dirname(path));
}

/** Where a path really leads, through links; what is not there yet, or may not be looked into, is where it would be. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const whole = resolve(path);
    return dirname(whole) === whole ? whole : join(await realPath(dirname(whole)), basename(whole));
  }
}
