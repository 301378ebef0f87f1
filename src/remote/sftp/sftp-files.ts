import { type Bytes, concatBytes, forEachLimited } from '../../base/index.ts';
import type { SftpHandle, SftpSession } from './sftp-session.ts';

/** What every server takes in one packet. */
const packetBytes = 32 * 1024;

/** Packets under way for one file: together they fill a long line. */
const packetsAtOnce = 32;

/** Writes `chunks` into a file, and says how many bytes they were. A chunk may lose its content when the next one is asked for. */
export async function writeChunks(
  session: SftpSession,
  handle: SftpHandle,
  chunks: AsyncIterable<Bytes>,
): Promise<void> {
  let offset = 0;
  const pieces = async function* (): AsyncGenerator<readonly [number, Bytes]> {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += packetBytes) {
        const piece = chunk.subarray(start, start + packetBytes);
        yield [offset, piece];
        offset += piece.length;
      }
    }
  };
  // The bytes of a piece are copied into its packet at once.
  await forEachLimited(pieces(), packetsAtOnce, ([at, piece]) => session.write(handle, at, piece));
}

/** Reads exactly `length` bytes from `offset` on; fewer where the file ends before. */
export async function readPart(
  session: SftpSession,
  handle: SftpHandle,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Bytes> {
  const starts = Array.from({ length: Math.ceil(length / packetBytes) }, (_, i) => i * packetBytes);
  const parts: Bytes[] = [];
  await forEachLimited(starts, packetsAtOnce, async (start) => {
    const wanted = Math.min(packetBytes, length - start);
    parts[start / packetBytes] = await readPacket(session, handle, offset + start, wanted);
  });
  return concatBytes(...parts);
}

/** A server may answer with less than was asked for. */
async function readPacket(
  session: SftpSession,
  handle: SftpHandle,
  offset: number,
  length: number,
): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for (let got = 0; got < length; ) {
    const piece = await session.read(handle, offset + got, length - got);
    if (piece === undefined || piece.length === 0) break;
    pieces.push(piece);
    got += piece.length;
  }
  return concatBytes(...pieces);
}
