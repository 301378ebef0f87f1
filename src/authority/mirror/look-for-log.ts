import type { LogMirror } from './log-mirror.ts';
import { checkpointFile, maxCheckpointBytes } from './mirror-format.ts';

/** Whether a mirror has a log, whoever's and however damaged. @throws whatever the mirror throws when it does not answer */
export async function lookForLog(mirror: LogMirror): Promise<boolean> {
  return (await mirror.read(checkpointFile, maxCheckpointBytes)) !== undefined;
}
