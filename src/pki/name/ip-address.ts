import { type Bytes, toHex } from '../../base/index.ts';

/** A block of addresses: those that share the first `prefixBits` bits with `address` (4 or 16 bytes, RFC 4632). */
export interface IpRange {
  readonly address: Bytes;
  readonly prefixBits: number;
}

/** The 4 or 16 bytes of an address in text (RFC 4291 §2.2), or undefined; no zone, no leading zeros in IPv4. */
export function parseIpAddress(text: string): Bytes | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** An address of 4 or 16 bytes in text, IPv6 as RFC 5952 wants it, so that equal addresses are equal texts. */
export function formatIpAddress(address: Bytes): string {
  if (address.length === 4) return address.join('.');
  if (address.length !== 16) throw new TypeError(`an address has 4 or 16 bytes, not ${address.length}`);
  const groups = (toHex(address).match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, ''));
  const zeros = groups.map((_, start) => zerosFrom(groups, start));
  const longest = Math.max(...zeros);
  if (longest < 2) return groups.join(':');
  const start = zeros.indexOf(longest);
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + longest).join(':')}`;
}

function zerosFrom(groups: readonly string[], start: number): number {
  const end = groups.findIndex((group, at) => at >= start && group !== '0');
  return (end < 0 ? groups.length : end) - start;
}

/**
 * The block that `10.0.0.0/8`, `2001:db8::/32` or `192.168.1.*` writes, a single address too; undefined for anything else.
 */
export function parseIpRange(text: string): IpRange | undefined {
  if (text.endsWith('.*')) {
    const network = parseIpv4(`${text.slice(0, -1)}0`);
    return network && { address: network, prefixBits: 24 };
  }
  const [host = '', prefix, ...rest] = text.split('/', 3);
  const address = parseIpAddress(host);
  if (address === undefined || rest.length > 0) return undefined;
  if (prefix === undefined) return { address, prefixBits: 8 * address.length };
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const range = { address, prefixBits: Number(prefix) };
  return range.prefixBits <= 8 * address.length ? range : undefined;
}

/** Whether `address` (4 or 16 bytes) lies in the block; an address of the other family never does. */
export function isIpWithin(address: Bytes, range: IpRange): boolean {
  if (address.length !== range.address.length) return false;
  const mask = prefixMask(range.prefixBits, address.length);
  return mask.every((bits, index) => (((address[index] ?? 0) ^ (range.address[index] ?? 0)) & bits) === 0);
}

/** The mask with its first `prefixBits` bits set. */
export function prefixMask(prefixBits: number, byteLength: number): Bytes {
  return Uint8Array.from({ length: byteLength }, (_, index) => {
    const bits = Math.min(Math.max(prefixBits - 8 * index, 0), 8);
    return (0xff00 >> bits) & 0xff;
  });
}

function parseIpv4(text: string): Bytes | undefined {
  const parts = text.split('.', 5);
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const octets = parts.map(Number);
  return octets.every((octet) => octet <= 255) ? Uint8Array.from(octets) : undefined;
}

function parseIpv6(text: string): Bytes | undefined {
  if (text.length > 45) return undefined;
  const [head = '', tail, ...rest] = text.split('::');
  if (rest.length > 0) return undefined;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 16 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...before, ...new Uint8Array(missing), ...after]);
}

/** The bytes of groups between colons; the last may be an IPv4 address where the text ends with it. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const ipv4 = mayEndInIpv4 && index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 !== undefined) bytes.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

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
