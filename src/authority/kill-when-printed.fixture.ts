import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Secret } from '../base/index.ts';
import type { DatabaseLocation } from '../db/index.ts';
import type { OpenAuthorityOptions } from './opening/open-authority.ts';

/**
 * Starts a program on a home, kills it when it has printed `atLeast` lines and a random moment of up to 20 ms later, and
 * gives the lines that it printed whole.
 */
export async function killWhenPrinted(
  program: string,
  { home, database }: OpenAuthorityOptions,
  atLeast: number,
): Promise<string[]> {
  const delayMs = Math.random() * 20;
  const child = spawn(process.execPath, [program, home, ...urlOf(database)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let text = '';
  let dying = false;
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (dying || text.split('\n').length <= atLeast) continue;
    dying = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  await ended;
  // A line without its end was cut by the kill.
  return text.split('\n').slice(0, -1);
}

function urlOf(database: DatabaseLocation | undefined): string[] {
  return database?.kind === 'postgres' ? [database.url.reveal()] : [];
}

/** The home that such a program was given. */
export function killedHome(): Pick<OpenAuthorityOptions, 'home' | 'database'> {
  const [, , home = '', url] = process.argv;
  return { home, database: url === undefined ? undefined : { kind: 'postgres', url: new Secret(url) } };
}
