import type { Context } from '../program/context.ts';

/** So many different problems are remembered, so that each is said once. */
const maxRemembered = 1000;

/** Warns of what cannot be read while others read it, once of each: programs ask again and again. */
export function tellingOnce({ output }: Context): {
  readonly onPath: (path: string, error: Error) => void;
  readonly onList: (error: unknown) => void;
} {
  const said = new Set<string>();
  const tell = (text: string): void => {
    if (said.has(text)) return;
    if (said.size >= maxRemembered) said.clear();
    said.add(text);
    output.warn(text);
  };
  return {
    onPath: (path, { message }) => tell(`${path}: ${message}`),
    onList: (error) =>
      tell(`new snapshots cannot be looked for: ${error instanceof Error ? error.message : String(error)}`),
  };
}
