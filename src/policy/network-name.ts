import { HoldfastError } from '../base/index.ts';

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const maxLength = 200;

/**
 * Checks the name of a network, the trust domain of its identities: two labels at least of `a–z 0–9 -` joined by dots,
 * as in a domain name (RFC 1123 §2.1; RFC 5280 §4.2.1.6 wants it fully qualified where it is the host of a URI), in lower
 * case, 200 characters at most so that an identity fits into 2048 with room.
 *
 * @throws HoldfastError `name_invalid`
 */
export function checkNetworkName(name: string): void {
  const labels = name.split('.');
  if (name.length <= maxLength && labels.length > 1 && labels.every((part) => label.test(part))) return;
  throw new HoldfastError(
    'name_invalid',
    `network ${JSON.stringify(name.slice(0, 80))}: expected two lower-case labels or more joined by dots, like a domain name`,
    { hint: 'choose a name such as backup.example' },
  );
}
