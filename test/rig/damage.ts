import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** Flips one bit in the middle of a file; a second time mends it. */
export function flipBit(path: string): void {
  const file = openSync(path, 'r+');
  const middle = Math.floor(fstatSync(file).size / 2);
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, middle);
  writeSync(file, Buffer.of(byte.readUInt8() ^ 1), 0, 1, middle);
  closeSync(file);
}
