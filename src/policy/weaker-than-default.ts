import { isPostQuantum } from './key-exchange.ts';
import type { ListenerPolicy } from './listener-policy.ts';

/**
 * How a listener is weaker than the default, one sentence for each way, for the log at start, `status` and the console.
 * Empty when it is not.
 */
export function weakerThanDefault(listener: ListenerPolicy): readonly string[] {
  if (listener.kind === 'plain') return [];
  const { name, clientCertificate, minimumVersion, groups, services } = listener;
  const guarded = services.filter((service) => service === 'storage' || service === 'control');
  const findings: string[] = [];
  if (guarded.length > 0 && clientCertificate !== 'require') {
    findings.push(`listener ${name} offers ${guarded.join(' and ')} without requiring a client certificate`);
  }
  if (minimumVersion !== 'TLSv1.3') {
    findings.push(`listener ${name} accepts ${minimumVersion}; the default is TLSv1.3`);
  }
  if (groups[0] === undefined || !isPostQuantum(groups[0])) {
    findings.push(
      `listener ${name} does not prefer a post-quantum key exchange; its first group is ${groups[0]}`,
    );
  }
  return findings;
}
