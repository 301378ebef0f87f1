import { Secret } from '../base/index.ts';

/** The password somebody types for the repository at `location`; undefined without a terminal, or when they give up. */
export async function askPassword(location: string): Promise<Secret<string> | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({
    message: `password of the repository at ${location}`,
    output: process.stderr,
  });
  return isCancel(answer) ? undefined : new Secret(answer);
}
