import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import type * as Koffi from 'koffi';
import { type Bytes, HoldfastError } from '../base/index.ts';

/**
 * The libc calls Node lacks, each as C declares it. The only file that knows the C library; `transport` and `pki` ask OpenSSL one thing each.
 * Lengths that may be -1 are `long`: koffi has no `ssize_t`, and on every platform served they are one size.
 */
const prototypes = {
  llistxattr: 'long llistxattr(const uint8_t *path, uint8_t *list, size_t size)',
  lgetxattr: 'long lgetxattr(const uint8_t *path, const uint8_t *name, uint8_t *value, size_t size)',
  lsetxattr:
    'int lsetxattr(const uint8_t *path, const uint8_t *name, const uint8_t *value, size_t size, int flags)',
  lremovexattr: 'int lremovexattr(const uint8_t *path, const uint8_t *name)',
  utimensat: 'int utimensat(int dirfd, const uint8_t *path, const int64_t *times, int flags)',
  futimens: 'int futimens(int fd, const int64_t *times)',
  lseek: 'int64_t lseek(int fd, int64_t offset, int whence)',
  mknod: 'int mknod(const uint8_t *path, unsigned int mode, uint64_t dev)',
  socket: 'int socket(int domain, int type, int protocol)',
  sendto:
    'long sendto(int fd, const uint8_t *bytes, size_t length, int flags, const uint8_t *address, uint32_t addressLength)',
  mount:
    'int mount(const uint8_t *source, const uint8_t *target, const uint8_t *type, unsigned long flags, const uint8_t *data)',
  umount2: 'int umount2(const uint8_t *target, int flags)',
  read: 'long read(int fd, uint8_t *buffer, size_t size)',
  poll: 'int poll(uint8_t *fds, unsigned long count, int timeout)',
  fcntl: 'int fcntl(int fd, int command, long value)',
  eventfd: 'int eventfd(unsigned int value, int flags)',
  socketpair: 'int socketpair(int domain, int type, int protocol, uint8_t *pair)',
  recvmsg: 'long recvmsg(int fd, uint8_t *message, int flags)',
  inotify_init1: 'int inotify_init1(int flags)',
  inotify_add_watch: 'int inotify_add_watch(int fd, const uint8_t *path, uint32_t mask)',
  inotify_rm_watch: 'int inotify_rm_watch(int fd, int wd)',
  fanotify_init: 'int fanotify_init(unsigned int flags, unsigned int eventFlags)',
  fanotify_mark:
    'int fanotify_mark(int fd, unsigned int flags, uint64_t mask, int dirfd, const uint8_t *path)',
  name_to_handle_at:
    'int name_to_handle_at(int dirfd, const uint8_t *path, uint8_t *handle, uint8_t *mount, int flags)',
  open_by_handle_at: 'int open_by_handle_at(int mount, uint8_t *handle, int flags)',
  getpwuid: 'account *getpwuid(uint32_t uid)',
  getgrgid: 'account *getgrgid(uint32_t gid)',
} as const;

type Name = keyof typeof prototypes;
type Argument = Uint8Array | BigInt64Array | number | bigint;
type Call = ((...args: Argument[]) => unknown) & {
  readonly async: (...args: [...Argument[], (error: unknown, result: unknown) => void]) => void;
};

interface Libc {
  readonly koffi: typeof Koffi;
  readonly library: Koffi.LibraryHandle;
  readonly account: Koffi.TypeObject;
}

let libc: Libc | undefined;
const calls = new Map<Name, Call>();

/**
 * Calls a libc function that answers a number, -1 for failure.
 *
 * @param path what the error names; never passed to the function
 * @throws an error as Node's own `fs` throws it: `code`, `errno`, `syscall`, `path`
 * @throws HoldfastError `platform_unsupported` when this system has no such function
 */
export function callLibc(name: Name, path: Bytes, ...args: Argument[]): number {
  const result = Number(bind(name)(...args));
  if (result === -1) throw systemError(open().koffi.errno(), name, path);
  return result;
}

/** The same for what often fails, and is no error then: the number of the failure as a negative one. */
export function tryLibc(name: Name, ...args: Argument[]): number {
  const result = Number(bind(name)(...args));
  return result === -1 ? -open().koffi.errno() : result;
}

/** The same for a function that waits, in a thread of its own; -1 for failure, of whatever cause. Its buffers are the caller's to keep. */
export function waitInLibc(name: 'poll', ...args: Argument[]): Promise<number> {
  return new Promise((resolve, reject) => {
    bind(name).async(...args, (error, result) => {
      if (error === null || error === undefined) resolve(Number(result));
      else reject(error);
    });
  });
}

/** Where a buffer lies, for the structures in which C wants pointers. */
export function addressOf(bytes: Bytes): bigint {
  return open().koffi.address(bytes);
}

/** The name that the system's account database gives a number, undefined when it has none. */
export function accountName(kind: 'getpwuid' | 'getgrgid', id: number): string | undefined {
  const found = bind(kind)(id);
  if (found === null) return undefined;
  const { koffi, account } = open();
  const { name } = koffi.decode(found, account) as { name: string | null };
  return name ?? undefined;
}

/** A path or a name as C wants it: closed by a NUL. One that contains a NUL is `EINVAL`, as no system has such a name. */
export function cString(bytes: Bytes): Bytes {
  if (bytes.includes(0)) throw systemError(constants.errno.EINVAL, 'a name with a NUL byte', bytes);
  const closed = Buffer.allocUnsafe(bytes.length + 1);
  closed.set(bytes);
  closed[bytes.length] = 0;
  return closed;
}

function bind(name: Name): Call {
  const known = calls.get(name);
  if (known !== undefined) return known;
  const { library } = open();
  try {
    const call = library.func(prototypes[name]) as Call;
    calls.set(name, call);
    return call;
  } catch (cause) {
    throw new HoldfastError('platform_unsupported', `this system's C library has no ${name}`, { cause });
  }
}

function open(): Libc {
  libc ??= load();
  return libc;
}

function load(): Libc {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    // `struct passwd` and `struct group` both begin with the name, on every platform.
    const account = koffi.struct('account', { name: 'str' });
    return { koffi, account, library: koffi.load(null) };
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    throw new HoldfastError(
      'platform_unsupported',
      `koffi, which calls the C library, cannot load on ${platform}`,
      {
        hint: 'install again with optional dependencies: npm ci --include=optional',
        cause,
      },
    );
  }
}

function systemError(errno: number, syscall: string, path: Bytes): NodeJS.ErrnoException {
  const text = Buffer.from(path).toString();
  const code = getSystemErrorName(-errno);
  const error: NodeJS.ErrnoException = new Error(
    `${code}: ${getSystemErrorMessage(-errno)}, ${syscall} '${text}'`,
  );
  return Object.assign(error, { errno: -errno, code, syscall, path: text });
}
