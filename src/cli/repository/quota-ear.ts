import { type Node, noteQuota } from '../../agent/index.ts';
import { isQuotaLow, type QuotaState } from '../../transport/index.ts';
import type { Context } from '../program/context.ts';
import { formatBytes } from '../terminal/format.ts';

/** What a server says of what this machine has stored there and may: said once where little is left, and kept for `status`. */
export class QuotaEar implements AsyncDisposable {
  readonly #context: Context;
  readonly #node: Node;
  readonly #isKept: boolean;
  #newest: QuotaState | undefined;
  #isSaid = false;

  /** What a storage node says is not kept: `status` shows what is at the server. */
  constructor(context: Context, node: Node, { isKept = node.isOwn }: { readonly isKept?: boolean } = {}) {
    this.#context = context;
    this.#node = node;
    this.#isKept = isKept;
  }

  hear(told: QuotaState): void {
    this.#newest = told;
    if (this.#isSaid || !isQuotaLow(told)) return;
    this.#isSaid = true;
    this.#context.output.warn(quotaSentence(told));
  }

  /** Keeps the newest, where the home is this user's. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#newest !== undefined && this.#isKept)
      await noteQuota(this.#node.directory, this.#newest, this.#context);
  }
}

/** That little is left of a quota, and the ways out. */
export function quotaSentence(told: QuotaState): string {
  return `this machine has stored ${storedText(told)} that it may: remove what is not needed, or ask for more, at the server: holdfast node set NAME quota 500GB`;
}

/** `3.2 GB of 50 GB`. */
export function storedText({ usedBytes, quotaBytes }: QuotaState): string {
  return quotaBytes === undefined
    ? formatBytes(usedBytes)
    : `${formatBytes(usedBytes)} of ${formatBytes(quotaBytes)}`;
}
