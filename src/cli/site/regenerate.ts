import { regenerateSite } from '../../sync/index.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { ownLinks } from './own-links.ts';

/** `holdfast site regenerate` */
export const word: Word = {
  define: (command) => {
    command
      .description('make the keys of this site anew, and tell the sites that can be reached')
      .addHelpText('after', examples);
  },
  run: regenerate,
};

const examples = `
Sites that can be reached follow over the link that is still valid; the old keys are gone then, and refused there from that moment on.
Those that could not be reached are listed: bring them the files of holdfast site export DIR. Ended in the middle, it goes on when it is
said again.

Examples:
  holdfast site regenerate
`;

/** `holdfast site regenerate` */
async function regenerate(context: Context): Promise<Answer> {
  const { clock, signal } = context;
  const { links, told, byHand } = await regenerateSite(await ownLinks(context), { clock, signal });
  const { root, sequence, site } = links.own;
  return {
    value: { site, root: root.fingerprint, sequence, told, byHand },
    rows: [
      row('site', site, `number ${sequence}`),
      row('root', root.fingerprint),
      ...told.map((name) => row('told', name)),
      ...byHand.map(({ site: name, why }) =>
        warning(`${name} could not be told: ${why}; bring it the files of holdfast site export DIR`),
      ),
      ...(told.length + byHand.length === 0 ? [note('no site is trusted here that had to be told')] : []),
    ],
  };
}
