import { readFile } from 'node:fs/promises';
import { Check } from 'typebox/value';
import {
  type Bytes,
  type Clock,
  HoldfastError,
  isHoldfastError,
  type Log,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import { certificateTag, type NetworkView, SignedNetworkView, verifyNetworkView } from '../../enrol/index.ts';
import type { Hot } from '../../transport/index.ts';
import type { TrustBundle } from '../../trust/index.ts';

export interface KeptViewOptions {
  /** Where it is kept. */
  readonly file: string;
  /** By whose roots it is believed. */
  readonly bundle: Hot<TrustBundle>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** A view, with what is looked up in it on each request at hand. */
interface Held {
  readonly signed: SignedNetworkView;
  /** Whom it was believed by. */
  readonly bundle: TrustBundle;
  readonly view: NetworkView;
  readonly good: ReadonlySet<string>;
  readonly clients: ReadonlyMap<string, NetworkView['clients'][number]>;
  readonly issuings: readonly Bytes[];
  readonly madeMs: number;
  readonly notAfterMs: number;
}

/**
 * What a storage node knows of its network: the newest view that it was ever given, verified when it comes and again when it is
 * read. It is on the disk before anything is decided by it, and an older one never takes its place, whoever signed that.
 */
export class KeptView {
  readonly #options: KeptViewOptions;
  readonly #listeners = new Set<() => Promise<void>>();
  #kept: Held | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: KeptViewOptions, held: Held | undefined) {
    this.#options = options;
    this.#kept = held;
  }

  /** The one that is kept; none where there is none yet, and none, said in the log, where what is there is not to be believed. */
  static async open(options: KeptViewOptions): Promise<KeptView> {
    return new KeptView(options, await readHeld(options));
  }

  /** Undefined before the first. */
  get current(): NetworkView | undefined {
    return this.#held?.view;
  }

  /** Certificates that have ever signed for nodes, DER. */
  get issuings(): readonly Bytes[] {
    return this.#held?.issuings ?? [];
  }

  /** The time here, and never earlier than the newest view was made: a clock that is set back makes none younger. */
  time(): number {
    return Math.max(this.#options.clock.now(), this.#held?.madeMs ?? 0);
  }

  /** Whether this very certificate (DER) was good by the newest view. */
  isGood(der: Bytes): boolean {
    return this.#held?.good.has(certificateTag(der)) === true;
  }

  /** What was decided of a client; undefined where nothing was. */
  client(name: string): NetworkView['clients'][number] | undefined {
    return this.#held?.clients.get(name);
  }

  /** All of whom something was decided. */
  clients(): Iterable<NetworkView['clients'][number]> {
    return this.#held?.clients.values() ?? [];
  }

  /**
   * Refuses what is new once the view is past its life: nobody here would know who was revoked since.
   * @throws HoldfastError `view_expired`
   */
  checkFresh(): void {
    const { notAfterMs = 0, view } = this.#held ?? {};
    if (this.time() <= notAfterMs) return;
    throw new HoldfastError(
      'view_expired',
      view === undefined
        ? 'this storage node was told nothing of its network yet'
        : `this storage node has heard nothing of its server since ${view.made}, and what it knows counted until ${view.notAfter}`,
    );
  }

  /**
   * Takes a view in the place of the present one, durably, and tells who listens; one that is older, or the same, is left.
   * @throws HoldfastError as `verifyNetworkView`; `view_invalid` for one from before what is known
   */
  async take(signed: SignedNetworkView): Promise<void> {
    const taking = this.#last.then(() => this.#take(signed));
    this.#last = taking.catch(() => {});
    await taking;
  }

  /** Calls back after each view that was taken, until it is disposed of. */
  watch(changed: () => Promise<void>): AsyncDisposable {
    this.#listeners.add(changed);
    return { [Symbol.asyncDispose]: async () => void this.#listeners.delete(changed) };
  }

  /** Judged again when trust has changed: what one has signed whom the root has revoked since is no view any more. */
  get #held(): Held | undefined {
    const { bundle, log } = this.#options;
    if (this.#kept === undefined || this.#kept.bundle === bundle.current) return this.#kept;
    try {
      this.#kept = heldIn(this.#kept.signed, this.#options);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      log.error('what is known of the network is not believed any more', { error });
      this.#kept = undefined;
    }
    return this.#kept;
  }

  async #take(signed: SignedNetworkView): Promise<void> {
    const next = heldIn(signed, this.#options);
    const held = this.#held;
    if (held !== undefined && !follows(next, held)) return;
    await writeFileAtomic(this.#options.file, `${JSON.stringify(signed)}\n`);
    this.#kept = next;
    for (const changed of this.#listeners) await changed();
  }
}

async function readHeld(options: KeptViewOptions): Promise<Held | undefined> {
  const { file, log } = options;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const signed: unknown = JSON.parse(text);
    if (Check(SignedNetworkView, signed)) return heldIn(signed, options);
    log.error('what is kept of the network is no view of it, and is not believed', { file });
  } catch (error) {
    if (!isHoldfastError(error) && !(error instanceof SyntaxError)) throw error;
    log.error('what is kept of the network is not believed', { file, error });
  }
  return undefined;
}

function heldIn(signed: SignedNetworkView, { bundle, clock }: KeptViewOptions): Held {
  const view = verifyNetworkView(signed, { bundle: bundle.current, at: new Date(clock.now()) });
  return {
    signed,
    bundle: bundle.current,
    view,
    good: new Set(view.good),
    clients: new Map(view.clients.map((client) => [client.name, client])),
    issuings: view.issuings.map((text) => new Uint8Array(Buffer.from(text, 'base64'))),
    madeMs: Date.parse(view.made),
    notAfterMs: Date.parse(view.notAfter),
  };
}

/**
 * Whether `next` is of a later state of the log, or of the same and made later; nothing is to be done where it is the same.
 * @throws HoldfastError `view_invalid`
 */
function follows({ view: next, madeMs }: Held, { view: known, madeMs: knownMs }: Held): boolean {
  const isOlder = next.epoch < known.epoch || (next.epoch === known.epoch && next.sequence < known.sequence);
  if (!isOlder) return next.epoch > known.epoch || next.sequence > known.sequence || madeMs > knownMs;
  throw new HoldfastError(
    'view_invalid',
    `the view that came is of record ${next.sequence} in epoch ${next.epoch}, and record ${known.sequence} in epoch ${known.epoch} is known`,
  );
}
