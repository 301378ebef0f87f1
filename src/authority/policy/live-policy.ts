import { isHoldfastError } from '../../base/index.ts';
import type { CommittedReader } from '../../db/index.ts';
import { defaultNetworkPolicy, type NetworkPolicy, parseNetworkPolicy } from '../../policy/index.ts';
import { authorityDamaged } from '../authority-damaged.ts';

/**
 * The network's policy as it stands. Whoever decides looks at `current` at that moment, so that a change holds from the
 * next decision on.
 */
export class LivePolicy {
  readonly #reader: CommittedReader;
  #current: NetworkPolicy;

  /** @throws HoldfastError `authority_damaged` when what is on record is no policy */
  constructor(reader: CommittedReader) {
    this.#reader = reader;
    this.#current = readPolicy(reader);
  }

  get current(): NetworkPolicy {
    return this.#current;
  }

  /** Takes up what was committed. */
  reload(): void {
    this.#current = readPolicy(this.#reader);
  }
}

function readPolicy(reader: CommittedReader): NetworkPolicy {
  const row = reader.get('SELECT value FROM policy');
  return row === undefined ? defaultNetworkPolicy : parseStored(String(row['value']));
}

/** The policy in a text of the table `policy`. @throws HoldfastError `authority_damaged` */
export function parseStored(text: string): NetworkPolicy {
  try {
    return parseNetworkPolicy(JSON.parse(text));
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid') && !(error instanceof SyntaxError)) throw error;
    throw authorityDamaged(`what it has on record as its policy is none (${error.message})`);
  }
}
