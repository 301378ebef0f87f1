import { defaultPolicyText, type PolicyDifference, policyEntries } from '../../../policy/index.ts';
import { policyOnRecord } from '../../records/index.ts';
import type { LogRecord } from '../log-record.ts';
import type { Claims } from './claims.ts';

/** The policy: every key has the value that it was given last, or the one that it began with. */
export function policyClaims(): Claims {
  const values = new Map<string, string>();
  let isLost = false;
  return {
    note(record) {
      for (const { key, after } of changesIn(record)) values.set(key, after);
      if (record.kind === 'restored' && 'policy changed' in record.details.lost) isLost = true;
    },
    async compare(records) {
      const text = await records.policy.read();
      if (isLost) return [];
      const entries = policyEntries(policyOnRecord(text));
      const present = new Set(entries.map(({ key }) => key));
      const gone = [...values].filter(
        ([key, value]) =>
          key.startsWith('listeners.') && !present.has(key) && value !== defaultPolicyText(key),
      );
      return [
        ...entries
          .filter(({ key, text, isDefault }) => (values.has(key) ? values.get(key) !== text : !isDefault))
          .map(
            ({ key, text }) =>
              `the policy has ${key} ${text}, and was given ${values.get(key) ?? 'no such value'}`,
          ),
        ...gone.map(([key, value]) => `the policy was given ${key} ${value}, and has no such key`),
      ];
    },
  };
}

function changesIn({ kind, details }: LogRecord): readonly PolicyDifference[] {
  return kind === 'policy changed' ? details.changes : [];
}
