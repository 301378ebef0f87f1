import { type Clock, compareVersions, HoldfastError, type Log, programVersion } from '../../base/index.ts';
import {
  fetchRelease,
  notTrusted,
  type ReleaseManifest,
  type VerifiedRelease,
  verifyRelease,
} from '../../enrol/index.ts';
import type { Line } from '../../transport/index.ts';
import { askedRevocation, whyUnknown } from '../asked-revocation.ts';
import type { Node } from '../node.ts';

/** How the network is asked. */
export interface AskOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly line: Line;
  readonly signal: AbortSignal;
}

/** What is offered to this machine. */
export interface Offered {
  /** `none` is offered, what is offered runs already or is older than that, or it is `newer`. */
  readonly state: 'none' | 'current' | 'newer';
  /** Undefined where nothing was ever offered. */
  readonly manifest: ReleaseManifest | undefined;
}

/**
 * Asks the network what its machines are to run, and believes the answer for its signature alone: the line may be plain. What
 * was seen before is remembered, so that nobody shows an older one again. Changes nothing else.
 *
 * @throws HoldfastError `update_not_trusted`, `update_altered`, `update_older`, and as `fetchRelease`
 */
export async function askForRelease(node: Node, options: AskOptions): Promise<Offered> {
  const { line, signal, clock } = options;
  const signed = await fetchRelease(node.state.statusAddress, { line, signal });
  if (signed === undefined) {
    if (node.state.release !== undefined) throw older('no release at all', node.state.release);
    return { state: 'none', manifest: undefined };
  }
  const { bundle } = node;
  const verified = verifyRelease(signed, { bundle: bundle.current, at: new Date(clock.now()) });
  await checkRevocation(node, verified, options);
  const { manifest } = verified;
  await remember(node, manifest);
  if (manifest.version === null) return { state: 'none', manifest };
  const isNewer = compareVersions(manifest.version, programVersion()) > 0;
  return { state: isNewer ? 'newer' : 'current', manifest };
}

/** @throws HoldfastError `update_not_trusted` */
async function checkRevocation(
  { clientPolicy, bundle }: Node,
  { path }: VerifiedRelease,
  { clock, log, signal }: AskOptions,
): Promise<void> {
  const { revocation: mode } = clientPolicy;
  for (const status of await askedRevocation(path, { mode, bundle: bundle.current, clock, signal })) {
    if (status.kind === 'revoked') throw notTrusted(status.error.message, status.error);
    if (status.kind !== 'unknown') continue;
    const why = whyUnknown(status);
    if (mode === 'hard') throw notTrusted(`whether it is revoked is not known: ${why}`);
    log.warn('whether the certificate of the release is revoked is not known', { why });
  }
}

/** What this machine has seen of releases. */
type Seen = NonNullable<Node['state']['release']>;

/** Keeps the newest that was seen. @throws HoldfastError `update_older` */
async function remember(node: Node, { sequence, version }: ReleaseManifest): Promise<void> {
  const before = node.state.release;
  if (before !== undefined) checkNotOlder(before, { sequence, version });
  if (before?.sequence === sequence) return;
  await node.updateState(({ release }) =>
    release !== undefined && release.sequence > sequence
      ? {}
      : { release: { sequence, version: version ?? release?.version ?? null } },
  );
}

function checkNotOlder(
  seen: Seen,
  { sequence, version }: Pick<ReleaseManifest, 'sequence' | 'version'>,
): void {
  const what = version === null ? 'a manifest without a release' : `the release ${version}`;
  if (sequence < seen.sequence) throw older(`${what}, number ${sequence},`, seen);
  if (version !== null && seen.version !== null && compareVersions(version, seen.version) < 0)
    throw older(what, seen);
}

function older(what: string, { sequence, version }: Seen): HoldfastError {
  const known = version === null ? '' : `${version}, `;
  return new HoldfastError(
    'update_older',
    `${what} came, and this machine has seen ${known}number ${sequence}`,
  );
}
