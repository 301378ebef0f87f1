import { openOrCreateKeystore } from '../../agent/index.ts';
import { type Credentials, Hot, noBindings, type TlsBindings } from '../../transport/index.ts';
import { Keystore } from '../../trust/index.ts';

/** What a certificate from elsewhere is bound to. */
export interface BindingTarget {
  readonly kind: 'host' | 'listener';
  /** A host name or address, in lower case, or the name of a listener. */
  readonly name: string;
}

/** A certificate that is shown for its target. */
export interface Binding {
  readonly target: BindingTarget;
  readonly credentials: Credentials;
}

const kinds = ['host', 'listener'] as const;

/** Under which label key and chain of a binding stand in the keystore of the server's machine. */
export function bindingLabel({ kind, name }: BindingTarget): string {
  return `tls ${kind} ${name}`;
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

/** What a running server shows for certain hosts and listeners; read again when it has changed. */
export class ServerBindings {
  readonly #directory: string;
  readonly current = new Hot<TlsBindings>(noBindings);

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** The bindings in the keystore in `directory`, which is made when there is none. */
  static async open(directory: string): Promise<ServerBindings> {
    const bindings = new ServerBindings(directory);
    bindings.#use(readBindings(await openOrCreateKeystore(directory)));
    return bindings;
  }

  /** Takes what the keystore holds by now: from the next connection on it is shown. Connections go on. */
  async reload(): Promise<void> {
    this.#use(readBindings(await Keystore.open(this.#directory)));
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
