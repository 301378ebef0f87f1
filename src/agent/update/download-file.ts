import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError, isHoldfastError, syncDirectory, systemErrorCode } from '../../base/index.ts';
import { type ReleaseFile, releasePaths } from '../../enrol/index.ts';
import {
  askHttp,
  type HttpAnswer,
  isPassingStatus,
  type Line,
  receivePieces,
  transportError,
} from '../../transport/index.ts';

/** What is downloaded, and how. */
interface DownloadOrder {
  /** `http://host:port` */
  readonly address: string;
  readonly version: string;
  readonly file: ReleaseFile;
  /** Where it is to be; what has come of it is beside that. */
  readonly path: string;
  readonly line: Line;
  readonly signal: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Downloads a file of a release, and goes on where a download before was cut. Each byte is counted, and the file is there under its
 * name once all of it is what was signed; what is not is removed.
 *
 * @throws HoldfastError `update_altered`, `update_truncated`, and what the line does
 */
export async function downloadFile(order: DownloadOrder): Promise<void> {
  const { path, file, line, signal } = order;
  if (await isWhole(path, file)) return;
  const part = `${path}.part`;
  try {
    await line.attempt({ signal }, () => receiveRest(order, part));
    const sha256 = (await digestOf(part)).digest('hex');
    if (sha256 !== file.sha256) throw altered(file, `its SHA-256 is ${sha256}, expected ${file.sha256}`);
  } catch (error) {
    // Nobody knows which of its bytes are wrong.
    if (isHoldfastError(error, 'update_altered', 'update_truncated')) await rm(part, { force: true });
    throw error;
  }
  await rename(part, path);
  await syncDirectory(dirname(path));
}

async function isWhole(path: string, { bytes, sha256 }: ReleaseFile): Promise<boolean> {
  if ((await sizeOf(path)) !== bytes) return false;
  return (await digestOf(path)).digest('hex') === sha256;
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return 0;
      throw error;
    },
  );
}

async function digestOf(path: string): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash;
}

/** Asks for what is missing and writes it behind what has come. */
async function receiveRest(order: DownloadOrder, part: string): Promise<void> {
  const { file, signal, address, version } = order;
  const size = await sizeOf(part);
  const have = size > file.bytes ? 0 : size;
  await using target = await open(part, have === 0 ? 'w' : 'a', 0o600);
  if (have < file.bytes) {
    const url = new URL(releasePaths.file(version, file.name), address);
    const headers: Record<string, string> = have === 0 ? {} : { range: `bytes=${have}-` };
    const answer = await askHttp({ method: 'GET', url, headers, agent: false, signal }).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw transportError(error, url.host);
      },
    );
    await writeAnswer(order, { answer, have, target });
  }
  await target.sync();
}

async function writeAnswer(
  { file, onProgress = () => {} }: DownloadOrder,
  {
    answer,
    have,
    target,
  }: { readonly answer: HttpAnswer; readonly have: number; readonly target: FileHandle },
): Promise<void> {
  const from = whereItBegins(file, have, answer);
  if (from === 0 && have > 0) await target.truncate();
  let done = from;
  try {
    for await (const piece of receivePieces(answer, file.bytes - from)) {
      await target.writeFile(piece);
      done += piece.length;
      onProgress(done);
    }
  } catch (error) {
    if (isHoldfastError(error, 'answer_malformed')) throw altered(file, 'more came than its bytes');
    throw error;
  }
  if (done < file.bytes) throw truncated(file, done);
}

/** The offset that an answer begins at: where the download was cut, or 0. What does not fit the file is not read at all. */
function whereItBegins(file: ReleaseFile, have: number, answer: HttpAnswer): number {
  try {
    checkStatus(file, answer);
    const { total, offset } = announced(answer);
    if (total !== undefined && total < file.bytes) throw truncated(file, total);
    if (total !== undefined && total > file.bytes)
      throw altered(file, `${total} bytes are announced, expected ${file.bytes}`);
    if (offset !== 0 && offset !== have)
      throw altered(file, `it is sent from byte ${offset} on, asked was from ${have}`);
    return offset;
  } catch (error) {
    answer.close();
    throw error;
  }
}

function checkStatus(file: ReleaseFile, { status, host }: HttpAnswer): void {
  if (status === 200 || status === 206) return;
  if (status === 416)
    throw new HoldfastError('update_truncated', `${file.name} is shorter at ${host} than what came`);
  if (isPassingStatus(status))
    throw new HoldfastError('server_unavailable', `server ${host} answered ${status} for ${file.name}`);
  throw new HoldfastError('object_not_found', `${host} has no ${file.name} (status ${status})`, {
    hint: 'ask what is published now: holdfast update --check',
  });
}

/** How long the whole file is by the answer, where it says so, and from where on it comes (RFC 9110 §14.4). */
function announced({ status, message: { headers } }: HttpAnswer): {
  total: number | undefined;
  offset: number;
} {
  if (status === 206) {
    const [, start, total] =
      /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(headers['content-range'] ?? '') ?? [];
    return { total: Number(total ?? 0), offset: Number(start ?? 0) };
  }
  const length = headers['content-length'];
  return { total: length === undefined ? undefined : Number(length), offset: 0 };
}

function altered({ name }: ReleaseFile, problem: string): HoldfastError {
  return new HoldfastError('update_altered', `${name} was altered on its way: ${problem}`);
}

function truncated({ name, bytes }: ReleaseFile, found: number): HoldfastError {
  return new HoldfastError('update_truncated', `${name} has ${found} bytes at the server, expected ${bytes}`);
}
