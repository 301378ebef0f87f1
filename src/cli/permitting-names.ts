import { HoldfastError } from '../base/index.ts';
import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';

/** `holdfast ca permit`: which names may be certified from now on; `none` lifts every restriction. */
export async function permitNames(context: Context, names: readonly string[], none: boolean): Promise<void> {
  const { output } = context;
  if (none === names.length > 0) {
    throw new HoldfastError('usage', 'ca permit needs names, or --none alone', {
      hint: 'holdfast ca permit example.com,10.0.0.0/8',
    });
  }
  const issuer = await withAdmin(context, (admin) => admin.call('ca.permit', { names: [...names] }));
  if (output.json) return output.value(issuer);
  output.row('issuing', issuer.label, `valid to ${issuer.notAfter.slice(0, 10)}`);
  output.row('permitted', issuer.permitted.join(', ') || 'any name');
}
