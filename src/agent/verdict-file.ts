import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { type Log, writeFileAtomic } from '../base/index.ts';
import type { Verdict, VerdictFile } from '../transport/index.ts';

const Verdicts = Type.Object({
  format: Type.Literal(1),
  verdicts: Type.Array(
    Type.Object({
      path: Type.String({ maxLength: 2000 }),
      untilMs: Type.Number(),
      unknown: Type.Optional(Type.String()),
    }),
    { maxItems: 100 },
  ),
});

/**
 * What is known of the revocation of servers, in a node's directory. It saves asking, and nothing else: without it, or where
 * it cannot be read or written, the addresses are asked again.
 */
export function verdictFile(directory: string, log: Log): VerdictFile {
  const path = join(directory, 'revocation.json');
  let known: Promise<readonly Verdict[]> | undefined;
  return {
    read: () => (known ??= readVerdicts(path)),
    async write(verdicts) {
      known = Promise.resolve(verdicts);
      const text = `${JSON.stringify({ format: 1, verdicts }, undefined, 2)}\n`;
      await writeFileAtomic(path, text).catch((error: unknown) =>
        log.debug('what is known of revocation is not kept', { error }),
      );
    },
  };
}

async function readVerdicts(path: string): Promise<readonly Verdict[]> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Check(Verdicts, value) ? value.verdicts : [];
  } catch {
    return [];
  }
}
