import { HoldfastError } from '../base/index.ts';
import {
  formatGeneralName,
  type GeneralName,
  type IpRange,
  isHostName,
  isIpWithin,
  parseIpAddress,
  parseIpRange,
} from '../pki/index.ts';

/** Which host names and addresses certificates of a role may carry; an empty list stands for any. */
export interface NamePolicy {
  /** `example.com` permits itself and everything below; A-labels, lower case. */
  readonly dnsSuffixes: readonly string[];
  /** `10.0.0.0/8`, `192.168.1.*`, `2001:db8::/32` or a single address. */
  readonly addressRanges: readonly string[];
}

/**
 * Checks what a policy is to say. @throws HoldfastError `settings_invalid`, naming the entry that is no domain or no
 * range
 */
export function checkNamePolicy({ dnsSuffixes, addressRanges }: NamePolicy): void {
  const suffix = dnsSuffixes.find((each) => !isHostName(each) || each !== each.toLowerCase());
  if (suffix !== undefined) {
    throw invalid(`suffix ${JSON.stringify(suffix)}: expected a domain in lower case, such as example.com`);
  }
  const range = addressRanges.find((each) => parseIpRange(each) === undefined);
  if (range !== undefined) {
    throw invalid(
      `range ${JSON.stringify(range)}: expected one such as 10.0.0.0/8, 192.168.1.* or 2001:db8::/32`,
    );
  }
}

/**
 * Checks names against a policy. A wildcard is permitted where everything it stands for is.
 * @throws HoldfastError `name_not_permitted`, naming the first name that lies outside, and what is permitted
 */
export function checkNames(policy: NamePolicy, names: readonly GeneralName[]): void {
  const { dnsSuffixes, addressRanges } = policy;
  const ranges = addressRanges.flatMap((text) => parseIpRange(text) ?? []);
  for (const name of names) {
    if (name.kind === 'dns' && !isDnsPermitted(name.value, dnsSuffixes))
      throw notPermitted(name, `names below ${dnsSuffixes.join(', ')}`);
    if (name.kind === 'ip' && addressRanges.length > 0 && !isIpPermitted(name.value, ranges))
      throw notPermitted(name, `addresses in ${addressRanges.join(', ')}`);
  }
}

function isDnsPermitted(name: string, suffixes: readonly string[]): boolean {
  // What `*.example.com` stands for ends in `.example.com`, every one of them.
  const domain = name.startsWith('*.') ? name.slice(2) : name;
  return suffixes.length === 0 || suffixes.some((each) => domain === each || domain.endsWith(`.${each}`));
}

function isIpPermitted(text: string, ranges: readonly IpRange[]): boolean {
  const address = parseIpAddress(text);
  return address !== undefined && ranges.some((range) => isIpWithin(address, range));
}

function notPermitted(name: GeneralName, expected: string): HoldfastError {
  const found = formatGeneralName(name).replace(':', ' ');
  return new HoldfastError('name_not_permitted', `${found} is not permitted: expected ${expected}`);
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('settings_invalid', message);
}
