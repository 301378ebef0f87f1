import { type Node } from '../../agent/index.ts';
import { type TrustAnchor, trustAnchor } from '../../trust/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { anchorsAnswer, viewOf } from './list.ts';
import { isFor, keepTrust, serverName } from './local-trust.ts';

/** `holdfast trust add --server NAME --file FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('believe a root from elsewhere for one server name, on this machine; kept across renewals')
      .requiredOption('--server <name>', 'the host name or address that the server is called by')
      .requiredOption('--file <file>', 'the root: PEM, DER or PKCS#7')
      .addHelpText(
        'after',
        '\nExample:\n  holdfast trust add --server vault.example --file outside-root.pem\n',
      );
  },
  run: addTrust,
};

/** `holdfast trust add`: a root that is believed for one server name. */
async function addTrust(
  context: Context,
  { server, file }: { readonly server: string; readonly file: string },
): Promise<Answer> {
  const names = [serverName(server)];
  const roots = await readCertificates(localPath(context.workingDirectory, file));
  const { node } = await openOwnNode(context);
  const anchors = roots.map((root) => trustAnchor(root, { kind: 'server', names }));
  const added = anchors.filter((each) => !isKnown(node, each, names[0]));
  await keepTrust(context, node, [...node.localAnchors, ...added]);
  return anchorsAnswer(anchors.map((anchor) => viewOf(anchor, 'this machine')));
}

function isKnown({ localAnchors }: Node, { fingerprint }: TrustAnchor, name = ''): boolean {
  return localAnchors.some((anchor) => anchor.fingerprint === fingerprint && isFor(anchor, name));
}
