import { formatIpAddress, parseIpAddress } from './ip-address.ts';

const mappedPrefix = 12;

/**
 * What stands for everything that the owner of an address has beside it, where strangers are counted: an IPv4 address
 * itself, also when it is written within IPv6 (RFC 4291 §2.5.5.2), else the /64 of an IPv6 address. Text that is no
 * address stands for itself.
 */
export function placeOfAddress(text: string): string {
  const [address = ''] = text.split('%', 1);
  const bytes = parseIpAddress(address);
  if (bytes?.length !== 16) return text;
  const mapped = bytes.subarray(0, mappedPrefix).every((byte, at) => byte === (at < 10 ? 0 : 0xff));
  if (mapped) return formatIpAddress(bytes.subarray(mappedPrefix));
  return `${formatIpAddress(bytes.slice().fill(0, 8))}/64`;
}
