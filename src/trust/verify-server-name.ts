import { domainToASCII } from 'node:url';
import { equalBytes, HoldfastError } from '../base/index.ts';
import { type Certificate, formatGeneralName, type GeneralName, parseIpAddress } from '../pki/index.ts';
import { isDnsName } from './subtree-match.ts';

/**
 * Checks that a server's certificate is for `host`, a DNS name or an address as it stands in a URL (brackets allowed),
 * by its subject alternative names alone (RFC 9525 §6): a wildcard is the whole left-most label, and stands for exactly one
 * label in front of at least two. The common name is not looked at, whatever it says. A host beyond ASCII is compared by
 * its A-labels (§6.3).
 *
 * @throws HoldfastError `certificate_wrong_name` with the names seen and the one wanted
 */
export function verifyServerName(certificate: Certificate, host: string): void {
  const names = certificate.extensions.subjectAltNames;
  const wanted = toAscii(host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''));
  const address = parseIpAddress(wanted);
  const matches = names.some((name) =>
    address === undefined
      ? name.kind === 'dns' && matchesDns(name.value, wanted)
      : name.kind === 'ip' && equalBytes(parseIpAddress(name.value) ?? new Uint8Array(), address),
  );
  if (!matches) throw wrongName(`is for ${formatNames(names)}, expected ${host}`);
}

/** No host is longer, so that nothing longer is looked at. */
const maxHostLength = 253;

/** The A-labels of a host that has U-labels; the empty text for what is no host. */
function toAscii(host: string): string {
  if (/^[\x20-\x7e]*$/.test(host)) return host;
  return host.length > maxHostLength ? '' : domainToASCII(host);
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
