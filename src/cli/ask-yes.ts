/** Whether somebody says yes to `message`; undefined without a terminal. Giving up is a no. */
export async function askYes(message: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { confirm } = await import('@clack/prompts');
  const answer = await confirm({ message, initialValue: false, output: process.stderr });
  return answer === true;
}
