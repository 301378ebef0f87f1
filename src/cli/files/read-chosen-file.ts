import { type FileHandle, open } from 'node:fs/promises';
import { type ErrorCode, HoldfastError, whyNotRead } from '../../base/index.ts';

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
}

/**
 * The bytes of a file that a person named: anything that can be read and ends, of a length that such a file can have.
 * @throws HoldfastError `path_not_found`, and `tooLong`
 */
export async function readChosenFile(path: string, file: FileToRead): Promise<Buffer> {
  const { what, hint, maxBytes, tooLong = 'input_invalid' } = file;
  const called = what === undefined ? path : `${what} ${path}`;
  const bytes = await readUpTo(path, maxBytes + 1).catch((cause: unknown) => {
    throw new HoldfastError('path_not_found', `${called}: ${whyNotRead(cause)}`, { hint, cause });
  });
  if (bytes.length <= maxBytes) return bytes;
  throw new HoldfastError(tooLong, `${called} is too long: at most ${maxBytes} bytes are read`, { hint });
}

async function readUpTo(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    return await readHandle(handle, maxBytes);
  } finally {
    await handle.close();
  }
}

const pieceBytes = 64 * 1024;

async function readHandle(handle: FileHandle, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let length = 0; length < maxBytes; ) {
    const piece = Buffer.alloc(Math.min(pieceBytes, maxBytes - length));
    const { bytesRead } = await handle.read(piece);
    if (bytesRead === 0) break;
    pieces.push(piece.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(pieces);
}
