import { type Bytes, concatBytes, toHex } from '../../base/index.ts';
import { contextConstructed, type DerReader, type DerWriter, tag } from '../der/index.ts';
import { generalNameTag, readGeneralName, readNameText, writeNameText } from './general-name.ts';
import { formatIpAddress, type IpRange, prefixMask } from './ip-address.ts';
import { formatName, type Name, writeName } from './name.ts';

/** All names of one kind below a base (RFC 5280 §4.2.1.10). */
export type GeneralSubtree =
  /** `example.com` and what ends in `.example.com`; empty: every name. As found: a leading period is kept. */
  | { readonly kind: 'dns'; readonly value: string }
  /** A mailbox, a host, or, with a leading period, all hosts of a domain. */
  | { readonly kind: 'email'; readonly value: string }
  /** A host, or, with a leading period, all hosts of a domain. */
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: IpRange }
  | { readonly kind: 'directory'; readonly value: Name }
  /** A kind of name without rules; `tag` as in GeneralName's `other`. */
  | { readonly kind: 'other'; readonly tag: number; readonly der: Bytes };

/** Which names the certificates below an authority may carry. At least one of the lists has something in it. */
export interface NameConstraints {
  readonly permitted: readonly GeneralSubtree[];
  readonly excluded: readonly GeneralSubtree[];
}

/** Reads NameConstraints; a list that is there but empty is malformed, and so are minimum and maximum. */
export function readNameConstraints(reader: DerReader): NameConstraints {
  return reader.inside(tag.sequence, () => {
    if (reader.done) throw reader.problem('name constraints are empty');
    return { permitted: readSubtrees(reader, 0), excluded: readSubtrees(reader, 1) };
  });
}

/** Writes NameConstraints; a `TypeError` when both lists are empty. */
export function writeNameConstraints(writer: DerWriter, constraints: NameConstraints): void {
  const lists = [constraints.permitted, constraints.excluded];
  if (lists.every((list) => list.length === 0)) throw new TypeError('name constraints are empty');
  writer.inside(tag.sequence, () => {
    for (const [number, subtrees] of lists.entries()) {
      if (subtrees.length > 0) writeSubtrees(writer, number, subtrees);
    }
  });
}

function readSubtrees(reader: DerReader, number: number): GeneralSubtree[] {
  const wanted = contextConstructed(number);
  if (!reader.is(wanted)) return [];
  // The base alone: minimum is 0 by default and there is no maximum (RFC 5280 §4.2.1.10).
  return reader.list(wanted, () => reader.inside(tag.sequence, () => readBase(reader)));
}

function readBase(reader: DerReader): GeneralSubtree {
  const found = reader.peek();
  if (found === generalNameTag.dns) return { kind: 'dns', value: readNameText(reader, found, 0) };
  if (found === generalNameTag.email) return { kind: 'email', value: readNameText(reader, found, 0) };
  if (found === generalNameTag.uri) return { kind: 'uri', value: readNameText(reader, found, 0) };
  if (found === generalNameTag.ip) return { kind: 'ip', value: readRange(reader) };
  const name = readGeneralName(reader);
  if (name.kind !== 'directory' && name.kind !== 'other') throw reader.problem('not the base of a subtree');
  return name;
}

function readRange(reader: DerReader): IpRange {
  const content = reader.content(generalNameTag.ip);
  const half = content.length / 2;
  if (half !== 4 && half !== 16) throw reader.problem('address range has not 8 or 32 bytes');
  const mask = content.subarray(half);
  const firstHole = mask.findIndex((byte) => byte !== 0xff);
  const prefixBits =
    firstHole < 0 ? 8 * half : 8 * firstHole + Math.clz32(~((mask[firstHole] as number) << 24));
  if (!mask.equals(prefixMask(prefixBits, half))) throw reader.problem('address mask has holes');
  return { address: content.subarray(0, half), prefixBits };
}

function writeSubtrees(writer: DerWriter, number: number, subtrees: readonly GeneralSubtree[]): void {
  writer.inside(contextConstructed(number), () => {
    for (const subtree of subtrees) writer.inside(tag.sequence, () => writeBase(writer, subtree));
  });
}

function writeBase(writer: DerWriter, subtree: GeneralSubtree): void {
  if (subtree.kind === 'other') return writer.element(subtree.der);
  if (subtree.kind === 'directory') {
    return writer.inside(generalNameTag.directory, () => writeName(writer, subtree.value));
  }
  if (subtree.kind === 'ip') return writer.content(generalNameTag.ip, rangeBytes(subtree.value));
  writeNameText(writer, subtree.kind, subtree.value);
}

/** The address with the bits outside the prefix cleared, then the mask. */
function rangeBytes({ address, prefixBits }: IpRange): Bytes {
  const mask = prefixMask(prefixBits, address.length);
  return concatBytes(
    address.map((byte, index) => byte & (mask[index] as number)),
    mask,
  );
}

/** A name constraint for people: `DNS:example.com`, `IP:10.0.0.0/8`, and `DNS:any` for a base that every name is below. */
export function formatSubtree(subtree: GeneralSubtree): string {
  switch (subtree.kind) {
    case 'dns':
    case 'email':
    case 'uri':
      return `${prefixes[subtree.kind]}:${subtree.value === '' ? 'any' : subtree.value}`;
    case 'ip':
      return `IP:${formatIpAddress(subtree.value.address)}/${subtree.value.prefixBits}`;
    case 'directory':
      return `directory:${formatName(subtree.value)}`;
    case 'other':
      return `other:${toHex(subtree.der)}`;
  }
}

const prefixes = { dns: 'DNS', email: 'email', uri: 'URI' } as const;
