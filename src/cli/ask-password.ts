import { Secret } from '../base/index.ts';

/** The password somebody types for the repository at `location`; undefined without a terminal, or when they give up. */
export function askPassword(location: string): Promise<Secret<string> | undefined> {
  return askSecret(`password of the repository at ${location}`);
}

/** What somebody types unseen at `message`; undefined without a terminal, or when they give up. */
export async function askSecret(message: string): Promise<Secret<string> | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({
    message,
    output: process.stderr,
  });
  return isCancel(answer) ? undefined : new Secret(answer);
}
