import { HoldfastError } from '../base/index.ts';
import { isUrl, localPath } from './local-path.ts';

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
  // `user@host:/path` is how ssh and scp write one.
  const isElsewhere = isUrl(text) || text.split('/', 1)[0]?.includes(':') === true;
  if (!isElsewhere) return { kind: 'directory', path: localPath(from, text) };
  throw new HoldfastError(
    'usage',
    `--repo ${text}: expected a folder of this machine, or https://HOST:PORT/PATH`,
    {
      hint: `for a folder of exactly that name: --repo ./${text}`,
    },
  );
}
