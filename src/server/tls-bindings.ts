import type { KeyObject } from 'node:crypto';
import type { BindingTarget, BoundCertificate } from '../admin/index.ts';
import {
  type Bytes,
  type Clock,
  dayMs,
  equalBytes,
  HoldfastError,
  type Log,
  secondMs,
} from '../base/index.ts';
import { type Certificate, exportPublicKey, formatName, parseCertificate } from '../pki/index.ts';
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

/** What is shown by certain bindings, as describeBinding calls them, and when each certificate ends. */
export function shownCertificates({ hosts, listeners }: TlsBindings): { target: string; notAfter: Date }[] {
  return Object.entries({ host: hosts, listener: listeners }).flatMap(([kind, shown]) =>
    [...shown].map(([name, credentials]) => ({
      target: describeBinding({ kind: kind as BindingTarget['kind'], name }),
      notAfter: leafOf(credentials).notAfter,
    })),
  );
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

const retryMs = 5 * secondMs;

/** From where the bindings are read, and what is done while they cannot be. */
export interface BindingSource {
  /** The keystore as it is by now. */
  readonly read: () => Promise<Keystore>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What a running server shows for certain hosts and listeners; read again when it has changed. What cannot be read or used
 * replaces nothing: the last good pair is shown on, that is said, and it is tried again until it is good.
 */
export class ServerBindings implements Disposable {
  readonly #source: BindingSource;
  readonly current = new Hot<TlsBindings>(noBindings);
  #good: readonly Binding[] = [];
  #problem: Error | undefined;
  #retry: NodeJS.Timeout | undefined;

  private constructor(source: BindingSource) {
    this.#source = source;
  }

  /** The bindings of a keystore, as it is each time. @throws HoldfastError what is wrong with them: there is no pair of before */
  static async open(source: BindingSource): Promise<ServerBindings> {
    const bindings = new ServerBindings(source);
    bindings.#use(checkedBindings(await source.read()));
    return bindings;
  }

  /** Why what was read last is not shown; undefined while it is. */
  get problem(): Error | undefined {
    return this.#problem;
  }

  /**
   * Takes what the keystore holds by now: from the next connection on it is shown. Connections go on.
   * @throws HoldfastError what is wrong with it; the pairs of before are shown on, and it is tried again by itself
   */
  async reload(): Promise<void> {
    const { read, clock, log } = this.#source;
    try {
      const next = checkedBindings(await read());
      for (const binding of next) this.#checkNotWorse(binding, clock.now());
      this.#use(next);
      if (this.#problem !== undefined) log.info('bound certificates are read again');
      this.#settle(undefined);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isNews = this.#problem?.message !== error.message;
      if (isNews) log.error('bound certificates cannot be read; those of before are shown on', { error });
      this.#settle(error);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#settle(undefined);
  }

  /** One that has ended takes the place of none that has not. */
  #checkNotWorse({ target, credentials }: Binding, nowMs: number): void {
    const { notAfter } = leafOf(credentials);
    const before = this.#good.find((each) => bindingName(each.target) === bindingName(target));
    if (
      before === undefined ||
      nowMs <= notAfter.getTime() ||
      nowMs > leafOf(before.credentials).notAfter.getTime()
    )
      return;
    throw new HoldfastError(
      'certificate_expired',
      `the certificate bound to the ${describeBinding(target)} ended ${notAfter.toISOString()}, and the one of before has not`,
      { hint: 'bind one that is good: holdfast tls bind FILE' },
    );
  }

  #settle(problem: Error | undefined): void {
    this.#problem = problem;
    clearTimeout(this.#retry);
    if (problem === undefined) return;
    // Why it fails again is said by reload itself.
    this.#retry = setTimeout(() => void this.reload().catch(() => {}), retryMs).unref();
  }

  #use(bindings: readonly Binding[]): void {
    const of = (kind: BindingTarget['kind']): ReadonlyMap<string, Credentials> =>
      new Map(
        bindings
          .filter(({ target }) => target.kind === kind)
          .map(({ target, credentials }) => [target.name, credentials]),
      );
    this.#good = bindings;
    this.current.replace({ hosts: of('host'), listeners: of('listener') });
  }
}

/** @throws HoldfastError `certificate_not_allowed` for a key that is of another certificate, and what a keystore says of damage */
function checkedBindings(keystore: Keystore): Binding[] {
  const bindings = readBindings(keystore);
  for (const { credentials } of bindings) checkPair(leafOf(credentials), credentials.privateKey);
  return bindings;
}

/** Whether a private key is that of a certificate. @throws HoldfastError `certificate_not_allowed` */
export function checkPair(leaf: Certificate, key: KeyObject): void {
  if (equalBytes(exportPublicKey(key), leaf.spki)) return;
  throw new HoldfastError(
    'certificate_not_allowed',
    `the private key does not belong to the certificate ${formatName(leaf.subject)}`,
    { hint: 'name the key that its request was made with: --key FILE' },
  );
}

function leafOf({ chain }: Credentials): Certificate {
  return parseCertificate(chain[0] as Bytes);
}
