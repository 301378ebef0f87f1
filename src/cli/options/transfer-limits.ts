import { InvalidArgumentError, Option } from 'commander';
import { ownZone } from '../../agent/index.ts';
import { isHoldfastError, secondMs } from '../../base/index.ts';
import { parseTransferRate, rateAt, transferRateForm } from '../../policy/index.ts';
import type { TransferLimits } from '../../storage/index.ts';
import type { Context } from '../program/context.ts';

/** How fast a command may send and fetch, as {@link parseTransferRate} takes it. */
export interface LimitOptions {
  readonly limitUpload?: string;
  readonly limitDownload?: string;
  /** Whose times of day the hours are; this machine's unless said. */
  readonly zone?: string;
}

/** The option by which a command sends no faster. */
export function uploadLimit(): Option {
  const text = `send no more KiB in a second: ${transferRateForm}`;
  return new Option('--limit-upload <rate>', text).argParser(checkRate);
}

/** The option by which a command fetches no faster. */
export function downloadLimit(): Option {
  const text = `fetch no more KiB in a second: ${transferRateForm}`;
  return new Option('--limit-download <rate>', text).argParser(checkRate);
}

/** The same for a store. */
export function limitsOf(context: Context, options: LimitOptions): TransferLimits {
  const { limitUpload: up, limitDownload: down } = options;
  const zone = options.zone ?? ownZone();
  return {
    ...(up !== undefined && { uploadPerSecond: rateNow(context, up, zone) }),
    ...(down !== undefined && { downloadPerSecond: rateNow(context, down, zone) }),
  };
}

/** A rate is looked at anew so often: each piece asks, and a zone takes longer to ask than a piece to send. */
const freshMs = secondMs;

function rateNow({ clock }: Context, text: string, zone: string): () => number | undefined {
  const rate = parseTransferRate(text);
  let known = { ms: Number.NEGATIVE_INFINITY, bytes: undefined as number | undefined };
  return () => {
    const ms = clock.now();
    if (Math.abs(ms - known.ms) >= freshMs) known = { ms, bytes: rateAt(rate, ms, zone) };
    return known.bytes;
  };
}

/** @throws InvalidArgumentError for what is no rate */
function checkRate(text: string): string {
  try {
    parseTransferRate(text);
    return text;
  } catch (error) {
    if (!isHoldfastError(error, 'usage')) throw error;
    throw new InvalidArgumentError(error.message);
  }
}
