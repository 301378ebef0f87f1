import { createSecureContext, getCiphers } from 'node:tls';
import { HoldfastError } from '../base/index.ts';
import { type KeyExchangeGroup, type ListenerPolicy, levelOf, tlsLevels } from '../policy/index.ts';

/** What this program's OpenSSL can do. */
export interface TlsAbilities {
  /** As OpenSSL calls them, in lower case. */
  readonly suites: readonly string[];
  hasGroup(group: KeyExchangeGroup): boolean;
}

const ownAbilities: TlsAbilities = {
  suites: getCiphers(),
  hasGroup(group) {
    try {
      createSecureContext({ ecdhCurve: group });
      return true;
    } catch {
      return false;
    }
  },
};

/**
 * Checks that OpenSSL can keep what a TLS listener is to offer: every suite of its level and every group that it names. A level
 * that is kept in part would be another one by its name.
 *
 * @throws HoldfastError `settings_invalid`, naming the level and what is missing
 */
export function checkTlsChoice(
  { name, kind, minimumVersion, groups }: ListenerPolicy,
  abilities: TlsAbilities = ownAbilities,
): void {
  if (kind === 'plain') return;
  const level = levelOf(minimumVersion);
  const { suites12, suites13 } = tlsLevels[level];
  const suites = [...suites13, ...suites12].filter((each) => !abilities.suites.includes(each.toLowerCase()));
  const missing = [...suites, ...groups.filter((group) => !abilities.hasGroup(group))];
  if (missing.length === 0) return;
  throw new HoldfastError(
    'settings_invalid',
    `listener ${name}: level ${level} cannot be kept, the OpenSSL of this program has no ${missing.join(', ')}`,
    {
      hint: `run a build of Node with OpenSSL 3.5 and its default provider; this one has ${process.versions.openssl}`,
    },
  );
}
