import { type Bytes, forEachLimited, secondMs } from '../../base/index.ts';
import { answerMalformed, discardBody, type Line, receiveText } from '../../transport/index.ts';
import { elementText, partsXml, readBegunUploads } from './s3-answer.ts';
import { bodyOf, type S3Client } from './s3-client.ts';
import { readRefusal, type S3Refusal } from './s3-refusal.ts';

const mebibyte = 1024 ** 2;

/** What S3 takes at most of one upload. */
const maxParts = 10_000;

/** Parts under way at once, each of which is held in memory until the service has it. */
const partsAtOnce = 3;

/** How large the parts of an object are: as small as the line needs, so that one which breaks costs little, and as few as S3 takes. */
export function partBytesOf(size: number, leastBytes: number): number {
  return Math.max(leastBytes, Math.ceil(size / maxParts / mebibyte) * mebibyte);
}

/** What an upload in parts needs to know. */
export interface PartedUpload {
  readonly client: S3Client;
  readonly line: Line;
  readonly key: string;
  readonly partBytes: number;
  /** Sent with the request that makes one object of the parts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends an object in parts, each of which is sent again by itself when the line breaks, and gives what the service said to the
 * whole: undefined when it is stored. Whatever fails, the parts that came are removed again.
 */
export async function uploadInParts(
  upload: PartedUpload,
  chunks: AsyncIterable<Bytes>,
): Promise<S3Refusal | undefined> {
  const uploadId = await begin(upload);
  try {
    const etags = await sendParts(upload, uploadId, chunks);
    const refusal = await complete(upload, uploadId, etags);
    if (refusal !== undefined) await abort(upload.client, upload.key, uploadId);
    return refusal;
  } catch (error) {
    await abort(upload.client, upload.key, uploadId);
    throw error;
  }
}

/** Uploads in parts that nobody ends any more: an upload of a day is none. */
const abandonedMs = 24 * 3600 * secondMs;

/** Removes what is left below `prefix` of uploads in parts that were killed long before `nowMs`, by the service's own times. */
export async function removeAbandonedUploads(
  client: S3Client,
  { prefix, nowMs }: { readonly prefix: string; readonly nowMs: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  const outcome = await client.ask({ method: 'GET', query: { prefix, uploads: '' }, signal });
  // Not every service lists them, nor to every key.
  if (outcome.kind === 'refusal') return;
  for (const { key, uploadId, begunMs } of readBegunUploads(await receiveText(outcome, 4 * mebibyte)))
    if (nowMs - begunMs > abandonedMs) await abort(client, key, uploadId);
}

async function begin({ client, line, key, signal }: PartedUpload): Promise<string> {
  return await line.attempt({ signal }, async () => {
    const doing = `storing ${key}`;
    const xml = await client.text({ method: 'POST', key, query: { uploads: '' }, signal }, doing);
    const uploadId = elementText(xml, 'UploadId');
    if (uploadId) return uploadId;
    throw answerMalformed(client.bucket.endpoint.host, 'it begins an upload in parts without a name for it');
  });
}

async function sendParts(
  upload: PartedUpload,
  uploadId: string,
  chunks: AsyncIterable<Bytes>,
): Promise<readonly string[]> {
  const etags: string[] = [];
  await forEachLimited(parts(chunks, upload.partBytes), partsAtOnce, async ({ number, bytes }) => {
    etags[number - 1] = await sendPart(upload, uploadId, { number, bytes });
  });
  return etags;
}

interface Part {
  readonly number: number;
  readonly bytes: Bytes;
}

async function sendPart(
  { client, line, key, signal }: PartedUpload,
  uploadId: string,
  { number, bytes }: Part,
): Promise<string> {
  const query = { partNumber: String(number), uploadId };
  const body = bodyOf(bytes);
  return await line.attempt({ signal }, async () => {
    const answer = client.expect(
      await client.ask({ method: 'PUT', key, query, body, signal }),
      `storing part ${number} of ${key}`,
    );
    await discardBody(answer);
    const { etag } = answer.message.headers;
    if (etag !== undefined) return etag;
    throw answerMalformed(answer.host, 'it takes a part without an ETag for it');
  });
}

/** The bytes of `chunks` in parts, all but the last of `partBytes`, each in memory of its own. */
async function* parts(chunks: AsyncIterable<Bytes>, partBytes: number): AsyncGenerator<Part> {
  let part = Buffer.allocUnsafeSlow(partBytes);
  let filled = 0;
  let number = 1;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const piece = chunk.subarray(start, start + partBytes - filled);
      part.set(piece, filled);
      start += piece.length;
      filled += piece.length;
      if (filled < partBytes) continue;
      yield { number, bytes: part };
      number += 1;
      part = Buffer.allocUnsafeSlow(partBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield { number, bytes: part.subarray(0, filled) };
}

/** A service begins to answer before it knows how it ends, so that a failure may come with status 200. */
async function complete(
  { client, line, key, headers, signal }: PartedUpload,
  uploadId: string,
  etags: readonly string[],
): Promise<S3Refusal | undefined> {
  const body = bodyOf(Buffer.from(partsXml(etags)));
  return await line.attempt({ signal }, async () => {
    const outcome = await client.ask({ method: 'POST', key, query: { uploadId }, headers, body, signal });
    if (outcome.kind === 'refusal' && !mayPass(outcome)) return outcome;
    const answer = client.expect(outcome, `storing ${key}`);
    const xml = await receiveText(answer, mebibyte);
    if (!/<Error[\s>]/.test(xml)) return undefined;
    const refusal = readRefusal(answer.status, xml, answer.message.headers);
    if (!mayPass(refusal)) return refusal;
    client.expect(refusal, `storing ${key}`);
    return undefined;
  });
}

function mayPass({ status, code }: S3Refusal): boolean {
  return status >= 500 || ['InternalError', 'SlowDown', 'ConditionalRequestConflict'].includes(code);
}

const abortMs = 10 * secondMs;

/** As well as it can be: what stays is removed by a later run. */
async function abort(client: S3Client, key: string, uploadId: string): Promise<void> {
  const signal = AbortSignal.timeout(abortMs);
  try {
    const outcome = await client.ask({ method: 'DELETE', key, query: { uploadId }, signal });
    if (outcome.kind === 'answer') await discardBody(outcome);
  } catch {
    // The line is down, which has been said by what failed.
  }
}
