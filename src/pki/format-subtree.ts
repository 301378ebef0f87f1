import { toHex } from '../base/index.ts';
import { formatIpAddress } from './ip-address.ts';
import type { GeneralSubtree } from './name-constraints.ts';
import { formatName } from './name-match.ts';

/** A name constraint for people: `DNS:example.com`, `IP:10.0.0.0/8`, and `DNS:any` for a base that every name is below. */
export function formatSubtree(subtree: GeneralSubtree): string {
  switch (subtree.kind) {
    case 'dns':
    case 'email':
    case 'uri':
      return `${prefixes[subtree.kind]}:${subtree.value === '' ? 'any' : subtree.value}`;
    case 'ip':
      return `IP:${formatIpAddress(subtree.value.address)}/${subtree.value.prefixBits}`;
    case 'directory':
      return `directory:${formatName(subtree.value)}`;
    case 'other':
      return `other:${toHex(subtree.der)}`;
  }
}

const prefixes = { dns: 'DNS', email: 'email', uri: 'URI' } as const;
