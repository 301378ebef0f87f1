import { InvalidArgumentError } from 'commander';
import type { TransferLimits } from '../../storage/index.ts';

/** How fast a command may send and fetch, in KiB a second. */
interface LimitOptions {
  readonly limitUpload?: number;
  readonly limitDownload?: number;
}

const kibibyte = 1024;

/** The same for a store. */
export function limitsOf({ limitUpload: up, limitDownload: down }: LimitOptions): TransferLimits {
  return {
    ...(up !== undefined && { uploadPerSecond: up * kibibyte }),
    ...(down !== undefined && { downloadPerSecond: down * kibibyte }),
  };
}

/** Reads how many KiB may go in a second. */
export function parseRate(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of KiB a second, from 1');
}
