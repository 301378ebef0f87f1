import { closeSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { type Bytes, systemErrorCode } from '../../base/index.ts';
import { callLibc, cString } from '../libc.ts';

/** Bits of inotify(7), by their names there. */
export const inotifyBit = {
  modify: 0x2,
  attrib: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  moveSelf: 0x800,
  unmount: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
  onlyDir: 0x1000000,
  dontFollow: 0x2000000,
  exclUnlink: 0x4000000,
  isDir: 0x40000000,
} as const;

/** What the kernel says of a directory that is watched. */
export interface InotifyEvent {
  /** Which one; -1 for an overflow. */
  readonly watch: number;
  readonly mask: number;
  /** Of what is in the directory, raw, as latin1; empty for the directory itself. */
  readonly name: string;
}

/** `IN_NONBLOCK | IN_CLOEXEC`. */
const openFlags = 0o4000 | 0o2000000;
const headBytes = 16;
/** Of the kernel's queue, taken at once. */
const bufferBytes = 2 ** 16;
const queue: Bytes = Buffer.from('inotify');

/** One queue of inotify(7), with the directories that it tells of. Closed, the kernel forgets them all. */
export class Inotify implements Disposable {
  readonly handle: number;
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);

  /** Throws the system's error: `EMFILE` when this user has as many as `max_user_instances` allows. */
  constructor() {
    this.handle = callLibc('inotify_init1', queue, openFlags);
  }

  /** Watches a directory; the number of its events, the same when it is watched already. Throws the system's error. */
  add(path: Bytes, mask: number): number {
    return callLibc('inotify_add_watch', path, this.handle, cString(path), mask);
  }

  /** Watches it no more; nothing is done when the kernel has forgotten it already. */
  remove(watch: number): void {
    try {
      callLibc('inotify_rm_watch', queue, this.handle, watch);
    } catch (error) {
      if (systemErrorCode(error) !== 'EINVAL') throw error;
    }
  }

  /** What has happened by now, at most one buffer of it; none when the queue is empty. */
  read(): InotifyEvent[] {
    let length = 0;
    try {
      length = readSync(this.handle, this.#buffer);
    } catch (error) {
      if (systemErrorCode(error) !== 'EAGAIN') throw error;
    }
    return [...parseEvents(this.#buffer.subarray(0, length))];
  }

  [Symbol.dispose](): void {
    closeSync(this.handle);
  }
}

const isLittle = endianness() === 'LE';

/** `struct inotify_event`: watch, mask, cookie, length of the name, and the name with NULs behind it. */
function* parseEvents(bytes: Buffer): Generator<InotifyEvent, void, undefined> {
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const watch = isLittle ? bytes.readInt32LE(at) : bytes.readInt32BE(at);
    const mask = isLittle ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4);
    const length = isLittle ? bytes.readUInt32LE(at + 12) : bytes.readUInt32BE(at + 12);
    const padded = bytes.toString('latin1', at + headBytes, at + headBytes + length);
    const [name = ''] = padded.split('\0', 1);
    yield { watch, mask, name };
    at += headBytes + length;
  }
}
