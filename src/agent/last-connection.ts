import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { type Clock, type HoldfastError, type Log, writeFileAtomic } from '../base/index.ts';
import { formatName } from '../pki/index.ts';
import type { QuotaState, TlsDialer, Verdict, VerdictFile } from '../transport/index.ts';

const ServerCertificate = Type.Object({
  fingerprint: Type.String(),
  subject: Type.String(),
  /** ISO 8601. */
  notAfter: Type.String(),
});

/** What the server said last of what this machine has stored there, and may. */
const LastQuota = Type.Object({
  /** ISO 8601. */
  time: Type.String(),
  usedBytes: Type.Number(),
  quotaBytes: Type.Optional(Type.Number()),
});

/** The newest connection to a server, and the newest attempt that failed. */
const LastConnection = Type.Object({
  format: Type.Literal(1),
  made: Type.Optional(
    Type.Object({
      /** ISO 8601. */
      time: Type.String(),
      server: Type.String(),
      protocol: Type.String(),
      cipher: Type.String(),
      group: Type.String(),
      certificate: Type.Optional(ServerCertificate),
      /** Why the server has not proved to be one, where that was let pass. */
      doubt: Type.Optional(Type.String()),
    }),
  ),
  failed: Type.Optional(
    Type.Object({
      time: Type.String(),
      code: Type.String(),
      message: Type.String(),
      hint: Type.Optional(Type.String()),
    }),
  ),
  stored: Type.Optional(LastQuota),
});
export type LastConnection = Static<typeof LastConnection>;

/** What this machine's connections were like; nothing where none was made yet, or what was kept cannot be read. */
export async function readLastConnection(directory: string): Promise<LastConnection> {
  try {
    const value: unknown = JSON.parse(await readFile(pathIn(directory), 'utf8'));
    return Check(LastConnection, value) ? value : { format: 1 };
  } catch {
    return { format: 1 };
  }
}

interface Noting {
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps how a connection that has just been made is protected. */
export async function noteConnection(
  directory: string,
  { server, dialer }: { readonly server: string; readonly dialer: TlsDialer },
  { clock, log }: Noting,
): Promise<void> {
  const info = dialer.lastConnection();
  const certificate = dialer.lastServer();
  const doubt = dialer.doubt()?.message;
  if (info === undefined) return;
  const made = {
    time: new Date(clock.now()).toISOString(),
    server,
    ...info,
    ...(certificate && {
      certificate: {
        fingerprint: certificate.fingerprint,
        subject: formatName(certificate.subject),
        notAfter: certificate.notAfter.toISOString(),
      },
    }),
    ...(doubt !== undefined && { doubt }),
  };
  await change(directory, log, (last) => ({ ...last, made }));
}

/** Keeps why no connection came about. */
export async function noteFailure(
  directory: string,
  { code, message, hint }: HoldfastError,
  { clock, log }: Noting,
): Promise<void> {
  const time = new Date(clock.now()).toISOString();
  const failed = { time, code, message, ...(hint !== undefined && { hint }) };
  await change(directory, log, (last) => ({ ...last, failed }));
}

/** Keeps what a server said of what this machine has stored there, and may. */
export async function noteQuota(
  directory: string,
  { usedBytes, quotaBytes }: QuotaState,
  { clock, log }: Noting,
): Promise<void> {
  const time = new Date(clock.now()).toISOString();
  const stored = { time, usedBytes, ...(quotaBytes !== undefined && { quotaBytes }) };
  await change(directory, log, (last) => ({ ...last, stored }));
}

function pathIn(directory: string): string {
  return join(directory, 'connection.json');
}

/** What is told of connections is worth no failure: a full disk must not keep anybody from restoring. */
async function change(
  directory: string,
  log: Log,
  next: (last: LastConnection) => LastConnection,
): Promise<void> {
  try {
    const text = JSON.stringify(next(await readLastConnection(directory)), undefined, 2);
    await writeFileAtomic(pathIn(directory), `${text}\n`);
  } catch (error) {
    log.debug('what the connection is like is not kept', { error });
  }
}

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
