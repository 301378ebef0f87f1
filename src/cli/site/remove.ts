import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { ownLinks } from './own-links.ts';

/** `holdfast site remove NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('trust a site no more: what it sends is refused from that moment on')
      .argument('<name>', 'as holdfast site list has it')
      .addHelpText('after', '\nExamples:\n  holdfast site remove north\n');
  },
  run: removeSite,
};

/** `holdfast site remove NAME` */
async function removeSite(context: Context, name: string): Promise<Answer> {
  const links = await ownLinks(context);
  const { bundle } = links.partner(name);
  await links.change((state) => ({
    ...state,
    partners: state.partners.filter((each) => each.name !== name),
  }));
  return {
    value: { site: name, root: bundle.root.fingerprint },
    rows: [
      row('removed', name, bundle.root.fingerprint),
      note('the other side goes on trusting this one until it is removed there too'),
    ],
  };
}
