import { HoldfastError } from '../../base/index.ts';

/** Where a repository is at a service that speaks S3, as somebody wrote it. */
export interface S3Place {
  readonly kind: 's3';
  /** As it was written; nothing in it is a secret. */
  readonly text: string;
  /** `https://HOST[:PORT]`; undefined where the settings of AWS say which. */
  readonly endpoint: URL | undefined;
  readonly bucket: string;
  /** What the keys of the repository begin with, without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

const forms =
  's3:https://HOST/BUCKET/PREFIX, or s3://BUCKET/PREFIX at the service that the settings of AWS name';

/**
 * Reads `s3:https://HOST/BUCKET/PREFIX` and `s3:HOST/BUCKET/PREFIX`, which are restic's, and `s3://BUCKET/PREFIX`, which is
 * everybody else's; undefined for what does not begin so. restic reads a host where others read a bucket: what could be
 * either is refused.
 *
 * @throws HoldfastError `usage`
 */
export function parseS3Place(text: string): S3Place | undefined {
  if (!/^s3:/i.test(text)) return undefined;
  const rest = text.slice('s3:'.length);
  if (rest.startsWith('//')) return inBucket(text, undefined, checkUnambiguous(rest.slice(2)));
  const scheme = /^https?:\/\//i.exec(rest)?.[0] ?? '';
  const [host = '', ...path] = rest.slice(scheme.length).split('/');
  return inBucket(text, endpointOf((scheme || 'https://') + host), path.join('/'));
}

/** Keys that a URL would read otherwise, or that no tool shows, are none that a person chose. */
const oddCharacters = /[\p{Cc}%?#\\]/u;

function inBucket(text: string, endpoint: URL | undefined, path: string): S3Place {
  const [bucket = '', ...segments] = path.split('/');
  while (segments.at(-1) === '') segments.pop();
  const prefix = segments.join('/');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{2,62}$/.test(bucket)) throw invalid('it names no bucket');
  if (segments.some((segment) => ['', '.', '..'].includes(segment)) || oddCharacters.test(prefix))
    throw invalid('what follows the bucket is no prefix of names');
  return { kind: 's3', text, endpoint, bucket, prefix };
}

function endpointOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw invalid('it names no host');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw invalid('the key belongs into the environment or ~/.aws/credentials, where nobody else reads it');
  return url;
}

/** With a port or a dot it may be restic's way to write a host. */
function checkUnambiguous(rest: string): string {
  if (!/[.:@]/.test(rest.split('/', 1)[0] ?? '')) return rest;
  throw invalid('what follows s3:// may be a host or a bucket');
}

function invalid(found: string): HoldfastError {
  return new HoldfastError('usage', `a place at S3 was named, and ${found}`, { hint: `write ${forms}` });
}
