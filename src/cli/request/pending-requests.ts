import { describeCertificate } from '../../admin/index.ts';
import {
  completePending,
  findKeystore,
  forgetPending,
  listPending,
  openOrCreateKeystore,
  type PendingRequest,
} from '../../agent/index.ts';
import { formatName, parseCertificate, parseCertificateRequest, signed } from '../../pki/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { printable } from '../terminal/table.ts';
import { askAfter, type Fate, nextOfFate } from './asking-after-requests.ts';

/** `holdfast request pending`: the requests of this machine whose keys wait for a certificate, and what became of them. */
export async function showPending(context: Context, { forget }: { readonly forget?: string }): Promise<void> {
  const { output } = context;
  const { node } = await openHome(context.home);
  if (forget !== undefined) {
    await forgetPending(await openOrCreateKeystore(node), forget);
    return output.json ? output.value({ forgotten: forget }) : output.row('forgotten', forget, 'key and all');
  }
  const keystore = await findKeystore(node);
  const waiting = keystore === undefined ? [] : listPending(keystore);
  const pending = await Promise.all(waiting.map((each) => describePending(context, each)));
  if (output.json) return output.value(pending);
  sayPending(context, pending);
}

/** A request of this machine, and what became of it. */
type PendingView = Fate & {
  readonly friendlyName: string;
  readonly subject: string;
  readonly created: string;
  readonly server: string | undefined;
  readonly handle: string | undefined;
};

async function describePending(context: Context, pending: PendingRequest): Promise<PendingView> {
  const { name, request, createdAt, submitted } = pending;
  return {
    friendlyName: name,
    subject: formatName(parseCertificateRequest(request).subject),
    created: createdAt.toISOString(),
    server: submitted?.server,
    handle: submitted?.handle,
    ...(await askAfter(context, pending)),
  };
}

function sayPending({ output }: Context, pending: readonly PendingView[]): void {
  const columns = [
    { heading: 'Friendly name', shrink: true },
    { heading: 'Subject', shrink: true },
    { heading: 'Made' },
    { heading: 'Sent to', shrink: true },
    { heading: 'State' },
  ];
  output.table(
    columns,
    pending.map(({ friendlyName, subject, created, server = '', state }) => [
      friendlyName,
      subject,
      created.slice(0, 10),
      server,
      state,
    ]),
    'no request of this machine waits for its certificate',
  );
  for (const one of pending) {
    const next = nextOfFate(one.friendlyName, one);
    if (next !== undefined) output.say(`  ${printable(next)}`);
  }
}

/** `holdfast request complete FILE`: pairs what the authority sent with the key that waits for it. */
export async function completeRequest(context: Context, file: string): Promise<void> {
  const { output, clock } = context;
  const certificates = await readCertificates(localPath(context.workingDirectory, file));
  const keystore = await openOrCreateKeystore((await openHome(context.home)).node);
  const { name, chain } = await completePending(keystore, certificates);
  const leaf = parseCertificate(chain[0] as Uint8Array);
  const view = describeCertificate(leaf, clock.now());
  if (view.state !== 'valid')
    output.warn(`the certificate is ${view.state}: ${view.notBefore} to ${view.notAfter}`);
  if (output.json) return output.value({ friendlyName: name, ...view, certificates: chain.length });
  output.row('completed', name, view.subject, `of ${view.issuer}`);
  output.row('valid', `${view.notBefore} to ${view.notAfter}`);
  if (!certificates.some((der) => signed(parseCertificate(der), leaf)))
    output.warn('no issuing certificate is in the file: clients that do not have it will find no path');
  output.row('next', `holdfast tls bind ${file} --host NAME`);
}
