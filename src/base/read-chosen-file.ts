import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { minuteMs } from './clock.ts';
import { HoldfastError, systemErrorCode, whyNotRead } from './error.ts';
import type { ErrorCode } from './errors/catalogue.ts';

/** What a file that a person named may be. */
export interface FileToRead {
  /** More than this is not read. */
  readonly maxBytes: number;
  /** What it is, in messages, e.g. `password file`; nothing unless said. */
  readonly what?: string;
  /** Which file is to be named instead. */
  readonly hint?: string;
  /** Of the error that it is too long; `input_invalid` unless said. */
  readonly tooLong?: ErrorCode;
  /** How long a pipe or device is waited for that gives nothing; a minute unless said. */
  readonly patienceMs?: number;
}

/**
 * The bytes of a file that a person named: anything that can be read and ends, of a length that such a file can have. A
 * pipe may still be written to, for a while.
 * @throws HoldfastError `path_not_found`, and `tooLong`
 */
export async function readChosenFile(path: string, file: FileToRead): Promise<Buffer> {
  const { what, hint, maxBytes, tooLong = 'input_invalid', patienceMs = minuteMs } = file;
  const called = what === undefined ? path : `${what} ${path}`;
  const notRead = (why: string, cause?: unknown): HoldfastError =>
    new HoldfastError('path_not_found', `${called}: ${why}`, { hint, cause });
  const bytes = await readUpTo(path, maxBytes + 1, patienceMs).catch((cause: unknown) => {
    throw notRead(whyNotRead(cause), cause);
  });
  if (bytes === undefined) throw notRead(`nothing came out of it within ${patienceMs / 1000} seconds`);
  if (bytes.length <= maxBytes) return bytes;
  throw new HoldfastError(tooLong, `${called} is too long: at most ${maxBytes} bytes are read`, { hint });
}

/**
 * The last bytes of a file that a person named, at most so many, from the beginning of a line on where some are left out.
 * @throws HoldfastError `path_not_found`
 */
export async function readFileEnd(
  path: string,
  { maxBytes, hint }: Pick<FileToRead, 'maxBytes' | 'hint'>,
): Promise<Buffer> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await endOf(handle, maxBytes);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new HoldfastError('path_not_found', `${path}: ${whyNotRead(cause)}`, { hint, cause });
  }
}

async function endOf(handle: FileHandle, maxBytes: number): Promise<Buffer> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw Object.assign(new Error('no file'), { code: stat.isDirectory() ? 'EISDIR' : '' });
  const { size } = stat;
  const from = Math.max(0, size - maxBytes);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
  const bytes = buffer.subarray(0, bytesRead);
  return from === 0 ? bytes : bytes.subarray(bytes.indexOf(10) + 1);
}

/** Undefined when nothing comes for so long. A pipe is opened without waiting for somebody who writes (open(2)). */
async function readUpTo(path: string, maxBytes: number, patienceMs: number): Promise<Buffer | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await readHandle(handle, maxBytes, patienceMs);
  } finally {
    await handle.close();
  }
}

const pieceBytes = 64 * 1024;
const pauseMs = 20;

async function readHandle(
  handle: FileHandle,
  maxBytes: number,
  patienceMs: number,
): Promise<Buffer | undefined> {
  const isPipe = (await handle.stat()).isFIFO();
  const pieces: Buffer[] = [];
  let until = performance.now() + patienceMs;
  for (let length = 0; length < maxBytes; ) {
    const piece = await readPiece(handle, Math.min(pieceBytes, maxBytes - length));
    // The end of a pipe that gave nothing: nobody has opened it to write yet.
    const isWaiting = piece === undefined || (piece.length === 0 && isPipe && length === 0);
    if (isWaiting && performance.now() >= until) return undefined;
    if (isWaiting) await sleep(pauseMs);
    else if (piece.length === 0) break;
    else {
      pieces.push(piece);
      length += piece.length;
      until = performance.now() + patienceMs;
    }
  }
  return Buffer.concat(pieces);
}

/** Undefined when there is nothing yet. */
async function readPiece(handle: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes));
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
