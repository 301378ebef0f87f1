import { type Bytes, isHoldfastError } from '../../base/index.ts';
import { contextConstructed, type DerReader, readDer, tag } from '../der/index.ts';
import { readTbs } from './certificate.ts';
import { lintExtensions } from './lint-extensions.ts';
import { lintFields } from './lint-fields.ts';
import { lintNames } from './lint-names.ts';
import type { LintOptions, LintRule } from './lint-rule.ts';

/**
 * What is wrong with a certificate that is to be signed: one sentence for each rule of RFC 5280 that we rely on and that
 * it breaks, empty when there is none. Rules of our own on top of it say so.
 * @param tbs the DER of the TBSCertificate (RFC 5280 §4.1)
 */
export function lintCertificate(tbs: Bytes, { underscores = false }: LintOptions = {}): readonly string[] {
  try {
    const certificate = { ...readDer(tbs, readTbs), timeTags: readDer(tbs, readTimeTags), underscores };
    return rules.flatMap((rule) => rule(certificate) ?? []);
  } catch (error) {
    // What we could not read ourselves, an extension that is there twice for example, nobody should have to.
    if (isHoldfastError(error)) return [`it cannot be read: ${error.message}`];
    throw error;
  }
}

const rules: readonly LintRule[] = [...lintFields, ...lintExtensions, ...lintNames];

/** The string types of notBefore and notAfter. */
function readTimeTags(reader: DerReader): readonly number[] {
  return reader.inside(tag.sequence, () => {
    if (reader.is(contextConstructed(0))) reader.element();
    for (const skipped of [tag.integer, tag.sequence, tag.sequence]) reader.element(skipped);
    const tags = reader.list(tag.sequence, () => reader.element()[0] as number);
    while (!reader.done) reader.element();
    return tags;
  });
}
