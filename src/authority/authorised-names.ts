import { HoldfastError } from '../base/index.ts';
import { formatIpAddress, type GeneralName, parseIpAddress, type Role } from '../pki/index.ts';
import { defaultProfiles } from '../policy/index.ts';

const dnsLabel = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const maxDnsLength = 253;
const maxNames = 256;

/**
 * The host names and addresses, as typed, that certificates of `role` are to carry beside the identity.
 * @throws HoldfastError `name_invalid`, also for a role whose certificates carry none
 */
export function parseAuthorisedNames(role: Role, names: readonly string[]): GeneralName[] {
  const { nameKinds } = defaultProfiles[role];
  if (names.length > maxNames)
    throw invalid(`${names.length} names, at most ${maxNames} fit into a certificate`);
  return [...new Set(names)].map((text) => {
    const name = parseName(text);
    if (name.kind === 'dns' || name.kind === 'ip') {
      if (nameKinds.includes(name.kind)) return name;
    }
    throw invalid(`name ${text}: certificates of the role ${role} carry no names but their own`);
  });
}

function parseName(text: string): GeneralName {
  const address = parseIpAddress(text);
  if (address !== undefined) return { kind: 'ip', value: formatIpAddress(address) };
  const name = text.toLowerCase();
  const labels = name.split('.');
  if (
    name.length <= maxDnsLength &&
    labels.every((label) => dnsLabel.test(label)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? '')
  ) {
    return { kind: 'dns', value: name };
  }
  throw invalid(`name ${JSON.stringify(text.slice(0, 80))}: expected a host name or an address`);
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('name_invalid', message);
}
