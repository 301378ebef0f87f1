import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type KillOptions, killClient, killServer } from '../test/rig/kill-rounds.ts';

/** Kills the client, then the server, `rounds` times each; gives a sentence for each, and throws when anything is lost. */
export async function measureKills(options: KillOptions): Promise<string[]> {
  const sentences: string[] = [];
  for (const [victim, killRounds] of [['client', killClient] as const, ['server', killServer] as const]) {
    console.error(`killing the ${victim} ${options.rounds} times, seed ${options.seed}`);
    const directory = join(options.directory, `kill-${victim}`);
    mkdirSync(directory);
    const { hits, backupMs, acknowledged } = await killRounds({ ...options, directory });
    rmSync(directory, { recursive: true });
    sentences.push(
      `${victim} killed (SIGKILL) ${options.rounds} times, spread over the ${(backupMs / 1000).toFixed(1)} s of a backup of ` +
        `${Math.round(options.bytes / 1e6)} MB over mutual TLS (${hits} hit it running), seed ${options.seed}: ` +
        `\`restic check\` clean after each, nothing lost of ${acknowledged} acknowledged ` +
        (victim === 'client' ? 'snapshots, no data uploaded twice' : 'snapshots and objects'),
    );
  }
  return sentences;
}
