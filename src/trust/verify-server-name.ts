import { equalBytes, HoldfastError } from '../base/index.ts';
import {
  type Certificate,
  commonName,
  formatGeneralName,
  type GeneralName,
  looksLikeHost,
  parseIpAddress,
} from '../pki/index.ts';
import { isDnsName } from './subtree-match.ts';

/**
 * Checks that a server's certificate is for `host`, a DNS name or an address as it stands in a URL (brackets allowed),
 * by its subject alternative names alone (RFC 9525 §6; RFC 6125 §6.4.3): a wildcard is the whole left-most label, and
 * stands for exactly one label in front of at least two. The common name never matches; one that looks like a host but
 * has nothing to do with the alternative names makes the certificate contradict itself, and it is refused.
 *
 * @throws HoldfastError `certificate_wrong_name` with the names seen and the one wanted
 */
export function verifyServerName(certificate: Certificate, host: string): void {
  const names = certificate.extensions.subjectAltNames;
  const wanted = host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const address = parseIpAddress(wanted);
  const matches = names.some((name) =>
    address === undefined
      ? name.kind === 'dns' && matchesDns(name.value, wanted)
      : name.kind === 'ip' && equalBytes(parseIpAddress(name.value) ?? new Uint8Array(), address),
  );
  if (!matches) throw wrongName(`is for ${formatNames(names)}, expected ${host}`);
  checkCommonName(certificate);
}

/**
 * The CA/B baseline requirements (§7.1.4.3) want a copy of an alternative name, character by character. Here a node's
 * name will do too, a domain above the names, `192.0.2.*` for the addresses it stands for, and anything that nobody
 * takes for a host.
 */
function checkCommonName({ subject, extensions, identity }: Certificate): void {
  const common = commonName(subject);
  if (common === undefined || common === identity?.name || !looksLikeHost(common)) return;
  const kind = common.includes(':') || /^[\d.]+\*?$/.test(common) ? 'ip' : 'dns';
  const names = extensions.subjectAltNames.flatMap((name) => (name.kind === kind ? [name.value] : []));
  const isMeant = (name: string): boolean =>
    name === common || name.endsWith(`.${common}`) || (kind === 'ip' && name === common.replace('*', '0'));
  if (names.length === 0 || names.some(isMeant)) return;
  throw wrongName(`calls itself ${JSON.stringify(common)}, which is none of its names: ${names.join(', ')}`);
}

function matchesDns(presented: string, wanted: string): boolean {
  const pattern = presented.toLowerCase();
  const host = wanted.toLowerCase();
  if (!isDnsName(host)) return false;
  if (!pattern.startsWith('*.')) return pattern === host;
  const parent = host.slice(host.indexOf('.') + 1);
  return host.includes('.') && parent.includes('.') && pattern.slice(2) === parent;
}

function formatNames(names: readonly GeneralName[]): string {
  const hosts = names.filter(({ kind }) => kind === 'dns' || kind === 'ip');
  return hosts.length === 0 ? 'no host at all' : hosts.map(formatGeneralName).join(', ');
}

function wrongName(problem: string): HoldfastError {
  return new HoldfastError('certificate_wrong_name', `the server's certificate ${problem}`, {
    hint: 'use one of those names, or let the server have a certificate for this one (--names)',
  });
}
