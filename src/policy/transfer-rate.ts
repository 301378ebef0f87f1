import { HoldfastError } from '../base/index.ts';
import { type Hours, isWithin, parseHours } from './hours.ts';

/** How much may be transferred in a second, at which hours. */
export interface TransferRate {
  /** KiB in a second at hours that no other part names; any number where nothing is said. */
  readonly otherwise: number | undefined;
  /** The first that a moment lies in counts; `kib` is undefined where any number may go. */
  readonly parts: readonly { readonly hours: Hours; readonly kib: number | undefined }[];
}

/** What {@link parseTransferRate} takes, for people. */
export const transferRateForm = '500, or by the hour: 2000,08:00-18:00=500,00:00-05:00=off';

const kibForm = /^[1-9]\d{0,8}$/;

/**
 * Reads KiB a second, alone or by the hour: `2000,08:00-18:00=500`; `off` lets any number go.
 * @throws HoldfastError `usage`
 */
export function parseTransferRate(text: string): TransferRate {
  const words = text.split(',').map((word) => word.trim());
  const alone = words.filter((word) => !word.includes('='));
  if (alone.length > 1) throw invalid(text);
  const [otherwise = 'off'] = alone;
  const parts = words
    .filter((word) => word.includes('='))
    .map((word) => {
      const at = word.indexOf('=');
      return { hours: parseHours(word.slice(0, at)), kib: kibOf(word.slice(at + 1), text) };
    });
  return { otherwise: kibOf(otherwise, text), parts };
}

function kibOf(word: string, text: string): number | undefined {
  if (word === 'off') return undefined;
  if (kibForm.test(word)) return Number(word);
  throw invalid(text);
}

function invalid(text: string): HoldfastError {
  return new HoldfastError(
    'usage',
    `the rate ${JSON.stringify(text)}: expected KiB a second, from 1: ${transferRateForm}`,
  );
}

const kibibyte = 1024;

/** Gives the bytes that may go in a second at a moment, on the clocks of a zone; undefined for any number. */
export function rateAt({ otherwise, parts }: TransferRate, ms: number, zone: string): number | undefined {
  const part = parts.find(({ hours }) => isWithin(hours, ms, zone));
  const kib = part === undefined ? otherwise : part.kib;
  return kib === undefined ? undefined : kib * kibibyte;
}
