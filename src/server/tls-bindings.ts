import type { BindingTarget, BoundCertificate } from '../admin/index.ts';
import { type Bytes, dayMs } from '../base/index.ts';
import { parseCertificate } from '../pki/index.ts';
import { type Credentials, everyListener, Hot, noBindings, type TlsBindings } from '../transport/index.ts';
import type { Keystore } from '../trust/index.ts';

/** A certificate that is shown for its target. */
export interface Binding {
  readonly target: BindingTarget;
  readonly credentials: Credentials;
}

const kinds = ['host', 'listener'] as const;

/** `host vault.example`, `listener open`, `listener *`: as it stands on record. */
export function bindingName({ kind, name }: BindingTarget): string {
  return `${kind} ${name}`;
}

/** The same for people: `every listener` where it stands for all. */
export function describeBinding(target: BindingTarget): string {
  return target.kind === 'listener' && target.name === everyListener ? 'every listener' : bindingName(target);
}

/** Under which label key and chain of a binding stand in the keystore of the server's machine. */
export function bindingLabel(target: BindingTarget): string {
  return `tls ${bindingName(target)}`;
}

/** The bindings that are in a keystore. */
export function readBindings(keystore: Keystore): Binding[] {
  return kinds.flatMap((kind) => {
    const prefix = bindingLabel({ kind, name: '' });
    return keystore
      .labels()
      .filter((label) => label.startsWith(prefix))
      .map((label) => ({
        target: { kind, name: label.slice(prefix.length) },
        credentials: { chain: [...keystore.certificate(label)], privateKey: keystore.key(label) },
      }));
  });
}

const noticeMs = 30 * dayMs;

/**
 * The bindings of a keystore as `status` shows them. Nobody renews their certificates but whoever bound them, so that a month
 * is none too long to hear of its end.
 */
export function boundCertificates(keystore: Keystore, nowMs: number): BoundCertificate[] {
  return readBindings(keystore).map(({ target, credentials }) => {
    const { notAfter } = parseCertificate(credentials.chain[0] as Bytes);
    const leftMs = notAfter.getTime() - nowMs;
    return {
      target: describeBinding(target),
      notAfter: notAfter.toISOString(),
      state: leftMs < 0 ? 'ended' : leftMs < noticeMs ? 'ending' : 'good',
    };
  });
}

/** What a running server shows for certain hosts and listeners; read again when it has changed. */
export class ServerBindings {
  readonly #read: () => Promise<Keystore>;
  readonly current = new Hot<TlsBindings>(noBindings);

  private constructor(read: () => Promise<Keystore>) {
    this.#read = read;
  }

  /** The bindings in the keystore that `read` opens, as it is each time. */
  static async open(read: () => Promise<Keystore>): Promise<ServerBindings> {
    const bindings = new ServerBindings(read);
    await bindings.reload();
    return bindings;
  }

  /** Takes what the keystore holds by now: from the next connection on it is shown. Connections go on. */
  async reload(): Promise<void> {
    this.#use(readBindings(await this.#read()));
  }

  #use(bindings: readonly Binding[]): void {
    const of = (kind: BindingTarget['kind']): ReadonlyMap<string, Credentials> =>
      new Map(
        bindings
          .filter(({ target }) => target.kind === kind)
          .map(({ target, credentials }) => [target.name, credentials]),
      );
    this.current.replace({ hosts: of('host'), listeners: of('listener') });
  }
}
