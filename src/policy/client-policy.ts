import { type Static, Type } from 'typebox';
import { KeyExchangeGroup, strongestGroups, TlsVersion } from './key-exchange.ts';
import { parseInput } from './parse-input.ts';

/** How a node dials others. */
export const ClientPolicy = Type.Object(
  {
    minimumVersion: TlsVersion,
    groups: Type.Array(KeyExchangeGroup, { minItems: 1, uniqueItems: true }),
  },
  { additionalProperties: false },
);
export type ClientPolicy = Static<typeof ClientPolicy>;

/** TLS 1.3 alone, hybrid key exchange first. */
export const defaultClientPolicy: ClientPolicy = { minimumVersion: 'TLSv1.3', groups: [...strongestGroups] };

/**
 * A client's policy out of settings.
 *
 * @throws HoldfastError `settings_invalid`
 */
export function parseClientPolicy(input: unknown): ClientPolicy {
  return parseInput(ClientPolicy, input, 'client policy');
}
