import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { asBuffer, type Bytes, systemErrorCode } from '../../base/index.ts';
import { callLibc, cString } from '../libc.ts';
import { inotifyBit as bit } from './inotify.ts';

/** What the kernel says of a directory of a file system that is watched. The bits of its mask are those of inotify(7). */
export interface FanotifyEvent {
  readonly mask: number;
  /** Which directory: a `struct file_handle`, as latin1; empty for an overflow. */
  readonly directory: string;
  /** Of what is in the directory, raw, as latin1; `.` for the directory itself. */
  readonly name: string;
}

/** `FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DIR_FID | FAN_REPORT_NAME`, in the class that only tells. */
const initFlags = 0x1 | 0x2 | 0x400 | 0x800;
/** `FAN_MARK_ADD | FAN_MARK_FILESYSTEM`. */
const markFlags = 0x1 | 0x100;
/** `AT_FDCWD`. */
const here = -100;
/** `O_PATH | O_CLOEXEC`. */
const handleFlags = 0o10000000 | 0o2000000;
/** `MAX_HANDLE_SZ`, and the two numbers before it. */
const [maxHandleBytes, handleHeadBytes] = [128, 8];
const metadataBytes = 24;
/** Of a record about an event: its kind, a byte that says nothing, its length, and the number of the file system. */
const infoHeadBytes = 4 + 8;
/** `FAN_EVENT_INFO_TYPE_DFID_NAME`. */
const directoryAndName = 2;
const bufferBytes = 2 ** 16;
const queue: Bytes = Buffer.from('fanotify');
const isLittle = endianness() === 'LE';

/** One queue of fanotify(7), which tells of a whole file system, and names what it tells of by one of its mounts. That is not kept busy. */
export class Fanotify implements Disposable {
  readonly handle: number;
  readonly #mountPoint: Bytes;
  readonly #device: number;
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);

  /**
   * Throws the system's error: `EPERM` for who is not root, `ENODEV`, `EXDEV` and `EOPNOTSUPP` for a file system that has no handles,
   * `EMFILE` and `ENOSPC` where there are too many already.
   */
  constructor(mountPoint: Bytes) {
    this.#mountPoint = mountPoint;
    const mount = openDirectory(mountPoint);
    try {
      this.#device = fstatSync(mount).dev;
      // Whoever may not have a path of a handle cannot watch.
      openByHandle(mount, handleOf(mountPoint), closeSync);
      this.handle = callLibc('fanotify_init', queue, initFlags, constants.O_RDONLY);
    } finally {
      closeSync(mount);
    }
    try {
      callLibc('fanotify_mark', mountPoint, this.handle, markFlags, mask, here, cString(mountPoint));
    } catch (error) {
      closeSync(this.handle);
      throw error;
    }
  }

  /** What has happened by now, at most one buffer of it; none when the queue is empty. */
  read(): FanotifyEvent[] {
    let length = 0;
    try {
      length = readSync(this.handle, this.#buffer);
    } catch (error) {
      if (systemErrorCode(error) !== 'EAGAIN') throw error;
    }
    return [...parseEvents(this.#buffer.subarray(0, length))];
  }

  /** Where directories are now, raw, as latin1, without those that are gone. Throws the system's error. */
  pathsOf(directories: Iterable<string>): ReadonlyMap<string, string> {
    const paths = new Map<string, string>();
    const mount = openDirectory(this.#mountPoint);
    try {
      // Something else is mounted there by now, which whoever watches mounts sees too.
      if (fstatSync(mount).dev !== this.#device) return paths;
      for (const directory of directories)
        openByHandle(mount, directory, (handle) => {
          paths.set(directory, readlinkSync(`/proc/self/fd/${handle}`, 'latin1'));
          closeSync(handle);
        });
      return paths;
    } finally {
      closeSync(mount);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.handle);
  }
}

function openDirectory(path: Bytes): number {
  return openSync(asBuffer(path), constants.O_RDONLY | constants.O_DIRECTORY);
}

/** Opens what a handle stands for (open_by_handle_at(2)); nothing is done when that is gone. */
function openByHandle(mount: number, directory: string, use: (handle: number) => void): void {
  try {
    use(callLibc('open_by_handle_at', queue, mount, Buffer.from(directory, 'latin1'), handleFlags));
  } catch (error) {
    if (systemErrorCode(error) !== 'ESTALE') throw error;
  }
}

const mask =
  bit.modify |
  bit.attrib |
  bit.closeWrite |
  bit.movedFrom |
  bit.movedTo |
  bit.create |
  bit.delete |
  bit.isDir;

/** The handle of what is at `path`. Throws the system's error. */
function handleOf(path: Bytes): string {
  const handle = Buffer.alloc(handleHeadBytes + maxHandleBytes);
  if (isLittle) handle.writeUInt32LE(maxHandleBytes);
  else handle.writeUInt32BE(maxHandleBytes);
  callLibc('name_to_handle_at', path, here, cString(path), handle, Buffer.alloc(4), 0);
  return handle.toString('latin1', 0, handleHeadBytes + number32(handle, 0));
}

/** `struct fanotify_event_metadata`, and the records behind it: where it happened, and to what. */
function* parseEvents(bytes: Buffer): Generator<FanotifyEvent, void, undefined> {
  for (let at = 0; at + metadataBytes <= bytes.length; at += number32(bytes, at)) {
    const told = isLittle ? bytes.readBigUInt64LE(at + 8) : bytes.readBigUInt64BE(at + 8);
    const event = bytes.subarray(at, at + number32(bytes, at));
    yield { mask: Number(told), ...parseInfo(event) };
  }
}

function parseInfo(event: Buffer): Pick<FanotifyEvent, 'directory' | 'name'> {
  for (let at = metadataBytes; at + infoHeadBytes <= event.length; ) {
    const length = isLittle ? event.readUInt16LE(at + 2) : event.readUInt16BE(at + 2);
    const start = at + infoHeadBytes;
    if (event[at] === directoryAndName) {
      const end = start + handleHeadBytes + number32(event, start);
      const [name = ''] = event.toString('latin1', end, at + length).split('\0', 1);
      return { directory: event.toString('latin1', start, end), name };
    }
    at += length;
  }
  return { directory: '', name: '' };
}

function number32(bytes: Buffer, at: number): number {
  return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}
