import { type Clock, HoldfastError, type Log } from '../base/index.ts';
import { type Enrolment, type JoinCode, join, renew } from '../enrol/index.ts';
import { identityUri } from '../pki/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { checkEpoch } from './check-epoch.ts';
import { rewriteExports, staleExports } from './export-certificate.ts';
import { identityLabel, type Node } from './node.ts';
import { enrolledState } from './node-state.ts';

/** What renewing and joining need besides the node. */
export interface RenewalOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How a line that is down is borne. */
  readonly line?: Line;
}

/**
 * Renews the certificate of `node` at `server`, dialing with the present one. Until it succeeds the old one stays; an
 * export that cannot be rewritten is logged and does not undo the renewal.
 * @throws HoldfastError `certificate_expired` when the present one is past its end: it opens no door any more
 */
export async function renewNode(
  node: Node,
  { server, dialer }: { server: string; dialer: TlsDialer },
  { clock, log, signal, line }: RenewalOptions,
): Promise<void> {
  checkNotExpired(node, clock);
  await renew({
    identity: node.identity,
    keystore: node.keystore,
    label: identityLabel,
    server,
    dialer,
    bundle: node.bundle.current,
    checkpoint: node.state.checkpoint,
    keep: (enrolment) => keep(node, enrolment, log),
    clock,
    signal,
    line,
  });
  await finish(node, log);
}

/** Gets a certificate for the same identity with a reissue code, for a node whose own has expired. */
export async function rejoinNode(
  node: Node,
  code: JoinCode,
  { clock, log, signal, line }: RenewalOptions,
): Promise<void> {
  const { keystore } = node;
  await join(code, {
    keystore,
    label: identityLabel,
    keep: (enrolment) => keep(node, enrolment, log),
    clock,
    log,
    signal,
    line,
  });
  await finish(node, log);
}

function checkNotExpired(node: Node, clock: Clock): void {
  const { notAfter } = node.certificate;
  const now = new Date(clock.now());
  if (now <= notAfter) return;
  const since = `expired at ${notAfter.toISOString()}, and it is ${now.toISOString()}`;
  throw new HoldfastError(
    'certificate_expired',
    `the certificate of ${identityUri(node.identity)} ${since}`,
    {
      hint: 'holdfast cert renew, which an administrator approves; or with a code of holdfast token create --reissue NAME: holdfast join',
    },
  );
}

/**
 * Keeps what came with a certificate. The recovery key stays the one that was learned at the first joining: whoever could change it would read the keys of
 * every repository made from then on.
 */
export async function keep(node: Node, enrolment: Enrolment, log: Log): Promise<void> {
  const { recoveryRecipient, checkpoint } = node.state;
  // Whoever has the key of an issuer signs checkpoints as he likes.
  if (!node.isIssuerRevoked) checkEpoch(checkpoint, enrolment.checkpoint);
  if (enrolment.recoveryRecipient !== recoveryRecipient) {
    log.warn('the server names another recovery key; the one known from joining is kept', {
      named: enrolment.recoveryRecipient,
    });
  }
  await node.keepTrust(enrolment.bundle);
  await node.updateState({ ...enrolledState(enrolment), recoveryRecipient });
}

/** Writes exports again when a renewal was cut off before it could. */
export async function mendExports(node: Node, log: Log): Promise<void> {
  if ((await staleExports(node)).length > 0) await rewriteAll(node, log);
}

/** Shows the new certificate from now on, and writes it wherever it was exported to. */
export async function finish(node: Node, log: Log): Promise<void> {
  node.useCredentials();
  await rewriteAll(node, log);
}

async function rewriteAll(node: Node, log: Log): Promise<void> {
  for (const { directory, cause } of await rewriteExports(node)) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    log.warn('an export could not be rewritten and still holds the old certificate', { directory, reason });
  }
}
