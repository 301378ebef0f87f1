import { execFileSync } from 'node:child_process';
import type { AuthorityResults } from './authority-rows.ts';
import { renderAuthorityTables } from './authority-table.ts';
import type { BenchOptions } from './options.ts';

/** Where the part of the published page begins that is about the authority. */
export const authorityHeading = '## The authority';

/** The part of the published page that is about the authority. */
export function renderAuthority(
  results: AuthorityResults,
  { runs, size, authorityRows }: BenchOptions,
): string {
  const rows = authorityRows.join();
  return `${authorityHeading}

In one run of \`npm run bench -- --rows ${rows} --write\`, the contenders taking turns, median of ${runs}${size === 1 ? '' : `; **all amounts times ${size}**`}.

${renderAuthorityTables(results)}

- The load client runs on the same processors: one process that sends requests that were made beforehand, the next on a
  connection as soon as the last was answered, and looks at nothing but status and length.
- certificates: POST over HTTPS on 64 connections, each request with a P-256 key of its own, which the server verifies. Holdfast
  checks and records each durably before it answers, \`cfssl serve\` has the same names and addresses to write and stores
  nothing. A quarter of the requests goes first, unmeasured. After each run every certificate is found in the database.
- OCSP answers: POST over HTTP on 16 connections, the same requests to both, all of them once beforehand, unmeasured.
  \`openssl ocsp\` as a server takes one request from each connection, works on one at a time and signs every answer.
  *Each signed*: about one certificate after the other, each request with a nonce of its own, so that Holdfast signs every
  answer too. *As clients ask*: without a nonce, about some certificates more often than about others (the one in place n
  of that order comes n times as rarely as the first, Zipf’s law); Holdfast looks each up, and gives an answer it has
  signed within the last minutes again as long as the records say the same.
- The rows with many certificates are whole commands against a running server, from start to exit; start is until it
  takes connections. One certificate in ten is revoked, the list of them is signed anew for each command.
- Versions: ${versions()}. \`openssl speed ecdsap256\` on one processor: ${opensslSpeed()}.
`;
}

function versions(): string {
  const cfssl = /Version: *(\S+)/.exec(output('cfssl', ['version']))?.[1] ?? 'unknown';
  const openssl = output('openssl', ['version']).split(' ').slice(0, 2).join(' ');
  return `Node ${process.version}, cfssl ${cfssl}, ${openssl}`;
}

function opensslSpeed(): string {
  const line = /nistp256\)\s+\S+\s+\S+\s+(\S+)\s+(\S+)/.exec(
    output('openssl', ['speed', '-seconds', '2', 'ecdsap256']),
  );
  const [, signs = '?', verifies = '?'] = line ?? [];
  return `${Math.round(Number(signs))} signatures/s, ${Math.round(Number(verifies))} verifications/s`;
}

function output(program: string, words: readonly string[]): string {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
