import { type Bytes, HoldfastError } from '../../base/index.ts';
import { goJsonString } from './go-text.ts';
import { encodeGoTime, parseGoTime } from './go-time.ts';
import { asCount, asText, parseJsonObject } from './json-object.ts';

/** What a lock file says: somebody works on the repository (restic design document, "Locks"). */
export interface Lock {
  /** Nanoseconds since 1970: when it was made or refreshed, by its holder's clock. */
  readonly timeNs: bigint;
  /** Nobody else may hold a lock at the same time. */
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** The JSON of a lock file, its keys in restic's order. */
export function encodeLock(lock: Lock): Bytes {
  let json = `{"time":"${encodeGoTime(lock.timeNs)}","exclusive":${lock.exclusive}`;
  json += `,"hostname":${goJsonString(lock.hostname)},"username":${goJsonString(lock.username)},"pid":${lock.pid}`;
  if (lock.uid) json += `,"uid":${lock.uid}`;
  if (lock.gid) json += `,"gid":${lock.gid}`;
  return Buffer.from(`${json}}`);
}

/** Reads the JSON of a lock file; `repository_damaged`, naming `what`, without a time. */
export function parseLock(text: Bytes, what: string): Lock {
  const json = parseJsonObject(text, what);
  const timeNs = parseGoTime(asText(json['time']) ?? '');
  if (timeNs === undefined) throw new HoldfastError('repository_damaged', `${what} has no time`);
  return {
    timeNs,
    exclusive: json['exclusive'] === true,
    hostname: asText(json['hostname']) ?? '',
    username: asText(json['username']) ?? '',
    pid: asCount(json['pid']) ?? 0,
  };
}
