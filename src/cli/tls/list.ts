import { describeCertificate } from '../../admin/index.ts';
import { findKeystore } from '../../agent/index.ts';
import { type Bytes } from '../../base/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import { describeBinding, readBindings } from '../../server/index.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row, table } from '../terminal/answer.ts';
import { formatRemaining, shortFingerprint } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast tls list` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'list the certificates from elsewhere that are shown, and the roots by which clients take them',
      )
      .addHelpText('after', '\nExamples:\n  holdfast tls list\n  holdfast tls list --json\n');
  },
  run: listBindings,
};

/** `holdfast tls list` */
async function listBindings(context: Context): Promise<Answer> {
  const { clock } = context;
  const home = await openHome(context.home);
  const roots = await askAdmin(context, (admin) => admin.call('tls.list', {}));
  const keystore = await findKeystore(home.node);
  const bound = keystore === undefined ? [] : readBindings(keystore);
  const bindings = bound.map(({ target, credentials }) => {
    const leaf = parseCertificate(credentials.chain[0] as Bytes);
    return { ...target, ...describeCertificate(leaf, clock.now()) };
  });
  const columns = [
    { heading: 'Shown for' },
    { heading: 'Subject', shrink: true },
    { heading: 'Issuer', shrink: true },
    { heading: 'Valid for' },
  ];
  const cells = bindings.map(({ kind, name, subject, issuer, notAfter }) => [
    describeBinding({ kind, name }),
    subject,
    issuer,
    formatRemaining(new Date(notAfter).getTime() - clock.now()),
  ]);
  const none = "nothing is bound: the server's own certificate is shown everywhere";
  const clients = roots.map(({ host, subject, fingerprint }) =>
    row('clients', `believe for ${host}`, subject, shortFingerprint(fingerprint)),
  );
  const isForAll = bindings.some(({ kind, name }) => describeBinding({ kind, name }) === 'every listener');
  const others = isForAll ? 'are shown that of every listener' : "are shown the server's own certificate";
  const rest = bindings.length === 0 ? [] : [row('all others', others)];
  return { value: { bindings, roots }, rows: [table(columns, cells, none), ...rest, ...clients] };
}
