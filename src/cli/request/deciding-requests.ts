import type { Role } from '../../pki/index.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';

/** What `request approve` takes. */
export interface RequestApproveOptions {
  readonly name?: string;
  readonly profile?: Role;
  readonly names?: readonly string[];
}

/** `holdfast request approve ID`: issues, and shows what was issued. */
export async function approveRequest(
  context: Context,
  id: number,
  { name, profile, names }: RequestApproveOptions,
): Promise<void> {
  const { output } = context;
  const chosen = names?.filter((each) => each !== 'none');
  const { approved, certificate } = await withAdmin(context, async (admin) => {
    const request = await admin.call('request.approve', {
      id,
      name,
      profile,
      names: chosen,
    });
    return {
      approved: request,
      certificate: await admin.call('cert.show', { serial: request.serial ?? '' }),
    };
  });
  if (output.json) return output.value({ ...approved, certificate });
  output.row('approved', `request ${id}`, `by ${approved.decidedBy}`);
  output.row('issued', certificate.identity ?? '', certificate.subject);
  if (certificate.names.length > 0) output.row('names', certificate.names.join(', '));
  output.row('serial', certificate.serial);
  output.row('valid', `until ${certificate.notAfter}`);
  output.row('next', 'whoever has the handle collects it: holdfast request collect HANDLE');
}

/** `holdfast request deny ID --reason TEXT` */
export async function denyRequest(context: Context, id: number, reason: string): Promise<void> {
  const denied = await withAdmin(context, (admin) => admin.call('request.deny', { id, reason }));
  if (context.output.json) return context.output.value(denied);
  context.output.row('denied', `request ${id} for ${denied.identity}`, `by ${denied.decidedBy}`);
  context.output.row('reason', denied.reason ?? '');
}
