import {
  attributeOids,
  type Certificate,
  createName,
  isHostName,
  type Name,
  type NameAttribute,
} from '../../pki/index.ts';
import type { ProfilePolicy } from '../../policy/index.ts';
import { identityLabel } from '../records/identity-label.ts';
import type { Authorisation } from './authorisation.ts';

/** RFC 5280 Appendix A.1, ub-common-name. */
const maxCommonNameLength = 64;

/** The subject of a node's certificate below `issuing`: by its profile what was authorised, or the identity's name alone. */
export function leafSubject(
  { extensions }: Certificate,
  authorisation: Authorisation,
  profile: ProfilePolicy,
): Name {
  const subject = profile.subject === 'name' ? undefined : authorisation.subject;
  const wanted = subject ?? createName({ CN: authorisation.identity.name });
  const isConstrained = extensions.nameConstraints !== undefined;
  return isConstrained && !profile.extendedKeyUsage.includes('serverAuth')
    ? withoutHostName(wanted, identityLabel(authorisation.identity))
    : wanted;
}

/**
 * Java judges a common name that could be a host's by the constraints on hosts, also in the certificate of a client
 * that has none: `client/laptop` in the place of `laptop` cannot be taken for one.
 */
function withoutHostName(subject: Name, label: string): Name {
  const isHost = ({ oid, value }: NameAttribute): boolean => oid === attributeOids.CN && isHostName(value);
  if (!subject.flat().some(isHost)) return subject;
  const others = subject
    .map((rdn) => rdn.filter((attribute) => !isHost(attribute)))
    .filter(({ length }) => length > 0);
  return label.length > maxCommonNameLength ? others : [...others, ...createName({ CN: label })];
}
