import type { DerReader } from './der-reader.ts';
import { tag } from './der-tag.ts';
import type { DerWriter } from './der-writer.ts';

/** Whether a certificate may issue others, and how many further authorities may lie below it (RFC 5280 §4.2.1.9). */
export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength?: number;
}

/** Reads BasicConstraints. `cA FALSE`, which DER leaves out, is taken where it is written: many issuers do. */
export function readBasicConstraints(reader: DerReader): BasicConstraints {
  return reader.inside(tag.sequence, () => {
    const ca = reader.is(tag.boolean) && reader.boolean();
    if (reader.done) return { ca };
    return { ca, pathLength: reader.smallInteger() };
  });
}

/** Writes BasicConstraints; a path length is for authorities alone, else a `TypeError`. */
export function writeBasicConstraints(writer: DerWriter, { ca, pathLength }: BasicConstraints): void {
  if (!ca && pathLength !== undefined) throw new TypeError('a path length without cA');
  writer.inside(tag.sequence, () => {
    if (ca) writer.boolean(true);
    if (pathLength !== undefined) writer.smallInteger(pathLength);
  });
}
