import { isHoldfastError } from '../../base/index.ts';
import type { Concern } from '../../notice/index.ts';
import { Keystore } from '../../trust/index.ts';
import type { Home } from '../home/home.ts';

/** What needs attention about the links of a home; nothing where it is no site. */
export async function ownLinkConcerns(
  { links: directory }: Pick<Home, 'links'>,
  nowMs: number,
): Promise<readonly Concern[]> {
  try {
    if (!(await Keystore.exists(directory))) return [];
    // Most machines are no site, and load nothing of this.
    const { linkConcerns, Links } = await import('../../sync/index.ts');
    const links = await Links.find(directory);
    return links === undefined ? [] : linkConcerns(links, nowMs);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [{ subject: 'links to other sites', state: 'damaged', text: error.message }];
  }
}
