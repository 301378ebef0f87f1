import type { SecureContext } from 'node:tls';
import type { ListenerPolicy } from '../policy/index.ts';
import { type Credentials, type Hot, HotContext } from './secure-context.ts';

/** Certificates that are shown instead of the server's own. */
export interface TlsBindings {
  /** To whoever names this host (SNI), in lower case; `*.example.com` for every name one label below. */
  readonly hosts: ReadonlyMap<string, Credentials>;
  /** To whoever comes to the listener of this name, or to any by {@link everyListener}, and names no host that has one. */
  readonly listeners: ReadonlyMap<string, Credentials>;
}

/** Stands for all listeners, those of later among them; no listener is called so. */
export const everyListener = '*';

/** Nothing but the server's own certificate. */
export const noBindings: TlsBindings = { hosts: new Map(), listeners: new Map() };

/** What is shown to whoever comes to a listener and names no host that has something bound to it. */
function boundToListener({ listeners }: TlsBindings, name: string): Credentials | undefined {
  return listeners.get(name) ?? listeners.get(everyListener);
}

/** What is shown to whoever names `host`, or undefined when nothing is bound to it. */
function boundTo({ hosts }: TlsBindings, host: string): Credentials | undefined {
  const name = host.replace(/\.$/, '').toLowerCase();
  return hosts.get(name) ?? hosts.get(`*${name.slice(name.indexOf('.'))}`);
}

/** What a listener shows at the moment: its own certificate, one bound to it, or one for the host that is named. */
export class ServerContexts {
  /** For whoever names no host, or one that nothing is bound to. */
  readonly standard: HotContext;
  readonly #policy: ListenerPolicy;
  readonly #bindings: Hot<TlsBindings>;
  readonly #hosts = new WeakMap<Credentials, HotContext>();

  constructor(policy: ListenerPolicy, credentials: Hot<Credentials>, bindings: Hot<TlsBindings>) {
    this.#policy = policy;
    this.#bindings = bindings;
    this.standard = new HotContext(policy, {
      get current() {
        return boundToListener(bindings.current, policy.name) ?? credentials.current;
      },
    });
  }

  /** Whether a host that is named can change anything. */
  get hasHosts(): boolean {
    return this.#bindings.current.hosts.size > 0;
  }

  /** The context for a host that is named, or undefined when the standard one is. */
  forHost(host: string): SecureContext | undefined {
    const credentials = boundTo(this.#bindings.current, host);
    if (credentials === undefined) return undefined;
    let context = this.#hosts.get(credentials);
    if (context === undefined) {
      context = new HotContext(this.#policy, { current: credentials });
      this.#hosts.set(credentials, context);
    }
    return context.current;
  }
}
