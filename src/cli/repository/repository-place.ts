import { HoldfastError } from '../../base/index.ts';
import { localPath, placeKind } from '../files/local-path.ts';

/** Where a repository is that `--repo` names. */
export type RepositoryPlace =
  | { readonly kind: 'directory'; readonly path: string }
  /** `https://HOST:PORT/PATH`. */
  | { readonly kind: 'server'; readonly url: string };

/**
 * Reads `--repo`: a folder, or a repository at a server by `https://…`, also as restic writes it, `rest:https://…`.
 * @throws HoldfastError `usage` for every other kind of place
 */
export function repositoryPlace(from: string, text: string): RepositoryPlace {
  const url = text.replace(/^rest:(?=https:)/i, '');
  if (/^https:/i.test(url) && URL.canParse(url)) return { kind: 'server', url };
  // `host:path` is how ssh, scp and rclone write one.
  if (!text.split('/', 1)[0]?.includes(':')) return { kind: 'directory', path: localPath(from, text) };
  const message = `--repo names ${placeKind(text)}: expected a folder of this machine, or https://HOST:PORT/PATH`;
  throw new HoldfastError('usage', message, { hint: 'for a folder of exactly that name put ./ before it' });
}

/**
 * The URL of a repository at a server, as `--repo` names it where nothing else will do.
 * @throws HoldfastError `usage`
 */
export function repositoryUrl(from: string, text: string): string {
  const place = repositoryPlace(from, text);
  if (place.kind === 'server') return place.url;
  throw new HoldfastError('usage', '--repo names a folder: expected https://HOST:PORT/PATH', {
    hint: 'a repository in a folder needs no recovery: its password opens it',
  });
}
