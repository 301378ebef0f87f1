import { openOrCreateKeystore } from '../../agent/index.ts';
import { listenersOf } from '../../policy/index.ts';
import { bindingName, bindingTarget, hostsOf, unbindCertificate } from '../../server/index.ts';
import { withAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { addRules, exactlyOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { serverSettings } from './bind.ts';

/** `holdfast tls unbind --host NAME | --listener NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, exactlyOne('--host', '--listener'));
    command
      .description("show the network's own certificate again, and have clients forget the roots")
      .option('--host <name>', 'for this host name')
      .option('--listener <name>', 'for this listener')
      .addHelpText('after', '\nExample:\n  holdfast tls unbind --host vault.example\n');
  },
  run: unbind,
};

/** `holdfast tls unbind` */
async function unbind(
  context: Context,
  said: { readonly host?: string | undefined; readonly listener?: string | undefined },
): Promise<Answer> {
  const home = await openHome(context.home);
  const settings = await serverSettings(home);
  const target = bindingTarget(said, listenersOf(settings));
  const name = bindingName(target);
  await unbindCertificate(await openOrCreateKeystore(home.node), target, (leaf) =>
    withAdmin(context, async (admin) => {
      await admin.call('tls.unbind', { target: name, hosts: hostsOf(target, leaf, settings.names) });
    }),
  );
  return { value: target, rows: [row('unbound', name, "the network's own certificate is shown again")] };
}
