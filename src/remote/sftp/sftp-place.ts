import { HoldfastError } from '../../base/index.ts';

/** Where a repository is on a machine that takes ssh, as somebody wrote it. */
export interface SftpPlace {
  readonly kind: 'sftp';
  /** As it was written; nothing in it is a secret. */
  readonly text: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  /** From the home of the user on that machine unless it begins with a slash. */
  readonly path: string;
}

/**
 * Reads `sftp://USER@HOST:PORT/PATH` and `sftp:USER@HOST:PATH`, both as restic does: in the first, a path from the root begins with
 * a second slash. Undefined for what does not begin so.
 *
 * @throws HoldfastError `usage`
 */
export function parseSftpPlace(text: string): SftpPlace | undefined {
  const rest = /^sftp:(.*)$/is.exec(text)?.[1];
  if (rest === undefined) return undefined;
  const parts = rest.startsWith('//') ? urlParts(rest.slice(2)) : shortParts(rest);
  const { user, host = '', port, path = '' } = parts ?? {};
  if (/^[^/@]*@/.test(path)) throw invalid(withPassword);
  checkNames(user, host);
  if (path === '' || /\p{Cc}/u.test(path) || path.split('/').includes('..'))
    throw invalid('it names no folder there');
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && !(number >= 1 && number <= 65_535)) throw invalid('its port is none');
  return { kind: 'sftp', text, user, host: host.replace(/^\[|\]$/g, ''), port: number, path };
}

type Parts = Partial<Readonly<Record<'user' | 'host' | 'port' | 'path', string>>>;

function urlParts(rest: string): Parts | undefined {
  return /^(?:(?<user>[^@/]*)@)?(?<host>\[[^\]/]*\]|[^:/@]*)(?::(?<port>\d{1,5}))?\/(?<path>.+)$/s.exec(rest)
    ?.groups;
}

function shortParts(rest: string): Parts | undefined {
  return /^(?:(?<user>[^@/:]*)@)?(?<host>\[[^\]/]*\]|[^:/@]*):(?<path>.+)$/s.exec(rest)?.groups;
}

const withPassword = 'it has a password, which ssh takes from nobody: use a key';

/** What goes to ssh as a word of its command line is a name, and never begins like an option. */
function checkNames(user: string | undefined, host: string): void {
  if (user?.includes(':') === true) throw invalid(withPassword);
  if (user !== undefined && !/^[\w][\w.+-]{0,63}$/.test(user)) throw invalid('its user is none');
  if (!/^(?:[A-Za-z0-9][\w.-]{0,252}|\[[\w:.%]{2,64}\])$/i.test(host)) throw invalid('it names no host');
}

function invalid(found: string): HoldfastError {
  return new HoldfastError('usage', `a place by SFTP was named, and ${found}`, {
    hint: 'write sftp:USER@HOST:/PATH, or with a port sftp://USER@HOST:PORT//PATH',
  });
}
