import type { ObjectId } from '../../storage/index.ts';
import { receiveText } from '../../transport/index.ts';
import { type ListedPage, readListing } from './s3-answer.ts';
import type { S3Client } from './s3-client.ts';

/** More than a page of a thousand of the longest keys. */
const maxPageBytes = 8 * 1024 ** 2;

/** What is listed of a bucket. */
export interface Listing {
  /** What the keys begin with. */
  readonly prefix: string;
  readonly keyOf: (name: ObjectId) => string;
  /** For messages. */
  readonly doing: string;
  readonly signal: AbortSignal | undefined;
}

/** A page, and the clock of the service when it was made, where it says it. */
export interface TimedPage extends ListedPage {
  readonly serverMs: number | undefined;
}

/** One page of a listing, that after `token`. @throws HoldfastError */
export async function listPage(
  client: S3Client,
  { prefix, keyOf, doing, signal }: Listing,
  token?: string,
): Promise<TimedPage> {
  const query = { 'list-type': '2', prefix, ...(token !== undefined && { 'continuation-token': token }) };
  const answer = client.expect(await client.ask({ method: 'GET', query, signal }), doing);
  const serverMs = Date.parse(answer.message.headers.date ?? '');
  const page = readListing(await receiveText(answer, maxPageBytes), keyOf, answer.host);
  return { ...page, serverMs: Number.isNaN(serverMs) ? undefined : serverMs };
}
