import type { Agent } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Bytes, secondMs } from '../base/index.ts';
import { defaultClientPolicy } from '../policy/index.ts';
import { limitHandshakes } from './handshake-budget.ts';
import { peerCertificates } from './peer.ts';
import { type Credentials, Hot, HotContext } from './secure-context.ts';
import { connectVerified, type Target, VerifyingAgent } from './verified-connection.ts';

export interface PinnedDialerOptions {
  /** What is shown to the other side; nothing when it is left out. */
  readonly credentials?: Credentials | undefined;
  /** Throws when what the other side has presented (DER, the leaf first) is not what was agreed on with it. */
  readonly judge: (chain: readonly Bytes[]) => void;
  /** How many connections there are at once; 16 unless said. */
  readonly maxSockets?: number;
  /** For name lookup, connection and handshake together; 15 seconds unless said. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 15 * secondMs;
const defaultMaxSockets = 16;

/**
 * Dials somebody whose certificates were agreed on beforehand, be it by an authority of another network or by nothing but their
 * fingerprints. Nothing is written to a connection before `judge` has let it pass.
 */
export class PinnedDialer implements Disposable {
  readonly #options: PinnedDialerOptions;
  readonly #context: HotContext;
  readonly #agent: VerifyingAgent;

  constructor(options: PinnedDialerOptions) {
    this.#options = options;
    const { credentials, maxSockets = defaultMaxSockets } = options;
    this.#context = new HotContext(defaultClientPolicy, credentials && new Hot(credentials));
    const connector = {
      connect: (target: Target) => this.#connect(target),
      isStillGood: () => true,
    };
    this.#agent = new VerifyingAgent(connector, { maxSockets });
  }

  /** For `https.request`: judged connections, kept for the next request. */
  agent(): Agent {
    return this.#agent;
  }

  /** Ends the connections of the agent. */
  close(): void {
    this.#agent.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #connect(target: Target): Promise<TLSSocket> {
    limitHandshakes();
    const { judge, timeoutMs = defaultTimeoutMs } = this.#options;
    return await connectVerified(target, {
      context: this.#context.current,
      verify: async (socket) => judge(peerCertificates(socket) ?? []),
      asksForStaple: false,
      timeoutMs,
    });
  }
}
