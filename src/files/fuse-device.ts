import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync, writevSync } from 'node:fs';
import { constants as systemConstants } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { type Bytes, HoldfastError, ownUser, systemErrorCode } from '../base/index.ts';
import { addressOf, callLibc, cString, tryLibc, waitInLibc } from './libc.ts';

/** Where a file system is to appear, and to whom. */
export interface FuseMountOptions {
  /** An absolute path of an empty directory. */
  readonly directory: string;
  /** Whether users other than this one may look in, each as modes and owners let them; nobody else may unless said. */
  readonly allowOther: boolean;
}

const { errno } = systemConstants;
/** What mount(2) calls these. */
const mountFlags = { readOnly: 1, noSuid: 2, noDevices: 4 } as const;
const detachFlag = 2;
/** Requests read at once before anybody else has a turn. */
const requestsPerTurn = 32;
/** What the kernel asks for at least is 8 KiB; names, and many files forgotten at once, come in larger ones. */
const requestBytes = 64 * 1024;
const pollIn = 1;
const noPath: Bytes = Buffer.alloc(0);

/**
 * A mounted file system that this process answers for: requests of the kernel come in, answers go out (fuse(4)). What they say is the caller's.
 * Nobody may run a program with the rights of another by it, nor use a device.
 */
export class FuseDevice {
  readonly #directory: string;
  readonly #fd: number;
  /** What wakes the wait for requests: eventfd(2). */
  readonly #wake: number;
  #isEnding = false;

  private constructor(directory: string, fd: number) {
    this.#directory = directory;
    this.#fd = fd;
    this.#wake = callLibc('eventfd', noPath, 0, constants.O_NONBLOCK);
  }

  /**
   * Mounts, by mount(2) as root and by `fusermount3` as anybody else.
   * @throws HoldfastError `mount_failed` with what the system says
   */
  static async mount(options: FuseMountOptions): Promise<FuseDevice> {
    const fd = ownUser() === 0 ? mountAsRoot(options) : await mountByHelper(options);
    return new FuseDevice(options.directory, fd);
  }

  /** Gives `take` each request, a buffer of its own, until the file system is unmounted, by whomever. */
  async serve(take: (request: Buffer) => void): Promise<void> {
    const buffer = Buffer.alloc(requestBytes);
    const waiting = pollOf(this.#fd, this.#wake);
    while (!this.#isEnding) {
      const state = this.#readSome(buffer, take);
      if (state === 'gone') this.#isEnding = true;
      if (state === 'empty') await waitInLibc('poll', waiting, 2, -1);
      else await nextTurn();
    }
    closeSync(this.#fd);
    closeSync(this.#wake);
  }

  /** Answers a request; one that nobody waits for any more is passed over. */
  send(pieces: readonly Bytes[]): void {
    if (this.#isEnding) return;
    try {
      writevSync(this.#fd, pieces);
    } catch (error) {
      if (!['ENOENT', 'ENODEV'].includes(systemErrorCode(error) ?? '')) throw error;
    }
  }

  /** Takes the file system away. Whoever has something open there gets errors from then on; whether somebody had. */
  async unmount(): Promise<{ readonly wasBusy: boolean }> {
    if (this.#isEnding) return { wasBusy: false };
    const wasBusy = !(await this.#tryUnmount(false)) && (await this.#tryUnmount(true));
    if (this.#isEnding) return { wasBusy };
    this.#isEnding = true;
    writeSync(this.#wake, new Uint8Array(new BigUint64Array([1n]).buffer));
    return { wasBusy };
  }

  #readSome(buffer: Buffer, take: (request: Buffer) => void): 'more' | 'empty' | 'gone' {
    for (let count = 0; count < requestsPerTurn; count++) {
      const length = tryLibc('read', this.#fd, buffer, buffer.length);
      if (length >= 0) take(Buffer.from(buffer.subarray(0, length)));
      else if (length === -errno.EAGAIN) return 'empty';
      else if (length === -errno.ENODEV) return 'gone';
      // ENOENT: whoever asked has given up meanwhile.
      else if (length !== -errno.EINTR && length !== -errno.ENOENT)
        throw mountFailed(this.#directory, `reading requests: ${getSystemErrorName(length)}`);
    }
    return 'more';
  }

  /** Whether that did it; also when it was gone already. */
  async #tryUnmount(detached: boolean): Promise<boolean> {
    const directory = this.#directory;
    if (ownUser() !== 0)
      return (await runHelper(['-u', '-q', ...(detached ? ['-z'] : []), '--', directory])).code === 0;
    try {
      callLibc('umount2', Buffer.from(directory), cString(Buffer.from(directory)), detached ? detachFlag : 0);
      return true;
    } catch (error) {
      if (systemErrorCode(error) === 'EBUSY') return false;
      return true;
    }
  }
}

/** What poll(2) takes: each of these, until something can be read from one. */
function pollOf(...fds: readonly number[]): Bytes {
  const list = Buffer.alloc(8 * fds.length);
  for (const [at, fd] of fds.entries()) {
    list.writeInt32LE(fd, 8 * at);
    list.writeInt16LE(pollIn, 8 * at + 4);
  }
  return list;
}

function mountAsRoot({ directory, allowOther }: FuseMountOptions): number {
  const fd = openFuse();
  const options = `fd=${fd},rootmode=40000,user_id=0,group_id=0${sharing(allowOther)}`;
  const [source, target, type, data] = ['holdfast', directory, 'fuse.holdfast', options].map((text) =>
    cString(Buffer.from(text)),
  ) as [Bytes, Bytes, Bytes, Bytes];
  const flags = mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDevices;
  try {
    callLibc('mount', Buffer.from(directory), source, target, type, flags, data);
    return fd;
  } catch (cause) {
    closeSync(fd);
    throw mountFailed(directory, systemErrorCode(cause) ?? 'unknown', cause);
  }
}

function openFuse(): number {
  try {
    return openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw mountFailed('/dev/fuse', systemErrorCode(cause) ?? 'unknown', cause);
  }
}

function sharing(allowOther: boolean): string {
  return allowOther ? ',allow_other,default_permissions' : '';
}

/** `fusermount3` mounts for users, and hands the open device over by a socket (its `_FUSE_COMMFD`). */
async function mountByHelper({ directory, allowOther }: FuseMountOptions): Promise<number> {
  const [ours, theirs] = socketPair();
  try {
    const options = `ro,nosuid,nodev,fsname=holdfast,subtype=holdfast${sharing(allowOther)}`;
    const { code, stderr } = await runHelper(['-o', options, '--', directory], theirs);
    if (code !== 0) throw mountFailed(directory, stderr.replaceAll(/\s+/g, ' ').trim());
    const fd = receiveDescriptor(ours);
    if (fd === undefined) throw mountFailed(directory, 'fusermount3 has handed nothing over');
    callLibc('fcntl', noPath, fd, setFlags, constants.O_RDWR | constants.O_NONBLOCK);
    return fd;
  } finally {
    closeSync(ours);
    closeSync(theirs);
  }
}

interface HelperResult {
  readonly code: number | null;
  readonly stderr: string;
}

async function runHelper(words: readonly string[], socket?: number): Promise<HelperResult> {
  const child = spawn('fusermount3', words, {
    stdio: ['ignore', 'ignore', 'pipe', ...(socket === undefined ? [] : [socket])],
    env: { ...process.env, ...(socket !== undefined && { _FUSE_COMMFD: '3' }) },
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stderr };
  } catch (cause) {
    const why = systemErrorCode(cause) === 'ENOENT' ? 'there is no fusermount3' : String(cause);
    throw mountFailed('fusermount3', why, cause);
  }
}

/** F_SETFL of fcntl(2). */
const setFlags = 4;
const unixStream = { domain: 1, type: 1 } as const;

function socketPair(): [ours: number, theirs: number] {
  const pair = Buffer.alloc(8);
  callLibc('socketpair', noPath, unixStream.domain, unixStream.type, 0, pair);
  return [pair.readInt32LE(0), pair.readInt32LE(4)];
}

/** Where in `struct cmsghdr`, of 64 bits, the first descriptor stands. */
const descriptorAt = 16;

/** The file descriptor in the message that waits in a socket: SCM_RIGHTS (unix(7)). */
function receiveDescriptor(socket: number): number | undefined {
  const [byte, control, iov, message] = [1, 64, 16, 56].map((size) => Buffer.alloc(size)) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  iov.writeBigUInt64LE(addressOf(byte), 0);
  iov.writeBigUInt64LE(1n, 8);
  message.writeBigUInt64LE(addressOf(iov), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(addressOf(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  const received = callLibc('recvmsg', noPath, socket, message, closeOnExec);
  return received > 0 && message.readBigUInt64LE(40) > descriptorAt
    ? control.readInt32LE(descriptorAt)
    : undefined;
}

/** MSG_CMSG_CLOEXEC. */
const closeOnExec = 0x4000_0000;

function mountFailed(what: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('mount_failed', `${what} cannot be mounted: ${why}`, { cause });
}
