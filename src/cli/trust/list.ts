import { formatName, parseCertificate } from '../../pki/index.ts';
import { type TrustAnchor } from '../../trust/index.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { shortFingerprint } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast trust list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the roots that this machine believes, for whom, and who said so')
      .addHelpText('after', '\nExamples:\n  holdfast trust list\n  holdfast trust list --json\n');
  },
  run: listTrust,
};

/** `holdfast trust list` */
async function listTrust(context: Context): Promise<Answer> {
  const { node } = await openOwnNode(context);
  const local = new Set(node.localAnchors);
  return anchorsAnswer(
    node.bundle.current.anchors.map((anchor) =>
      viewOf(anchor, local.has(anchor) ? 'this machine' : 'the network'),
    ),
  );
}

/** A root, and for whom it is believed. */
export interface AnchorView {
  readonly subject: string;
  readonly fingerprint: string;
  readonly speaksFor: string;
  readonly from: string;
}

/** `anchor`, which `from` said. */
export function viewOf({ certificate, fingerprint, speaksFor }: TrustAnchor, from: string): AnchorView {
  const whom = speaksFor.kind === 'network' ? `network ${speaksFor.network}` : speaksFor.names.join(', ');
  return { subject: formatName(parseCertificate(certificate).subject), fingerprint, speaksFor: whom, from };
}

/** Roots that this machine believes, as a command shows them. */
export function anchorsAnswer(views: readonly AnchorView[]): Answer {
  const columns = [
    { heading: 'Believed for', shrink: true },
    { heading: 'Root', shrink: true },
    { heading: 'Fingerprint' },
    { heading: 'Said by' },
  ];
  const cells = views.map(({ speaksFor, subject, fingerprint, from }) => [
    speaksFor,
    subject,
    shortFingerprint(fingerprint),
    from,
  ]);
  return { value: views, rows: [table(columns, cells)] };
}
