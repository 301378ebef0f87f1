import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';

/** `holdfast ca permit`: which names may be certified from now on; none of them lifts every restriction. */
export async function permitNames(context: Context, names: readonly string[]): Promise<void> {
  const { output } = context;
  const issuer = await withAdmin(context, (admin) => admin.call('ca.permit', { names: [...names] }));
  if (output.json) return output.value(issuer);
  output.row('issuing', issuer.label, `valid to ${issuer.notAfter.slice(0, 10)}`);
  output.row('permitted', issuer.permitted.join(', ') || 'any name');
}
