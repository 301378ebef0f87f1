import { HoldfastError } from '../base/index.ts';
import {
  createSubject,
  type GeneralName,
  isHostName,
  type KeyAlgorithm,
  type Name,
  parseIpAddress,
  type Role,
  type SubjectAttributes,
} from '../pki/index.ts';
import { parseRequestedNames } from '../policy/index.ts';

/** What a request is to say, as somebody typed it; what is empty was left out. */
export interface RequestFields {
  readonly friendlyName?: string;
  readonly key?: string;
  readonly o?: string;
  readonly ou?: string;
  readonly cn?: string;
  readonly c?: string;
  readonly st?: string;
  readonly l?: string;
  readonly email?: string;
  readonly names?: readonly string[];
  /** The role it is for, where that is known: clients and people have no host names. */
  readonly profile?: Role;
}

/** A request that can be made. */
export interface RequestDraft {
  readonly friendlyName: string;
  readonly keyAlgorithm: KeyAlgorithm;
  readonly subject: Name;
  readonly names: readonly GeneralName[];
}

/** The kinds of keys, as they are typed, and what they are called. */
export const keyKinds: Readonly<Record<KeyAlgorithm, string>> = {
  p256: 'P-256',
  p384: 'P-384',
  p521: 'P-521',
  ed25519: 'Ed25519',
  rsa2048: 'RSA 2048',
  rsa3072: 'RSA 3072',
  rsa4096: 'RSA 4096',
};

const minRsaBits = 2048;
const maxFriendlyName = 64;

/**
 * Checks what was typed, field by field, before anything is made.
 * @throws HoldfastError `name_invalid` naming the field, `key_weak` for a key that is too small, `usage` for no such kind
 */
export function parseDraft(fields: RequestFields): RequestDraft {
  const hasNames = fields.profile !== 'client' && fields.profile !== 'admin';
  const texts = fields.names ?? (hasNames ? hostNamesIn(fields.cn ?? '') : []);
  const { names, commonName } = parseRequestedNames(texts.filter((text) => text.trim() !== ''));
  const cn = fields.cn ?? commonName ?? '';
  return {
    keyAlgorithm: parseKeyKind(fields.key ?? 'p256'),
    subject: parseSubject({ ...fields, cn }),
    names,
    friendlyName: parseFriendlyName(fields.friendlyName ?? cn),
  };
}

/** A common name that is a host name stands among the names too: nobody looks for it in the subject any more (RFC 9525 §6). */
function hostNamesIn(commonName: string): string[] {
  const host = commonName.replace(/^\*\./, '');
  return isHostName(host) || parseIpAddress(host) !== undefined ? [commonName] : [];
}

/** The subject that the fields ask for; a common name has to be among them. @throws HoldfastError `name_invalid` */
export function parseSubject({ c, st, l, o, ou, cn = '', email }: RequestFields): Name {
  const typed = { C: c, ST: st, L: l, O: o, OU: ou, emailAddress: email };
  const given = Object.entries(typed).filter(([, value]) => value !== undefined && value.trim() !== '');
  return createSubject({ ...(Object.fromEntries(given) as SubjectAttributes), CN: cn });
}

/** A kind of key by the word for it. @throws HoldfastError `key_weak`, `usage` */
export function parseKeyKind(text: string): KeyAlgorithm {
  const word = text.trim().toLowerCase();
  if (Object.hasOwn(keyKinds, word)) return word as KeyAlgorithm;
  const kinds = `expected ${Object.keys(keyKinds).join(', ')}`;
  const bits = Number(/^rsa[- ]?(\d+)$/.exec(word)?.[1] ?? minRsaBits);
  if (bits < minRsaBits)
    throw new HoldfastError('key_weak', `key: RSA with ${bits} bits is too small, ${kinds}`);
  throw new HoldfastError('usage', `key: there is no kind ${JSON.stringify(text)}, ${kinds}`, {
    hint: 'holdfast request create --key p256',
  });
}

/** What people call a request: text on one line. @throws HoldfastError `name_invalid` */
export function parseFriendlyName(text: string): string {
  const name = text.trim();
  if (name.length > 0 && name.length <= maxFriendlyName && !/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return name;
  throw new HoldfastError(
    'name_invalid',
    `friendly name ${JSON.stringify(text.slice(0, 80))}: expected text of 1 to ${maxFriendlyName} characters`,
    { hint: 'choose one with --friendly-name' },
  );
}
