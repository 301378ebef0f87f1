import { readDer, tag } from '../der/index.ts';
import { describePublicKey, readSignatureAlgorithm } from '../key/index.ts';
import type { LintedCertificate, LintRule } from './lint-rule.ts';

/** What RFC 5280 §4.1 says of the fields other than names and extensions. */
export const lintFields: readonly LintRule[] = [
  version,
  serialNumber,
  signatureAlgorithm,
  order,
  timeForms,
  publicKey,
];

function version({ version }: LintedCertificate): string | undefined {
  return version === 3 ? undefined : `its version is ${version}, not 3 (§4.1.2.1)`;
}

/** Positive, and 20 octets at most with the sign bit. */
function serialNumber({ serial }: LintedCertificate): string | undefined {
  if (/^0+$/.test(serial)) return 'its serial number is not positive (§4.1.2.2)';
  const octets = serial.length / 2 + (/^[89a-f]/.test(serial) ? 1 : 0);
  return octets <= 20 ? undefined : `its serial number has ${octets} octets, not 20 at most (§4.1.2.2)`;
}

function signatureAlgorithm({ innerAlgorithm }: LintedCertificate): string | undefined {
  const { scheme, name } = readDer(innerAlgorithm, (reader) => readSignatureAlgorithm(reader));
  return scheme === undefined ? `it is signed with ${name}, which proves nothing (§4.1.2.3)` : undefined;
}

function order({ notBefore, notAfter }: LintedCertificate): string | undefined {
  if (notBefore <= notAfter) return undefined;
  return `it ends ${notAfter.toISOString()}, before it begins (§4.1.2.5)`;
}

/** UTCTime through 2049, GeneralizedTime after. */
function timeForms({ notBefore, notAfter, timeTags }: LintedCertificate): string | undefined {
  const wrong = [notBefore, notAfter].find((time, index) => {
    const wanted = time.getUTCFullYear() < 2050 ? tag.utcTime : tag.generalizedTime;
    return timeTags[index] !== wanted;
  });
  return wrong && `the time ${wrong.toISOString()} is in the wrong form for its year (§4.1.2.5)`;
}

/** A key that is not taken is said by what reading it throws. */
function publicKey({ spki }: LintedCertificate): undefined {
  describePublicKey(spki);
}
