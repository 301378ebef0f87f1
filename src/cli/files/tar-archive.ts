import { asBuffer, type Bytes, concatBytes } from '../../base/index.ts';

/** A file in an archive. */
export interface ArchivedFile {
  /** At most 100 bytes of ASCII. */
  readonly name: string;
  readonly data: Bytes;
}

const blockBytes = 512;

/** The files as an archive that tar reads (POSIX.1-1988, ustar), each for its owner alone. */
export function tarArchive(files: readonly ArchivedFile[], at: Date): Bytes {
  const pieces = files.flatMap((file) => [headerOf(file, at), padded(file.data)]);
  return concatBytes(...pieces, new Uint8Array(2 * blockBytes));
}

/** Name, mode, owner and group, size, time, checksum, kind, and what format it is, each at its place. */
function headerOf({ name, data }: ArchivedFile, at: Date): Bytes {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new TypeError(`no name for a file in an archive: ${name}`);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 'latin1');
  for (const [offset, digits, value] of [
    [100, 7, 0o600],
    [108, 7, 0],
    [116, 7, 0],
    [124, 11, data.length],
    [136, 11, Math.floor(at.getTime() / 1000)],
  ] as const)
    header.write(value.toString(8).padStart(digits, '0'), offset, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function padded(data: Bytes): Bytes {
  const whole = Buffer.alloc(Math.ceil(data.length / blockBytes) * blockBytes);
  asBuffer(data).copy(whole);
  return whole;
}
