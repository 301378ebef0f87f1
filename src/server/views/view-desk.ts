import type { Authority } from '../../authority/index.ts';
import type { Clock, Log } from '../../base/index.ts';
import type { SignedNetworkView } from '../../enrol/index.ts';
import { HeldRequests } from '../held-requests.ts';

/** A view as it goes out. */
interface ViewText {
  readonly text: string;
  /** By which it is known, with its quotes. */
  readonly tag: string;
}

interface Made extends ViewText {
  readonly madeMs: number;
}

interface ViewDeskOptions {
  readonly authority: Pick<Authority, 'views' | 'follow'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** How long an answer is held back. */
  readonly holdMs?: number;
}

/** Who asks, what it knows, and until when. */
interface ViewWish {
  /** Of the storage node. */
  readonly node: string;
  readonly known: string | undefined;
  readonly gone: AbortSignal;
}

/** One that is older than this part of its life is made anew, though nothing has changed: whoever is cut off then has nearly all of it. */
const freshFor = 1 / 48;
/** So long others may follow what was decided, before a view is made of it: a network that renews is not signed for each of its nodes. */
const gatherMs = 200;

/**
 * Gives storage nodes the view of the network, and holds the answer back while it is what they have. One is made for all, when
 * the log says that something in it is another, or when it is no longer new.
 */
export class ViewDesk implements AsyncDisposable {
  readonly #options: ViewDeskOptions;
  readonly #held: HeldRequests;
  readonly #follower: AsyncDisposable;
  #made: Promise<Made> | undefined;
  #gathering: NodeJS.Timeout | undefined;

  constructor(options: ViewDeskOptions) {
    this.#options = options;
    this.#held = new HeldRequests(options.holdMs);
    this.#follower = options.authority.follow({
      kinds: [
        'issued',
        'renewed',
        'revoked',
        'client bounded',
        'replication added',
        'replication removed',
        'policy changed',
        'issuing certificate replaced',
        'issuing certificate revoked',
        'root certificate renewed',
      ],
      visit: () => this.changed(),
      log: options.log,
    });
  }

  /** The view, as soon as it is not what the node knows; undefined where it still is. */
  async viewFor({ node, known, gone }: ViewWish): Promise<ViewText | undefined> {
    return await this.#held.untilOther(
      { who: `storage/${node}`, gone },
      () => this.#current(),
      ({ tag }) => tag !== known,
    );
  }

  /** Something that is in the view is another now. */
  changed(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#made = undefined;
      this.#held.wakeAll();
    }, gatherMs).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#gathering);
    this.#held.close();
    await this.#follower[Symbol.asyncDispose]();
  }

  async #current(): Promise<Made> {
    const { authority, clock } = this.#options;
    for (;;) {
      const making = (this.#made ??= this.#make());
      const made = await making.catch((error: unknown) => {
        this.#forget(making);
        throw error;
      });
      if (Math.abs(clock.now() - made.madeMs) < authority.views.lifetimeMs * freshFor) return made;
      this.#forget(making);
    }
  }

  #forget(making: Promise<Made>): void {
    if (this.#made === making) this.#made = undefined;
  }

  async #make(): Promise<Made> {
    const { view, signed } = await this.#options.authority.views.make();
    const text = JSON.stringify(signed satisfies SignedNetworkView);
    const tag = `"${view.epoch}-${view.sequence}-${view.made}"`;
    return { text, tag, madeMs: Date.parse(view.made) };
  }
}
