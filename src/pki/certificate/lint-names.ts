import {
  attributeProblem,
  commonName,
  formatGeneralName,
  type GeneralName,
  isHostName,
  looksLikeHost,
} from '../name/index.ts';
import { extensionOids } from './extensions.ts';
import type { LintedCertificate, LintRule } from './lint-rule.ts';

/** What RFC 5280 says of names and addresses in a certificate. */
export const lintNames: readonly LintRule[] = [
  issuer,
  subject,
  alternativeNames,
  criticalNames,
  namesOnce,
  commonNameAmongNames,
  addresses,
];

function issuer({ issuer }: LintedCertificate): string | undefined {
  if (issuer.length === 0) return 'its issuer has no name (§4.1.2.4)';
  return sentence('its issuer', attributeProblem(issuer));
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
