import type { Secret } from '../base/index.ts';
import type { MasterKey } from './format/master-key.ts';
import { UnitCipher } from './format/unit.ts';
import { createPoly1305 } from './kernel/fast-poly1305.ts';

/** The cipher for a repository with this key, for one thread; the one place where the authenticator is chosen. */
export function newCipher(masterKey: Secret<MasterKey>): UnitCipher {
  return new UnitCipher(masterKey.reveal(), createPoly1305());
}
