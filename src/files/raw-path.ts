import { isUtf8 } from 'node:buffer';
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { posix } from 'node:path';
import { asBuffer, type Bytes, systemErrorCode } from '../base/index.ts';

/**
 * A path or name as text, without loss: bytes that are not UTF-8 become the lone surrogates U+DC80–U+DCFF
 * (as PEP 383 does), so two different names are never one text. For comparing and showing, not for opening.
 */
export function pathText(bytes: Bytes): string {
  if (isUtf8(bytes)) return asBuffer(bytes).toString();
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
        : asBuffer(bytes.subarray(at, at + length)).toString();
    at += Math.max(1, length);
  }
  return text;
}

/** How long the valid UTF-8 sequence at `at` is, 0 when there is none. */
function sequenceLength(bytes: Bytes, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}

/** The path or name that {@link pathText} shows as `text`. */
export function textPath(text: string): Bytes {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat(Array.from(text, characterBytes));
}

function characterBytes(character: string): Bytes {
  const code = character.charCodeAt(0);
  const isRaw = character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
  return isRaw ? Buffer.of(code - 0xdc00) : Buffer.from(character);
}

/**
 * The names in a directory, raw, in byte order (the order of a restic tree), without `.` and `..`; each once, though the
 * system may tell one twice while the directory changes.
 */
export function readDirectory(path: Bytes): Bytes[] {
  // As texts of one byte a character, which the engine sorts by itself.
  const names = readdirSync(asBuffer(path), { encoding: 'latin1' }).sort();
  return names.filter((name, index) => name !== names[index - 1]).map((name) => Buffer.from(name, 'latin1'));
}

/** Where a symlink points, raw. */
export function readLink(path: Bytes): Bytes {
  return readlinkSync(asBuffer(path), { encoding: 'buffer' });
}

/** `name` in `directory`. */
export function joinPath(directory: Bytes, name: Bytes): Bytes {
  const between = directory.at(-1) === slash ? 0 : 1;
  const path = Buffer.allocUnsafe(directory.length + between + name.length);
  path.set(directory);
  if (between === 1) path[directory.length] = slash;
  path.set(name, directory.length + between);
  return path;
}

const slash = 0x2f;

/**
 * Where a path leads that is itself a symlink: each further path on the way, absolute, up to what is no link; none for what is
 * no link at all. What is not there ends the way, and so does a link that was on it before, which then is the last.
 */
export function linkHops(path: Bytes): Bytes[] {
  const hops: Bytes[] = [];
  for (let here = path, on = new Set<string>(); !on.has(keyOf(here)); ) {
    on.add(keyOf(here));
    const target = targetOf(here);
    if (target === undefined) break;
    here = placeOf(here, target);
    hops.push(here);
  }
  return hops;
}

function targetOf(path: Bytes): Bytes | undefined {
  return unlessGone(() => readLink(path));
}

/** Text cannot say what `..` behind a link is: the system is asked. */
function placeOf(link: Bytes, target: Bytes): Bytes {
  const place = target[0] === slash ? target : joinPath(directoryOf(link), target);
  return tidy((hasDots(place) ? unlessGone(() => canonical(place)) : undefined) ?? place);
}

/** Without `.`, double slashes and a slash at the end. */
function tidy(path: Bytes): Bytes {
  return Buffer.from(posix.resolve(keyOf(path)), 'latin1');
}

/** With every link resolved but the last component, which may be one. */
function canonical(place: Bytes): Bytes {
  const name = place.subarray(asBuffer(place).lastIndexOf(slash) + 1);
  if (name.length === 0 || hasDots(name)) return realPath(place);
  return joinPath(realPath(directoryOf(place)), name);
}

function hasDots(path: Bytes): boolean {
  return `/${keyOf(path)}/`.includes('/../');
}

/** Node's own would take `..` as text. */
function realPath(path: Bytes): Bytes {
  return realpathSync.native(asBuffer(path), { encoding: 'buffer' });
}

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (['EINVAL', 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(systemErrorCode(error) ?? ''))
      return undefined;
    throw error;
  }
}

function directoryOf(path: Bytes): Bytes {
  return path.subarray(0, Math.max(1, asBuffer(path).lastIndexOf(slash)));
}

function keyOf(path: Bytes): string {
  return asBuffer(path).toString('latin1');
}
