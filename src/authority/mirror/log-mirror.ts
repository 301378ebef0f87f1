import type { Bytes } from '../../base/index.ts';
import { checkpointFile, maxCheckpointBytes } from './mirror-format.ts';

/**
 * A place beyond this home that holds a copy of the log: files by name, written whole or not at all. Nothing in it is
 * believed but what is signed, or chained to what is.
 */
export interface LogMirror {
  /** How people call it, and what records keep: without any password. */
  readonly name: string;
  /** What a file holds, or undefined when there is none; more than `maxBytes` is refused. */
  read(file: string, maxBytes: number): Promise<Bytes | undefined>;
  /** Makes a file, or replaces it. */
  write(file: string, bytes: Bytes): Promise<void>;
  /** Ends what is under way, which fails then; for one that would keep a process waiting. */
  close?(): void;
}

/** Whether a mirror has a log, whoever's and however damaged. @throws whatever the mirror throws when it does not answer */
export async function lookForLog(mirror: LogMirror): Promise<boolean> {
  return (await mirror.read(checkpointFile, maxCheckpointBytes)) !== undefined;
}
