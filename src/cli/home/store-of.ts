import type { Authority } from '../../authority/index.ts';
import { StorePlace } from '../../server/index.ts';
import type { Home } from './home.ts';
import { type Settings, storeDirectory } from './settings.ts';

/** Where the repositories of an authority's network are kept, by the settings of its home. */
export function storeOf(of: {
  readonly home: Home;
  readonly settings: Settings;
  readonly authority: Authority;
}): StorePlace {
  const { network, store: record } = of.authority;
  return new StorePlace({ directory: storeDirectory(of.home, of.settings), network, record });
}
