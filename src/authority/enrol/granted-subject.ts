import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  commonName,
  createSubject,
  formatGeneralName,
  formatName,
  inDerOrder,
  type Name,
  type NameAttribute,
  restateSubject,
} from '../../pki/index.ts';
import { type HostName, parseRequestedNames } from '../../policy/index.ts';
import { describeAttribute, isKnownType, type LeftOut, shown, subjectClass } from './left-out.ts';
import {
  anyForm,
  commonNameInForm,
  hostsIn,
  isQualified,
  type OfRole,
  type Said,
  trimmed,
} from './requested-hosts.ts';

/** What of the subject comes into the certificate, in the forms of RFC 5280; and what of it does not. */
export function grantSubject(
  subject: Name,
  of: OfRole & { readonly names: readonly HostName[]; readonly said: Said },
): { readonly subject: Name; readonly leftOut: readonly LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const granted = subject
    .map((rdn) =>
      rdn.flatMap((attribute) => {
        const found = grantAttribute(attribute, of);
        if ('why' in found) leftOut.push(found);
        return 'why' in found ? [] : [found];
      }),
    )
    .filter(({ length }) => length > 0);
  return { subject: inDerOrder(granted), leftOut };
}

function grantAttribute(
  attribute: NameAttribute,
  { policy, role, names, said: { drop = [] } }: Parameters<typeof grantSubject>[1],
): NameAttribute | LeftOut {
  const leave = (why: string, is: LeftOut['class'] = 'harmless'): LeftOut => ({
    what: describeAttribute(attribute),
    why,
    class: is,
  });
  const { oid, encoding } = attribute;
  if (!isKnownType(oid)) return leave('certificates do not have it', subjectClass(oid));
  if (encoding === 'der') return leave('it is no text');
  const text = formatName([[attribute]]);
  if (drop.some((each) => each === text || each === text.slice(0, text.indexOf('=')))) return leave(dropped);
  const isName = oid === attributeOids.CN && policy.profiles[role].nameKinds.length > 0;
  const value = isName ? commonNameFor(trimmed(attribute.value), { policy, role, names }) : attribute.value;
  if (value === undefined)
    return leave('it could be taken for a host, and is none of the names of the certificate', 'widening');
  return restated({ ...attribute, value }, leave);
}

const dropped = 'it was dropped';

function restated(attribute: NameAttribute, leave: (why: string) => LeftOut): NameAttribute | LeftOut {
  try {
    return restateSubject([[attribute]])[0]?.[0] ?? attribute;
  } catch (error) {
    if (!isHoldfastError(error, 'name_invalid')) throw error;
    return leave(error.message);
  }
}

/**
 * A common name as a server's certificate has it: in the form of the name that it is; as it came when nobody could take it for a
 * host; else undefined. In forms that are no longer written too, `w*.example.com` for example, which some programs still
 * match. @throws HoldfastError `name_not_permitted` where the policy bounds names, and it is none that could be
 */
function commonNameFor(
  cn: string,
  { policy, role, names }: OfRole & { readonly names: readonly HostName[] },
): string | undefined {
  const hosts = hostsIn(cn);
  if (hosts === undefined) {
    if (!isQualified(cn)) return cn;
    const { dnsSuffixes, addressRanges } = policy.profiles[role];
    if (dnsSuffixes.length + addressRanges.length === 0) return undefined;
    throw new HoldfastError(
      'name_not_permitted',
      `the common name ${JSON.stringify(shown(cn))} could be taken for a host: expected a name that is permitted`,
    );
  }
  const known = new Set(names.map(formatGeneralName));
  if (hosts.every((host) => known.has(formatGeneralName(host)))) return commonNameInForm(cn);
  return isQualified(cn) ? undefined : cn;
}

/** The first host name is the common name where none was asked for, and it fits; in the place of one that is left out else the name. */
export function withCommonName(
  subject: Name,
  {
    asked,
    names,
    name,
  }: { readonly asked: Name; readonly names: readonly HostName[]; readonly name: string },
): Name {
  if (commonName(subject) !== undefined) return subject;
  const first = names[0] && parseRequestedNames([names[0].value], anyForm).commonName;
  const CN = first ?? (commonName(asked) === undefined ? undefined : name);
  return CN === undefined ? subject : [...subject, ...createSubject({ CN })];
}
