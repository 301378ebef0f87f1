import { type Node, rewriteExports } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { formatName, parseCertificate } from '../../pki/index.ts';
import { parseRequestedNames } from '../../policy/index.ts';
import { type TrustAnchor, trustAnchor } from '../../trust/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { shortFingerprint } from '../terminal/format.ts';

/** `holdfast trust add`: a root that is believed for one server name. */
export async function addTrust(
  context: Context,
  { server, file }: { readonly server: string; readonly file: string },
): Promise<void> {
  const names = [serverName(server)];
  const roots = await readCertificates(localPath(context.workingDirectory, file));
  const node = await nodeOf(context);
  const anchors = roots.map((root) => trustAnchor(root, { kind: 'server', names }));
  const added = anchors.filter((each) => !isKnown(node, each, names[0]));
  await keepTrust(context, node, [...node.localAnchors, ...added]);
  sayAnchors(
    context,
    anchors.map((anchor) => viewOf(anchor, 'this machine')),
  );
}

/** `holdfast trust list` */
export async function listTrust(context: Context): Promise<void> {
  const node = await nodeOf(context);
  const local = new Set(node.localAnchors);
  sayAnchors(
    context,
    node.bundle.current.anchors.map((anchor) =>
      viewOf(anchor, local.has(anchor) ? 'this machine' : 'the network'),
    ),
  );
}

/** `holdfast trust remove` */
export async function removeTrust(context: Context, { server }: { readonly server: string }): Promise<void> {
  const node = await nodeOf(context);
  const name = serverName(server);
  const left = node.localAnchors.filter((anchor) => !isFor(anchor, name));
  if (left.length === node.localAnchors.length) {
    throw new HoldfastError('object_not_found', `no root was added on this machine for ${name}`, {
      hint: 'holdfast trust list shows them; what the network says is changed at its server: holdfast tls unbind',
    });
  }
  await keepTrust(context, node, left);
  if (context.output.json) return context.output.value({ removed: name });
  context.output.row('removed', name);
}

/** What other programs were given follows at once. */
async function keepTrust({ output }: Context, node: Node, anchors: readonly TrustAnchor[]): Promise<void> {
  await node.keepLocalTrust(anchors);
  for (const { directory, cause } of await rewriteExports(node))
    output.warn(
      `${directory} says still what was believed before: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
}

async function nodeOf(context: Context): Promise<Node> {
  return (await openOwnNode(context)).node;
}

function serverName(text: string): string {
  const [name, ...others] = parseRequestedNames([text]).names;
  if (name !== undefined && others.length === 0 && !name.value.startsWith('*.')) return name.value;
  throw new HoldfastError('name_invalid', `--server ${text}: expected one host name or address`);
}

function isFor({ speaksFor }: TrustAnchor, name: string): boolean {
  return speaksFor.kind === 'server' && speaksFor.names.includes(name);
}

function isKnown({ localAnchors }: Node, { fingerprint }: TrustAnchor, name = ''): boolean {
  return localAnchors.some((anchor) => anchor.fingerprint === fingerprint && isFor(anchor, name));
}

interface AnchorView {
  readonly subject: string;
  readonly fingerprint: string;
  readonly speaksFor: string;
  readonly from: string;
}

function viewOf({ certificate, fingerprint, speaksFor }: TrustAnchor, from: string): AnchorView {
  const whom = speaksFor.kind === 'network' ? `network ${speaksFor.network}` : speaksFor.names.join(', ');
  return { subject: formatName(parseCertificate(certificate).subject), fingerprint, speaksFor: whom, from };
}

function sayAnchors({ output }: Context, views: readonly AnchorView[]): void {
  if (output.json) return output.value(views);
  const columns = [
    { heading: 'Believed for', shrink: true },
    { heading: 'Root', shrink: true },
    { heading: 'Fingerprint' },
    { heading: 'Said by' },
  ];
  output.table(
    columns,
    views.map(({ speaksFor, subject, fingerprint, from }) => [
      speaksFor,
      subject,
      shortFingerprint(fingerprint),
      from,
    ]),
  );
}
