import { resolve } from 'node:path';
import { crlPem, parseCrl } from '../pki/index.ts';
import { withAdmin } from './administering.ts';
import { writeChosenFile } from './chosen-file.ts';
import type { Context } from './context.ts';
import { formatTime, plural } from './format.ts';

/** What `ca crl` takes. */
export interface CrlOptions {
  readonly out?: string;
  readonly pem?: boolean;
}

/** `holdfast ca crl`: all lists, or one of them to look at or for a file, which is readable for everybody. */
export async function showCrl(
  context: Context,
  label: string | undefined,
  options: CrlOptions,
): Promise<void> {
  const { out, pem = false } = options;
  if (label === undefined && out === undefined && !pem) return await listCrls(context);
  const { crl, ...view } = await withAdmin(context, (admin) =>
    admin.call('ca.crl', label === undefined ? {} : { label }),
  );
  const der = Uint8Array.from(Buffer.from(crl, 'base64'));
  const { output } = context;
  if (out === undefined && pem && !output.json) return output.data(crlPem(der).trimEnd());
  const revoked = parseCrl(der).revoked.size;
  const file = out === undefined ? undefined : resolve(context.workingDirectory, out);
  if (file !== undefined)
    await writeChosenFile(file, pem ? crlPem(der) : der, { mode: 0o644, replace: true });
  if (output.json) return output.value({ ...view, revoked, ...(file !== undefined && { file }) });
  output.row('list', view.label, `number ${view.number}`, plural(revoked, 'certificate'));
  output.row('signed', formatTime(new Date(view.signedAt)));
  output.row('next', formatTime(new Date(view.nextUpdate)));
  if (file !== undefined) output.row('written', file);
}

async function listCrls(context: Context): Promise<void> {
  const { output } = context;
  const lists = await withAdmin(context, (admin) => admin.call('ca.crls', {}));
  if (output.json) return output.value(lists);
  output.table(
    [
      { heading: 'Issuer' },
      { heading: 'Number', align: 'right' },
      { heading: 'Signed' },
      { heading: 'Next' },
    ],
    lists.map(({ label, number, signedAt, nextUpdate }) => [
      label,
      String(number),
      formatTime(new Date(signedAt)),
      formatTime(new Date(nextUpdate)),
    ]),
  );
}
