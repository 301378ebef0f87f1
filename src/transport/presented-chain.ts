import { type Bytes, HoldfastError, secondMs } from '../base/index.ts';
import { type ClientPolicy, defaultClientPolicy } from '../policy/index.ts';
import { limitHandshakes } from './handshake-budget.ts';
import { peerCertificates } from './peer.ts';
import { HotContext } from './secure-context.ts';
import { connectVerified, type Target } from './verified-connection.ts';

const timeoutMs = 15 * secondMs;

/**
 * The certificates that a server shows, DER, the leaf first; that it has the leaf's key is proved, and nothing else. Nothing is
 * sent to it, and no certificate of ours is shown.
 *
 * @throws HoldfastError as `TlsDialer.connect`, but for `certificate_*`
 */
export async function presentedChain(
  target: Target,
  {
    signal,
    policy = defaultClientPolicy,
  }: { readonly signal: AbortSignal; readonly policy?: ClientPolicy | undefined },
): Promise<readonly Bytes[]> {
  limitHandshakes();
  const { current: context } = new HotContext(policy, undefined);
  const socket = await connectVerified(target, {
    context,
    verify: async () => {},
    asksForStaple: false,
    timeoutMs,
    signal,
  });
  const chain = peerCertificates(socket);
  socket.destroy();
  if (chain !== undefined) return chain;
  throw new HoldfastError('tls_failed', `${target.host}:${target.port} shows no certificate`);
}
