import { connectNode, createLocalNode, openRepositoryAt } from '../agent/index.ts';
import { HoldfastError } from '../base/index.ts';
import { type BackupResult, backUp, existingPaths, sayBackup } from './backing-up.ts';
import type { UpOptions } from './command/up.ts';
import type { Context } from './context.ts';
import { exitCode } from './exit-code.ts';
import { formatRemaining, plural, shortFingerprint } from './format.ts';
import { describeConnection } from './repository-target.ts';
import { openServing, type Serving, untilInterrupted } from './serving.ts';
import { type VerifyResult, verifyBackup } from './verifying.ts';

/** `holdfast up`: everything, from nothing or from what is there, proved by reading it back. */
export async function up(context: Context, paths: readonly string[], options: UpOptions): Promise<void> {
  const { output } = context;
  const sources = await existingPaths(context, paths.length === 0 ? ['.'] : paths);
  await using serving = await openServing(context, options, { create: true });
  sayServing(context, serving);
  const node = await createLocalNode(serving.home.node, serving.localEnrolment, context);
  await using connection = await connectNode(node, context);
  const renewal = formatRemaining(node.renewalTime().getTime() - context.clock.now());
  output.row('client', 'enrolled', node.identity.name, `certificate renews itself, next in ${renewal}`);
  const place = connection.place({ cache: serving.home.cache });
  const repository = await openRepositoryAt(place, { create: true, signal: context.signal });
  const backup = await backUp(context, repository, sources, {
    ...options,
    forbidden: [serving.storeDirectory],
  });
  sayBackup(output, describeConnection(connection), backup);
  const verified = await verifyBackup(context, node, backup);
  sayVerified(context, verified);
  if (output.json) output.value(toJson(serving, node.identity.name, connection.security(), backup, verified));
  if (!verified.equal) throw differs(verified);
  if (backup.unreadable > 0) process.exitCode = exitCode.someFilesUnread;
  output.row(
    'next',
    'holdfast restore latest --target DIR   ·   another machine: holdfast token create NAME',
  );
  if (options.once !== true) await untilInterrupted(context, serving);
}

function sayServing({ output }: Context, serving: Serving): void {
  const { authority, created } = serving;
  const key = authority.root.publicKeyName;
  const years = formatRemaining(authority.root.notAfter.getTime() - authority.root.notBefore.getTime());
  output.row(
    'authority',
    created ? 'created' : 'opened',
    authority.network,
    `root ${shortFingerprint(authority.root.fingerprint)}`,
    `${key}, valid ${years}`,
  );
  if (serving.kitPath !== undefined) {
    const verb = created ? 'kit written to' : 'the kit is still at';
    output.row('recovery', `${verb} ${serving.kitPath}`, 'move it off this machine');
  }
  output.row('server', `listening ${serving.url}`, 'TLS 1.3, client certificates required');
}

function sayVerified({ output }: Context, { files, changed, equal }: VerifyResult): void {
  const read = `${plural(files, 'file')} read back and compared`;
  const verdict = equal ? 'all equal' : 'NOT all equal';
  output.row(
    'verified',
    `${read}, ${verdict}`,
    ...(changed > 0 ? [`${plural(changed, 'file')} changed since`] : []),
  );
}

function differs({ different }: VerifyResult): HoldfastError {
  return new HoldfastError(
    'verify_failed',
    `${plural(different.length, 'file')} differ from the backup, each named above`,
    {
      hint: 'holdfast check --read-data shows whether the repository is damaged',
    },
  );
}

function toJson(
  serving: Serving,
  name: string,
  security: { protocol: string; group: string },
  backup: BackupResult,
  verified: VerifyResult,
): unknown {
  return {
    network: serving.authority.network,
    root: { fingerprint: serving.authority.root.fingerprint },
    server: { url: serving.url, ...security },
    client: { name },
    snapshot: backup.snapshot,
    backup: { files: backup.files, bytes: backup.bytes, added: backup.added, unreadable: backup.unreadable },
    verified: { files: verified.files, changed: verified.changed, equal: verified.equal },
  };
}
