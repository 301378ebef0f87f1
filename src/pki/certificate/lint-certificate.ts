import { type Bytes, isHoldfastError } from '../../base/index.ts';
import { contextConstructed, type DerReader, readDer, tag } from '../der/index.ts';
import { describePublicKey, readSignatureAlgorithm } from '../key/index.ts';
import {
  attributeProblem,
  commonName,
  formatGeneralName,
  type GeneralName,
  isHostName,
  issuerNameProblem,
  looksLikeHost,
} from '../name/index.ts';
import { readTbs } from './certificate.ts';
import { extensionOids } from './extensions.ts';
import {
  type LintedCertificate,
  type LintOptions,
  type LintRule,
  lintExtensions,
} from './lint-extensions.ts';

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

/** What RFC 5280 §4.1 says of the fields other than names and extensions. */
const lintFields: readonly LintRule[] = [
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

/** What RFC 5280 says of names and addresses in a certificate. */
const lintNames: readonly LintRule[] = [
  issuer,
  subject,
  alternativeNames,
  criticalNames,
  namesOnce,
  commonNameAmongNames,
  addresses,
];

const rules: readonly LintRule[] = [...lintFields, ...lintExtensions, ...lintNames];

function issuer({ issuer }: LintedCertificate): string | undefined {
  if (issuer.length === 0) return 'its issuer has no name (§4.1.2.4)';
  return sentence('its issuer', issuerNameProblem(issuer));
}

function subject({ subject, extensions }: LintedCertificate): string | undefined {
  if (subject.length === 0 && extensions.basicConstraints?.ca === true)
    return 'an authority has no name (§4.1.2.6)';
  return sentence('its subject', attributeProblem(subject));
}

function alternativeNames({ extensions, underscores }: LintedCertificate): string | undefined {
  const wrong = extensions.subjectAltNames.find((name) => !isWellFormed(name, underscores));
  return wrong && `the name ${formatGeneralName(wrong)} is not of its form (§4.2.1.6)`;
}

function criticalNames({ subject, extensions }: LintedCertificate): string | undefined {
  const critical = extensions.all.get(extensionOids.subjectAltNames)?.critical;
  if (subject.length === 0)
    return critical === true ? undefined : 'it has neither a subject nor critical names (§4.1.2.6)';
  return critical === true ? 'its names are critical though it has a subject (§4.2.1.6)' : undefined;
}

/** Ours: a name that is there twice is a mistake of whoever put them together. */
function namesOnce({ extensions }: LintedCertificate): string | undefined {
  const names = extensions.subjectAltNames.map(formatGeneralName);
  return new Set(names).size < names.length ? 'it has a name twice' : undefined;
}

/** Ours, after RFC 9525 §6.4.4: what looks like the host of a server is one of its names. */
function commonNameAmongNames({ subject, extensions, identity }: LintedCertificate): string | undefined {
  const common = commonName(subject);
  if (common === undefined || common === identity?.name) return undefined;
  if (!extensions.extendedKeyUsage?.includes('serverAuth') || !looksLikeHost(common)) return undefined;
  const first = common.replace(/^([\d.]+)\*$/, '$10');
  const isThere = extensions.subjectAltNames.some(
    (name) => (name.kind === 'dns' || name.kind === 'ip') && (name.value === common || name.value === first),
  );
  return isThere ? undefined : `its common name ${common} is none of its names`;
}

function addresses({ extensions }: LintedCertificate): string | undefined {
  const { crlUrls, ocspUrls, issuerUrls } = extensions;
  const wrong = [...crlUrls, ...ocspUrls, ...issuerUrls].find((url) => !webAddress.test(url));
  return wrong && `the address ${wrong} is no absolute URL of HTTP (§4.2.1.13, §4.2.2.1)`;
}

const webAddress = /^https?:\/\/[A-Za-z0-9._[\]:-]+(?:\/[\x21-\x7e]*)?$/;
/** RFC 3986 §3: a scheme, and something after it. */
const absoluteUri = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i;

/** The reader has seen to it that an address has 4 or 16 bytes. */
function isWellFormed(name: GeneralName, underscores: boolean): boolean {
  if (name.kind === 'dns') return isDnsPattern(underscores ? name.value.replaceAll('_', 'x') : name.value);
  if (name.kind === 'uri') return absoluteUri.test(name.value);
  if (name.kind === 'email') return /^[^@\s]+@[^@\s]+$/.test(name.value);
  return name.kind === 'ip';
}

function isDnsPattern(text: string): boolean {
  return isHostName(text.startsWith('*.') ? text.slice(2) : text);
}

function sentence(what: string, problem: string | undefined): string | undefined {
  return problem && `${what} breaks Appendix A.1: ${problem}`;
}
